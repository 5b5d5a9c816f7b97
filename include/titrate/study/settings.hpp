// Everything that makes one trial what it is, key by key.
//
// The struct is the one list of keys: parsing, defaults, the resolved study, the help and a trial's canonical
// form all come from for_each_key().
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "titrate/core/document.hpp"
#include "titrate/study/train_settings.hpp"

namespace titrate::study {

struct NetworkSettings {
  std::string name = "simple-cnn";
  std::vector<std::string> layers{};  // where given, instead of a network of the zoo
  std::uint32_t side = 0;             // smaller images are padded to it; 0: as the zoo says, or not at all
};

struct DataSettings {
  std::uint32_t size = 0;  // 0: every real training image
  double synthetic_ratio = 0.0;
  std::string mode = "add";
  std::string synthetic_classes = "as_real";
  std::uint32_t augmented_copies = 0;
  std::string trained_on = "limit";
  std::string noise_kind = "gaussian";
  double noise_level = 0.0;
  std::string noise_draw = "image";
  std::vector<std::string> denoise{};
  double label_noise = 0.0;
  std::string label_noise_to{};
  std::string standardise = "dataset";
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

// visit(key, member, help) for every key, in the order of a study file.
template <class AnySettings, class Visit>
void for_each_key(AnySettings& s, const Visit& visit) {
  visit("network.name", s.network.name, "of the zoo (titrate networks), or of the study's [networks.NAME]");
  visit("network.layers", s.network.layers, "the layers as text, instead of a name");
  visit("network.side", s.network.side, "with layers: smaller images are padded to side x side");
  visit("train.budget", s.train.budget, "epochs or steps: what is equal between arms");
  visit("train.epochs", s.train.epochs, "passes over the selection");
  visit("train.steps", s.train.steps, "optimisation steps, with budget steps");
  visit("train.batch_size", s.train.batch_size, "images per step, over the whole group");
  visit("train.optimizer", s.train.optimizer, "sgd, adam or adamw, as PyTorch's");
  visit("train.learning_rate", s.train.learning_rate, "the largest that the schedule gives");
  visit("train.momentum", s.train.momentum, "of sgd");
  visit("train.nesterov", s.train.nesterov, "of sgd");
  visit("train.beta1", s.train.beta1, "of adam and adamw");
  visit("train.beta2", s.train.beta2, "of adam and adamw");
  visit("train.epsilon", s.train.epsilon, "of adam and adamw");
  visit("train.weight_decay", s.train.weight_decay, "as PyTorch's; for Keras's l2 see the layers");
  visit("train.schedule", s.train.schedule, "constant, step, cosine, one_cycle or plateau");
  visit("train.schedule_epochs", s.train.schedule_epochs, "step: epochs between two drops");
  visit("train.schedule_factor", s.train.schedule_factor, "step, plateau: what a drop multiplies by");
  visit("train.schedule_patience", s.train.schedule_patience,
        "plateau: epochs without a better validation loss");
  visit("train.early_stopping", s.train.early_stopping,
        "ends after so many epochs without a better validation loss; 0: never");
  visit("train.best_weights", s.train.best_weights, "test those of the best validation loss, not the last");
  visit("train.label_smoothing", s.train.label_smoothing, "as PyTorch's");
  visit("train.class_weights", s.train.class_weights, "none, or balanced as scikit-learn's");
  visit("train.clip_norm", s.train.clip_norm, "longest gradient; 0: any");
  visit("train.initial", s.train.initial, "initial values: pytorch, he, xavier or lecun");
  visit("train.augment", s.train.augment,
        "operations drawn anew each epoch, as a recipe's: [\"shift 2\", \"rotate 10\"]");
  visit("train.precision", s.train.precision, "float32 or bf16");
  visit("train.validation_fraction", s.train.validation_fraction,
        "share of the selection kept for validation");
  visit("train.micro_batches", s.train.micro_batches,
        "fixed parts of a batch, a power of two; --width divides it");
  visit("train.reduction", s.train.reduction,
        "sums over a group: fast, or tree: the same bits at every width on GPUs too, as on CPUs always");
  visit("data.size", s.data.size, "real images (add) or images in all (replace); 0: all");
  visit("data.synthetic_ratio", s.data.synthetic_ratio,
        "synthetic images per real one (add), or their share (replace)");
  visit("data.mode", s.data.mode, "add or replace");
  visit("data.synthetic_classes", s.data.synthetic_classes, "as_real, uniform or fill");
  visit("data.augmented_copies", s.data.augmented_copies,
        "packed copies of each selected real image that join it");
  visit("data.trained_on", s.data.trained_on,
        "limit: no images of a generator that saw more real images than the arm has; ignore: any");
  visit("data.noise_kind", s.data.noise_kind, "gaussian, salt_pepper, speckle or uniform");
  visit(
      "data.noise_level", s.data.noise_level,
      "gaussian, speckle: deviation / 255; uniform: largest change / 255; salt_pepper: share of the pixels");
  visit("data.noise_draw", s.data.noise_draw, "image: the same in every epoch; epoch: drawn anew");
  visit("data.denoise", s.data.denoise, "filters before the network: [\"denoise median 3\"]");
  visit("data.label_noise", s.data.label_noise, "share of the labels that are replaced by wrong ones");
  visit("data.label_noise_to", s.data.label_noise_to, "the class they become; empty: any other");
  visit("data.standardise", s.data.standardise,
        "mean and deviation of the dataset, the selection, each pixel of it, or none");
  visit("evaluate.noise_levels", s.evaluate.noise_levels, "test noise levels; empty: the training level");
  visit("seed", s.seed, "of selection, order, noise, dropout and initial values");
}

std::vector<std::string> setting_keys();

// Throws Error (usage): an unknown key (with the nearest), a value of the wrong type or out of range. `where`
// says where the key stands ("study.toml:12").
void set_key(Settings& settings, const std::string& key, const Value& value, std::string_view where);

std::map<std::string, Value> all_values(const Settings& settings);

// Only what differs from the defaults, so that a new key does not rename old trials.
std::map<std::string, Value> changed_values(const Settings& settings);

std::string canonical(const Settings& settings);  // changed_values as one JSON object, keys sorted

}  // namespace titrate::study
