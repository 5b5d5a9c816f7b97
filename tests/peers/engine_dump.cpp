// What the engine computes for one batch, in files that another framework can be held against.
//
//   engine_dump ENGINE_LIBRARY NETWORK MICRO_BATCHES OUT_FOLDER
//
// OUT_FOLDER gets images.bin (as the network sees them), initial.bin, gradients.bin and after.bin (parameters
// after the step): raw float32, flat as net::parameter_layout; and step.json: the layout, labels, sample ids,
// loss and correct, and what the step's random numbers are keyed by.
#include <nlohmann/json.hpp>

#include "support/make_dataset.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/net/zoo.hpp"
#include "titrate/train/engine.hpp"
#include "titrate/train/model.hpp"

namespace titrate {
namespace {

constexpr std::uint32_t kClasses = 10, kBatchSize = 50, kEpoch = 3;
constexpr std::uint64_t kSeed = 11;
constexpr double kLearningRate = 0.05;

void write_floats(const std::filesystem::path& path, std::span<const float> values) {
  write_file(path, std::as_bytes(values));
}

nlohmann::json layout_json(const net::Network& network) {
  nlohmann::json list = nlohmann::json::array();
  for (const net::ParameterTensor& tensor : net::parameter_layout(network).tensors) {
    list.push_back({{"name", tensor.name},
                    {"dimensions", tensor.dimensions},
                    {"offset", tensor.offset},
                    {"count", tensor.count}});
  }
  return list;
}

int run(int argc, char** argv) {
  if (argc != 5)
    throw std::runtime_error("usage: engine_dump ENGINE_LIBRARY NETWORK MICRO_BATCHES OUT_FOLDER");
  const std::filesystem::path out = argv[4];
  const test::LoadedDataset dataset = test::make_dataset(
      test::random_content({28, 28, 1}, std::vector<test::ClassSize>(kClasses, {.real = 20})));
  const net::Network network = net::make_network(argv[2], {1, 28, 28}, kClasses);
  const std::vector<float> initial = train::initial_parameters(net::parameter_layout(network), kSeed);
  const auto engine = train::EngineLibrary(argv[1]).make(
      {.dataset = &*dataset,
       .network = network,
       .train = {.batch_size = kBatchSize,
                 .learning_rate = kLearningRate,
                 .momentum = 0.5,
                 .micro_batches = static_cast<std::uint32_t>(std::stoul(argv[3]))},
       .seed = kSeed,
       .initial_parameters = initial});
  const data::Pipeline pipeline =
      data::make_pipeline(dataset->manifest(), {.kind = image::NoiseKind::gaussian, .level = 0.1}, kSeed);

  const auto rows = dataset->rows_of(data::Split::train);
  const auto batch = std::span(rows).subspan(7, kBatchSize);
  std::vector<float> images(kBatchSize * dataset->shape().bytes());
  std::vector<std::int64_t> labels(kBatchSize);
  data::fill_batch(*dataset, pipeline, batch, images, labels);
  engine->train_step(batch, kEpoch, pipeline);
  const std::vector<float> gradients = engine->gradients(), after = engine->parameters();
  const train::EpochSums sums = engine->finish_epoch();

  write_floats(out / "images.bin", images);
  write_floats(out / "initial.bin", initial);
  write_floats(out / "gradients.bin", gradients);
  write_floats(out / "after.bin", after);
  std::vector<std::uint64_t> samples;
  for (const std::uint32_t row : batch) samples.push_back(dataset->catalog().sample_id[row]);
  const nlohmann::json step{{"layout", layout_json(network)},
                            {"labels", labels},
                            {"sample_ids", samples},
                            {"seed", kSeed},
                            {"epoch", kEpoch},
                            {"learning_rate", kLearningRate},
                            {"loss_sum", sums.loss},
                            {"correct", sums.correct},
                            {"images", sums.images}};
  write_file(out / "step.json", step.dump(1) + "\n");
  return 0;
}

}  // namespace
}  // namespace titrate

int main(int argc, char** argv) { return titrate::run_and_report("engine_dump", titrate::run, argc, argv); }
