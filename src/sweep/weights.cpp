#include "titrate/sweep/weights.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/version.hpp"
#include "titrate/net/parameters.hpp"
#include "titrate/study/network.hpp"
#include "titrate/study/study.hpp"
#include "titrate/train/safetensors.hpp"

namespace titrate::sweep {
namespace {

using Json = nlohmann::ordered_json;

net::Network network_of(const KeptWeights& weights) {
  return study::make_network(weights.settings.network, weights.image, weights.class_names.size());
}

net::ParameterLayout layout_of(const KeptWeights& weights) {
  return net::parameter_layout(network_of(weights));
}

Json about(const KeptWeights& weights) {
  const net::Network network = network_of(weights);
  std::vector<std::string> layers;
  for (const net::Layer& layer : network.layers) layers.push_back(net::to_text(layer));
  return {{"trial", weights.trial},
          {"version", version()},
          {"settings", Json::parse(canonical(weights.settings))},
          {"fingerprint", weights.fingerprint},
          {"class_names", weights.class_names},
          {"image", {weights.image.height, weights.image.width, weights.image.channels}},
          {"input", {network.input.channels, network.input.height, network.input.width}},
          {"layers", layers},
          {"steps", weights.steps},
          {"standardisation",
           {{"table", weights.standardisation.table},
            {"mean", weights.standardisation.mean},
            {"scale", weights.standardisation.scale}}}};
}

KeptWeights read_about(const Json& json, const std::string& where) {
  const Json &image = json.at("image"), &standardisation = json.at("standardisation");
  return {.trial = json.at("trial"),
          .settings = study::parse_settings(json.at("settings").dump(), where),
          .fingerprint = json.at("fingerprint"),
          .class_names = json.at("class_names"),
          .image = {.height = image.at(0), .width = image.at(1), .channels = image.at(2)},
          .standardisation = {.table = standardisation.at("table"),
                              .mean = standardisation.at("mean"),
                              .scale = standardisation.at("scale")},
          .steps = json.at("steps")};
}

void add_arrays(const std::vector<net::ParameterTensor>& tensors, const std::vector<float>& flat,
                std::vector<train::NamedArray>& arrays) {
  for (const net::ParameterTensor& tensor : tensors) {
    arrays.push_back({.name = tensor.name,
                      .type = "F32",
                      .shape = tensor.dimensions,
                      .bytes = std::as_bytes(std::span(flat).subspan(tensor.offset, tensor.count))});
  }
}

std::vector<float> read_arrays(const std::vector<net::ParameterTensor>& tensors, std::size_t floats,
                               const train::SafeTensors& file) {
  std::vector<float> flat(floats);
  for (const net::ParameterTensor& tensor : tensors) {
    const std::vector<float> values = file.floats(tensor.name, tensor.count);
    std::copy(values.begin(), values.end(), flat.begin() + static_cast<std::ptrdiff_t>(tensor.offset));
  }
  return flat;
}

// The validation loss of the weights that were tested.
double validation_loss(const study::TrialRecord& record) {
  const study::TrialOutcome& outcome = record.outcome;
  const std::size_t epoch = record.settings.train.best_weights ? outcome.best_epoch : outcome.epochs.size();
  return outcome.epochs.at(epoch - 1).validation_loss.value();
}

}  // namespace

train::TrialSetup test_setup(const KeptWeights& weights) {
  return {.network = network_of(weights),
          .train = weights.settings.train,
          .denoise = data::parse_denoise(weights.settings.data.denoise, "data.denoise"),
          .seed = weights.settings.seed};
}

std::filesystem::path weights_file(const std::filesystem::path& run_folder, const std::string& trial) {
  return run_folder / "weights" / (trial + ".safetensors");
}

std::string encode_weights(const KeptWeights& weights) {
  const net::ParameterLayout layout = layout_of(weights);
  std::vector<train::NamedArray> arrays;
  add_arrays(layout.tensors, weights.model.parameters, arrays);
  add_arrays(layout.running, weights.model.running, arrays);
  const auto steps = static_cast<std::int64_t>(weights.steps);
  for (const net::ParameterTensor& tensor : layout.running) {
    if (tensor.role != net::Role::running_mean) continue;
    // PyTorch's BatchNorm has it, and load_state_dict misses it.
    const std::string name = tensor.name.substr(0, tensor.name.rfind('.')) + ".num_batches_tracked";
    arrays.push_back({.name = name, .type = "I64", .bytes = std::as_bytes(std::span(&steps, 1))});
  }
  return train::write_safetensors(arrays, {{"format", "pt"}, {"titrate", about(weights).dump()}});
}

KeptWeights read_weights(const std::filesystem::path& path) {
  const std::string bytes = read_text(path);
  const train::SafeTensors file = train::parse_safetensors(bytes, path.string());
  try {
    KeptWeights weights = read_about(Json::parse(file.metadata.at("titrate")), path.string());
    const net::ParameterLayout layout = layout_of(weights);
    weights.model.parameters = read_arrays(layout.tensors, layout.floats, file);
    weights.model.running = read_arrays(layout.running, layout.running_floats, file);
    return weights;
  } catch (const std::exception& error) {
    throw Error({.code = ErrorCode::integrity,
                 .where = path.string(),
                 .what = "no weights of titrate",
                 .got = error.what()});
  }
}

std::size_t keep_best(const std::filesystem::path& run_folder,
                      std::span<const study::TrialRecord* const> records) {
  struct Best {
    const study::TrialRecord *of_all = nullptr, *of_kept = nullptr;
  };
  const auto lead = [](const study::TrialRecord*& leader, const study::TrialRecord& record) {
    if (leader == nullptr || validation_loss(record) < validation_loss(*leader)) leader = &record;
  };
  std::error_code ignored;
  std::map<std::string, Best> cells;
  for (const study::TrialRecord* const candidate : records) {
    const study::TrialRecord& record = *candidate;
    if (record.status != study::Status::done || record.settings.train.validation_fraction == 0) continue;
    Best& best = cells[cell_key(record.settings)];
    lead(best.of_all, record);
    if (std::filesystem::exists(weights_file(run_folder, record.trial), ignored)) lead(best.of_kept, record);
  }
  for (const study::TrialRecord* const candidate : records) {
    const study::TrialRecord& record = *candidate;
    const auto place = cells.find(cell_key(record.settings));
    if (place != cells.end() && place->second.of_kept != &record)
      std::filesystem::remove(weights_file(run_folder, record.trial), ignored);
  }
  return static_cast<std::size_t>(std::count_if(cells.begin(), cells.end(), [](const auto& cell) {
    return cell.second.of_all != cell.second.of_kept;
  }));
}

}  // namespace titrate::sweep
