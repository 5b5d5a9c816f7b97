#include "titrate/sweep/plan.hpp"

#include <bit>
#include <chrono>
#include <cmath>
#include <set>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/net/cost.hpp"
#include "titrate/net/zoo.hpp"
#include "titrate/train/model.hpp"

namespace titrate::sweep {
namespace {

void require(bool good, const char* key, const char* expected, const std::string& got) {
  if (!good)
    throw Error(
        {.code = ErrorCode::usage, .where = key, .what = "out of range", .expected = expected, .got = got});
}

void check_train(const train::TrainSettings& train) {
  require(train.epochs >= 1, "train.epochs", "1 or more", "0");
  require(train.batch_size >= 1, "train.batch_size", "1 or more", "0");
  require(train.optimizer == "sgd", "train.optimizer", "sgd", train.optimizer);
  require(train.learning_rate > 0, "train.learning_rate", "above 0", shortest(train.learning_rate));
  require(train.momentum < 1, "train.momentum", "below 1", shortest(train.momentum));
  require(std::has_single_bit(train.micro_batches) && train.micro_batches <= train.batch_size,
          "train.micro_batches", "a power of two, at most train.batch_size",
          std::to_string(train.micro_batches));
}

// Images of one split and origin.
std::uint64_t count_images(const shard::Manifest& manifest, data::Split split, data::Origin origin) {
  std::uint64_t total = 0;
  for (const shard::SplitCounts& counts : manifest.splits) {
    if (counts.split != split) continue;
    for (const auto& of_class : counts.counts) total += of_class[static_cast<std::size_t>(origin)];
  }
  return total;
}

net::Network network_of(const NetworkSettings& settings, const shard::Manifest& manifest) {
  const image::Shape& shape = manifest.shape;
  const auto classes = static_cast<std::uint32_t>(manifest.class_names.size());
  const net::TensorShape input{shape.channels, shape.height, shape.width};
  return settings.layers.empty() ? net::make_network(settings.name, input, classes)
                                 : net::make_network(settings.layers, input, classes);
}

image::Noise noise_of(const DataSettings& data, double level, const char* key) {
  const image::NoiseKind kind = image::parse_noise_kind(data.noise_kind, "data.noise_kind");
  require(kind != image::NoiseKind::salt_pepper || level <= 1, key, "a share of 0 to 1", shortest(level));
  require(level <= 10, key, "at most 10", shortest(level));
  return {kind, level};
}

// The number that the text begins with, as people write it ("60,000 of MNIST"); 0 where it begins with none.
std::uint64_t images_seen(const std::string& trained_on) {
  std::string digits;
  for (const char c : trained_on) {
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if ((c != ',' && c != '\'' && c != '_') || digits.empty()) {
      break;
    }
  }
  return static_cast<std::uint64_t>(std::max(0LL, parse_integer(digits).value_or(0)));
}

// A generator that was trained on more real images than an arm is given would hand the arm what it was not
// given. What a source was trained on limits arms where it begins with a number: that of the real images.
void check_generators(const DataSettings& data, const shard::Manifest& manifest) {
  require(data.trained_on == "limit" || data.trained_on == "ignore", "data.trained_on", "limit or ignore",
          data.trained_on);
  if (data.synthetic_ratio == 0 || data.trained_on == "ignore") return;
  std::uint64_t real =
      data.size == 0 ? count_images(manifest, data::Split::train, data::Origin::real) : data.size;
  if (data.mode == "replace")
    real =
        static_cast<std::uint64_t>(std::floor(static_cast<double>(real) * (1 - data.synthetic_ratio) + 0.5));
  for (const shard::SourceInfo& source : manifest.sources) {
    const std::uint64_t saw = source.origin == data::Origin::synthetic ? images_seen(source.trained_on) : 0;
    if (saw <= real) continue;
    throw Error(
        {.code = ErrorCode::usage,
         .where = "data.synthetic_ratio",
         .what = "source " + source.name + " was generated from " + with_commas(saw) +
                 " real images, more than the arm is given",
         .expected = "at most " + with_commas(real),
         .hint =
             "leave such arms out, train a generator for each size, or set data.trained_on = \"ignore\""});
  }
}

}  // namespace

std::string describe_cell(const Settings& settings) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : changed_values(settings)) {
    if (key != "seed") parts.push_back(key + "=" + to_json(value));
  }
  return join(parts, " ");
}

Study resolve_study(const std::filesystem::path& file, const StudyOverrides& overrides) {
  Study study = read_study(file);
  apply_overrides(study, overrides);
  if (study.dataset.empty()) {
    throw Error({.code = ErrorCode::usage,
                 .where = file.string(),
                 .what = "the study names no dataset",
                 .hint = "give --dataset DIR"});
  }
  const shard::Manifest manifest = shard::read_manifest(study.dataset);
  study.dataset = std::filesystem::absolute(study.dataset).string();
  study.fingerprint = manifest.fingerprint;
  study.class_names = manifest.class_names;
  return study;
}

