#include "titrate/train/setup.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "titrate/core/choice.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/study/keys.hpp"
#include "titrate/study/network.hpp"
#include "titrate/train/preparation.hpp"
#include "titrate/train/validation.hpp"

namespace titrate::train {
namespace {

constexpr std::uint32_t kMostMicroBatches = 4096;

void require(bool good, const char* key, const std::string& expected, const std::string& got) {
  if (!good)
    throw Error(
        {.code = ErrorCode::usage, .where = key, .what = "out of range", .expected = expected, .got = got});
}

// What concerns several keys at once; the range of each alone is checked where it is read (study/keys).
void check_train(const study::TrainSettings& train) {
  require(!train.nesterov || train.momentum > 0, "train.nesterov", "a train.momentum above 0", "0");
  require(train.budget != study::Budget::steps || train.steps >= 1, "train.steps", "1 or more", "0");
  require(train.validation_fraction > 0 || !needs_validation(train), "train.validation_fraction",
          "above 0, since the validation loss is to decide something", "0");
  require(std::has_single_bit(train.micro_batches) &&
              train.micro_batches <= std::min(train.batch_size, kMostMicroBatches),
          "train.micro_batches",
          "a power of two, at most train.batch_size and " + std::to_string(kMostMicroBatches),
          std::to_string(train.micro_batches));
}

image::Noise noise_of(const study::DataSettings& data, double level, const char* key) {
  const image::Noise noise{data.noise_kind, level};
  image::check_noise(noise, key);
  return noise;
}

std::uint32_t selected_size(const study::DataSettings& data, const shard::Manifest& manifest) {
  return data.size != 0
             ? data.size
             : static_cast<std::uint32_t>(count_images(manifest, data::Split::train, data::Origin::real));
}

// A generator may have been trained on at most as many real images as its arm has: more would reach the arm
// through it. Where `trained_on` states no number there is no limit.
void check_generators(const study::DataSettings& data, const shard::Manifest& manifest) {
  if (data.synthetic_ratio == 0 || data.trained_on == study::TrainedOn::ignore) return;
  std::uint64_t real = selected_size(data, manifest);
  if (data.mode == data::MixMode::replace)
    real =
        static_cast<std::uint64_t>(std::floor(static_cast<double>(real) * (1 - data.synthetic_ratio) + 0.5));
  for (const shard::SourceInfo& source : manifest.sources) {
    if (source.origin != data::Origin::synthetic) continue;
    const std::uint64_t saw = stated_images(source.trained_on).value_or(0);
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

data::LabelNoise label_noise_of(const study::DataSettings& data, const shard::Manifest& manifest) {
  data::LabelNoise noise{.share = data.label_noise};
  if (data.label_noise_to.empty()) return noise;
  const auto place = std::find(manifest.class_names.begin(), manifest.class_names.end(), data.label_noise_to);
  if (place == manifest.class_names.end())
    refuse_choice(data.label_noise_to, manifest.class_names, "data.label_noise_to");
  noise.towards = static_cast<std::uint32_t>(place - manifest.class_names.begin());
  return noise;
}

std::vector<image::Noise> conditions_of(const study::Settings& settings) {
  const std::vector<double>& levels = settings.evaluate.noise_levels;
  std::vector<image::Noise> conditions;
  for (const double level : levels)
    conditions.push_back(noise_of(settings.data, level, "evaluate.noise_levels"));
  require(std::set<double>(levels.begin(), levels.end()).size() == levels.size(), "evaluate.noise_levels",
          "each level once", to_json(study::all_values(settings)["evaluate.noise_levels"]));
  if (conditions.empty())
    conditions.push_back(noise_of(settings.data, settings.data.noise_level, "data.noise_level"));
  return conditions;
}

data::SelectionRequest selection_of(const study::Settings& settings, const shard::Manifest& manifest) {
  const study::DataSettings& data = settings.data;
  return {.size = selected_size(data, manifest),
          .synthetic_ratio = data.synthetic_ratio,
          .mode = data.mode,
          .synthetic_classes = data.synthetic_classes,
          .augmented_copies = data.augmented_copies,
          .validation_fraction = settings.train.validation_fraction,
          .seed = settings.seed};
}

}  // namespace

std::optional<std::uint64_t> stated_images(const std::string& trained_on) {
  std::string digits;
  for (const char c : trained_on) {
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if ((c != ',' && c != '\'' && c != '_') || digits.empty()) {
      break;
    }
  }
  if (digits.empty()) return std::nullopt;
  return static_cast<std::uint64_t>(std::max(0LL, parse_integer(digits).value_or(0)));
}

TrialSetup make_setup(const study::Settings& settings, const shard::Manifest& manifest) {
  check_train(settings.train);
  check_generators(settings.data, manifest);
  require(count_images(manifest, data::Split::test, data::Origin::real) > 0, "dataset", "test images",
          "none");
  const study::DataSettings& data = settings.data;
  TrialSetup setup{
      .network = study::make_network(settings.network, manifest.shape, manifest.class_names.size()),
      .train = settings.train,
      .selection = selection_of(settings, manifest),
      .label_noise = label_noise_of(data, manifest),
      .standardise = data.standardise,
      .train_noise = noise_of(data, data.noise_level, "data.noise_level"),
      .fresh_noise = data.noise_draw == study::NoiseDraw::epoch,
      .denoise = data::parse_denoise(data.denoise, "data.denoise"),
      .conditions = conditions_of(settings),
      .seed = settings.seed,
  };
  for (const std::string& text : settings.train.augment)
    setup.augment.push_back(image::parse_operation(text, "train.augment"));
  const std::uint32_t least = least_batch(setup);
  require(settings.train.batch_size >= least, "train.batch_size",
          std::to_string(least) + " or more, since batch_norm needs two images in each part of a batch",
          std::to_string(settings.train.batch_size));
  return setup;
}

}  // namespace titrate::train
