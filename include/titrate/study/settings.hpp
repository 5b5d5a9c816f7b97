// Everything that makes one trial what it is. What is known of each key stands in study/keys.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "titrate/data/selection.hpp"
#include "titrate/data/standardisation.hpp"
#include "titrate/image/noise.hpp"
#include "titrate/study/train_settings.hpp"

namespace titrate::study {

struct NetworkSettings {
  std::string name = "simple-cnn";
  std::vector<std::string> layers{};  // where given, instead of a network of the zoo
  std::uint32_t side = 0;             // smaller images are padded to it; 0: as the zoo says, or not at all
};

// Whether a generator that saw more real images than an arm is given may feed it.
enum class TrainedOn { limit, ignore };
constexpr auto choices(TrainedOn) {
  return choice_table<TrainedOn>({{TrainedOn::limit, "limit"}, {TrainedOn::ignore, "ignore"}});
}

enum class NoiseDraw { image, epoch };  // the same noise in every epoch, or drawn anew
constexpr auto choices(NoiseDraw) {
  return choice_table<NoiseDraw>({{NoiseDraw::image, "image"}, {NoiseDraw::epoch, "epoch"}});
}

struct DataSettings {
  std::uint32_t size = 0;  // 0: every real training image
  double synthetic_ratio = 0.0;
  data::MixMode mode = data::MixMode::add;
  data::SyntheticClasses synthetic_classes = data::SyntheticClasses::as_real;
  std::uint32_t augmented_copies = 0;
  TrainedOn trained_on = TrainedOn::limit;
  image::NoiseKind noise_kind = image::NoiseKind::gaussian;
  double noise_level = 0.0;
  NoiseDraw noise_draw = NoiseDraw::image;
  std::vector<std::string> denoise{};
  double label_noise = 0.0;
  std::string label_noise_to{};
  data::Standardise standardise = data::Standardise::dataset;
};

struct EvaluateSettings {
  std::vector<double> noise_levels{};  // empty: the training level
};

struct Settings {
  NetworkSettings network{};
  TrainSettings train{};
  DataSettings data{};
  EvaluateSettings evaluate{};
  std::uint64_t seed = 0;
};

}  // namespace titrate::study