train::TrialSetup make_setup(const Settings& settings, const shard::Manifest& manifest) {
  check_train(settings.train);
  check_generators(settings.data, manifest);
  require(count_images(manifest, data::Split::test, data::Origin::real) > 0, "dataset", "test images",
          "none");
  const DataSettings& data = settings.data;
  train::TrialSetup setup{
      .network = network_of(settings.network, manifest), .train = settings.train, .seed = settings.seed};
  setup.selection = {
      .size = data.size == 0
                  ? static_cast<std::uint32_t>(count_images(manifest, data::Split::train, data::Origin::real))
                  : data.size,
      .synthetic_ratio = data.synthetic_ratio,
      .mode = data::parse_mix_mode(data.mode, "data.mode"),
      .synthetic_classes = data::parse_synthetic_classes(data.synthetic_classes, "data.synthetic_classes"),
      .augmented_copies = data.augmented_copies,
      .validation_fraction = settings.train.validation_fraction,
      .seed = settings.seed,
  };
  setup.train_noise = noise_of(data, data.noise_level, "data.noise_level");
  for (double level : settings.evaluate.noise_levels)
    setup.conditions.push_back(noise_of(data, level, "evaluate.noise_levels"));
  std::set<double> levels(settings.evaluate.noise_levels.begin(), settings.evaluate.noise_levels.end());
  require(levels.size() == settings.evaluate.noise_levels.size(), "evaluate.noise_levels", "each level once",
          to_json(all_values(settings)["evaluate.noise_levels"]));
  if (setup.conditions.empty()) setup.conditions.push_back(setup.train_noise);
  return setup;
}

TrialCost trial_cost(const train::TrialSetup& setup, const shard::Manifest& manifest) {
  std::uint64_t tests = 0;
  for (auto origin : {data::Origin::real, data::Origin::augmented, data::Origin::synthetic}) {
    tests += count_images(manifest, data::Split::test, origin);
  }
  TrialCost cost{.train_images = data::training_images(setup.selection)};
  cost.images = cost.train_images * setup.train.epochs + tests * setup.conditions.size() / 3;
  cost.flops = static_cast<double>(cost.images) * net::training_flops(setup.network);
  return cost;
}

std::vector<Trial> one_of_each_cell(std::span<const Trial> trials) {
  std::vector<Trial> cells;
  std::set<std::string> seen;
  for (const Trial& trial : trials) {
    if (seen.insert(cell_key(trial.settings)).second) cells.push_back(trial);
  }
  return cells;
}

std::vector<Impossible> impossible_cells(std::span<const Trial> trials, const data::Dataset& dataset) {
  std::vector<Impossible> impossible;
  for (const Trial& trial : one_of_each_cell(trials)) {
    try {
      data::select(dataset, make_setup(trial.settings, dataset.manifest()).selection);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::usage) throw;
      impossible.push_back({trial.settings, error.what()});
    }
  }
  return impossible;
}

void check_trials(std::span<const Trial> trials, const data::Dataset& dataset) {
  const std::vector<Impossible> impossible = impossible_cells(trials, dataset);
  if (impossible.empty()) return;
  const std::string others =
      impossible.size() == 1 ? ""
                             : " (and " + std::to_string(impossible.size() - 1) + " more; see titrate plan)";
  throw Error({.code = ErrorCode::usage,
               .where = "cell " + describe_cell(impossible[0].settings),
               .what = impossible[0].reason + others});
}

double probe_seconds_per_image(const train::TrialSetup& setup, const data::Dataset& dataset,
                               const train::EngineLibrary& engines, double seconds) {
  const std::vector<float> initial =
      train::initial_parameters(net::parameter_layout(setup.network), setup.seed);
  const auto engine = engines.make(
      {.dataset = &dataset, .network = setup.network, .train = setup.train, .initial_parameters = initial});
  const data::Pipeline pipeline = data::make_pipeline(dataset.manifest(), setup.train_noise, setup.seed);
  std::vector<std::uint32_t> batch = dataset.rows_of(data::Split::train);
  batch.resize(std::min<std::size_t>(batch.size(), setup.train.batch_size));
  engine->train_step(batch, 0, pipeline);  // not counted: the first step allocates
  const auto start = std::chrono::steady_clock::now();
  double elapsed = 0, images = 0;
  while (elapsed < seconds) {
    engine->train_step(batch, 0, pipeline);
    images += static_cast<double>(batch.size());
    elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return elapsed / images;
}

}  // namespace titrate::sweep
