#include "titrate/study/keys.hpp"

#include <algorithm>

#include "key_type.hpp"
#include "titrate/core/text.hpp"

namespace titrate::study {
namespace {

constexpr std::size_t kHelpColumn = 42;

// What a row says beside its name, its type and its default.
struct About {
  std::string help{};
  const char* label = "";  // empty: the last part of the name
  Range range{};
  UsedWhen used{};
  Speed speed = Speed::same;
  Treatment treatment{};
  bool zero_is_none = false;
};

std::string label_of(const std::string& name, const char* label) {
  if (*label != '\0') return label;
  std::string words = name.substr(name.rfind('.') + 1);
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

template <class Member>
Key row(const char* name, Member member, const About& about) {
  const Settings defaults;
  const DocumentKey takes = taken_by(member(defaults), about.range);
  return {.name = name,
          .label = label_of(name, about.label),
          .values = values_of(member(defaults), about.range),
          .help = about.help,
          .used = about.used,
          .speed = about.speed,
          .is_choice = !takes.choices.empty(),
          .treatment = about.treatment,
          .zero_is_none = about.zero_is_none,
          .get = [member](const Settings& settings) { return value_of(member(settings)); },
          .set =
              [member, takes, name](Settings& settings, const Value& value, std::string_view where) {
                const std::string place = std::string(where) + ": " + name;
                assign(member(settings), checked(takes, value, place), place);
              }};
}

// A key is called as its member is.
#define KEY(member) \
#member, [](auto& settings) -> auto& { return settings.member; }

constexpr Range kAtLeastOne{.low = 1}, kAboveZero{.above_low = true}, kShare{.high = 1},
    kBelowOne{.high = 1, .below_high = true};

constexpr UsedWhen kWithLayers{"with network.layers",
                               [](const Settings& s) { return !s.network.layers.empty(); }};
constexpr UsedWhen kWithEpochs{"with budget epochs",
                               [](const Settings& s) { return s.train.budget == Budget::epochs; }};
constexpr UsedWhen kWithSteps{"with budget steps",
                              [](const Settings& s) { return s.train.budget == Budget::steps; }};
constexpr UsedWhen kWithSgd{"with sgd",
                            [](const Settings& s) { return s.train.optimizer == OptimizerKind::sgd; }};
constexpr UsedWhen kWithAdam{"with adam and adamw",
                             [](const Settings& s) { return s.train.optimizer != OptimizerKind::sgd; }};
constexpr UsedWhen kWithStep{"with schedule step",
                             [](const Settings& s) { return s.train.schedule == Schedule::step; }};
constexpr UsedWhen kWithPlateau{"with schedule plateau",
                                [](const Settings& s) { return s.train.schedule == Schedule::plateau; }};
constexpr UsedWhen kWithDrops{"with schedule step and plateau", [](const Settings& s) {
                                return s.train.schedule == Schedule::step ||
                                       s.train.schedule == Schedule::plateau;
                              }};
constexpr UsedWhen kWithSynthetic{"with synthetic images",
                                  [](const Settings& s) { return s.data.synthetic_ratio > 0; }};
constexpr UsedWhen kWithNoise{"with noise in training",
                              [](const Settings& s) { return s.data.noise_level > 0; }};
constexpr UsedWhen kWithAnyNoise{"with noise in training or tests", [](const Settings& s) {
                                   return s.data.noise_level > 0 || !s.evaluate.noise_levels.empty();
                                 }};
constexpr UsedWhen kWithLabelNoise{"with label noise",
                                   [](const Settings& s) { return s.data.label_noise > 0; }};

std::vector<Key> network_keys() {
  return {
      row(KEY(network.name), {.help = "of the zoo (titrate networks), or of the study's [networks.NAME]",
                              .label = "network",
                              .speed = Speed::by_value,
                              .treatment = {.place = 10, .others = "other networks", .definite = true}}),
      row(KEY(network.layers),
          {.help = "the layers as text, instead of a name", .label = "network", .speed = Speed::by_value}),
      row(KEY(network.side), {.help = "smaller images are padded to side x side",
                              .label = "padded to",
                              .used = kWithLayers,
                              .speed = Speed::by_value}),
  };
}

std::vector<Key> optimizer_keys() {
  return {
      row(KEY(train.budget), {.help = "what is equal between arms"}),
      row(KEY(train.epochs),
          {.help = "passes over the selection", .range = kAtLeastOne, .used = kWithEpochs}),
      row(KEY(train.steps), {.help = "optimisation steps", .used = kWithSteps}),
      row(KEY(train.batch_size),
          {.help = "images per step, over the whole group", .range = kAtLeastOne, .speed = Speed::by_value}),
      row(KEY(train.optimizer), {.help = "as PyTorch's",
                                 .speed = Speed::by_value,
                                 .treatment = {.place = 11, .others = "other optimizers", .definite = true}}),
      row(KEY(train.learning_rate), {.help = "the largest that the schedule gives", .range = kAboveZero}),
      row(KEY(train.momentum), {.help = "as PyTorch's", .range = kBelowOne, .used = kWithSgd}),
      row(KEY(train.nesterov), {.help = "as PyTorch's", .label = "Nesterov momentum", .used = kWithSgd}),
      row(KEY(train.beta1),
          {.help = "as PyTorch's", .label = "Adam's beta1", .range = kBelowOne, .used = kWithAdam}),
      row(KEY(train.beta2),
          {.help = "as PyTorch's", .label = "Adam's beta2", .range = kBelowOne, .used = kWithAdam}),
      row(KEY(train.epsilon),
          {.help = "as PyTorch's", .label = "Adam's epsilon", .range = kAboveZero, .used = kWithAdam}),
      row(KEY(train.weight_decay), {.help = "as PyTorch's; for Keras's l2 see the layers"}),
  };
}

std::vector<Key> schedule_keys() {
  return {
      row(KEY(train.schedule), {.help = "of the learning rate",
                                .treatment = {.place = 12, .others = "other schedules", .definite = true}}),
      row(KEY(train.schedule_epochs), {.help = "epochs between two drops",
                                       .label = "epochs between drops",
                                       .range = kAtLeastOne,
                                       .used = kWithStep}),
      row(KEY(train.schedule_factor), {.help = "what a drop multiplies by",
                                       .label = "factor of a drop",
                                       .range = kBelowOne,
                                       .used = kWithDrops}),
      row(KEY(train.schedule_patience), {.help = "epochs without a better validation loss before a drop",
                                         .label = "patience of the plateau",
                                         .used = kWithPlateau}),
      row(KEY(train.early_stopping),
          {.help = "ends after so many epochs without a better validation loss; 0: never",
           .zero_is_none = true}),
      row(KEY(train.best_weights),
          {.help = "test those of the best validation loss, not the last", .label = "best weights kept"}),
  };
}

std::vector<Key> loss_keys() {
  return {
      row(KEY(train.label_smoothing),
          {.help = "as PyTorch's",
           .range = kShare,
           .treatment = {.place = 9, .others = "other levels of label smoothing"}}),
      row(KEY(train.class_weights),
          {.help = "as scikit-learn's",
           .treatment = {.place = 8, .others = "other class weights", .plural = true}}),
      row(KEY(train.clip_norm),
          {.help = "longest gradient; 0: any", .label = "gradient clipping", .zero_is_none = true}),
      row(KEY(train.initial), {.help = "initial values", .label = "initial values"}),
      row(KEY(train.augment),
          {.help = "operations drawn anew each epoch, as a recipe's: [\"shift 2\", \"rotate 10\"]",
           .label = "augmentation",
           .speed = Speed::by_value,
           .treatment = {.place = 7, .others = "other augmentations"}}),
      row(KEY(train.precision), {.help = "of the arithmetic", .speed = Speed::by_value}),
      row(KEY(train.validation_fraction),
          {.help = "share of the selection kept for validation", .range = kBelowOne}),
      row(KEY(train.micro_batches), {.help = "fixed parts of a batch, a power of two; --width divides it",
                                     .range = kAtLeastOne,
                                     .speed = Speed::by_value}),
      row(KEY(train.reduction),
          {.help =
               "sums over a group: tree gives the same bits at every width on GPUs too, as on CPUs always"}),
      row(KEY(train.engine),
          {.help = "auto: the first that can train it (titrate networks --study); or an engine's name",
           .speed = Speed::by_value}),
  };
}

std::vector<Key> data_keys() {
  return {
      row(KEY(data.size), {.help = "real images (add) or images in all (replace); 0: all"}),
      row(KEY(data.synthetic_ratio), {.help = "synthetic images per real one (add), or their share (replace)",
                                      .treatment = {.place = 1,
                                                    .noun = "synthetic images",
                                                    .others = "other shares of synthetic images",
                                                    .plural = true,
                                                    .definite = true}}),
      row(KEY(data.mode),
          {.help = "synthetic images join the real ones, or take their place", .used = kWithSynthetic}),
      row(KEY(data.synthetic_classes), {.help = "class shares; fill tops up small classes",
                                        .label = "classes of synthetic images",
                                        .used = kWithSynthetic,
                                        .treatment = {.place = 3,
                                                      .noun = "synthetic classes",
                                                      .others = "other classes of synthetic images",
                                                      .plural = true,
                                                      .definite = true}}),
      row(KEY(data.augmented_copies), {.help = "packed copies of each selected real image that join it",
                                       .treatment = {.place = 2,
                                                     .others = "other numbers of augmented copies",
                                                     .plural = true,
                                                     .definite = true}}),
      row(KEY(data.trained_on),
          {.help = "limit: no images of a generator that saw more real images than the arm has",
           .used = kWithSynthetic}),
  };
}

std::vector<Key> noise_keys() {
  return {
      row(KEY(data.noise_kind),
          {.help = "of training and tests", .used = kWithAnyNoise, .speed = Speed::by_value}),
      row(KEY(data.noise_level), {.help = image::noise_levels_help(), .speed = Speed::if_not_zero}),
      row(KEY(data.noise_draw), {.help = "image: the same in every epoch; epoch: drawn anew",
                                 .label = "noise drawn per",
                                 .used = kWithNoise}),
      row(KEY(data.denoise), {.help = "filters before the network: [\"denoise median 3\"]",
                              .label = "denoising",
                              .speed = Speed::by_value,
                              .treatment = {.place = 4, .others = "other filters"}}),
      row(KEY(data.label_noise), {.help = "share of the labels that are replaced by wrong ones",
                                  .range = kShare,
                                  .treatment = {.place = 5, .others = "other levels of label noise"}}),
      row(KEY(data.label_noise_to), {.help = "the class they become; empty: any other",
                                     .label = "labels become",
                                     .used = kWithLabelNoise}),
      row(KEY(data.standardise),
          {.help = "by mean and deviation of the dataset, the selection or each pixel of it",
           .label = "standardisation",
           .speed = Speed::by_value,
           .treatment = {.place = 6, .others = "other standardisations"}}),
      row(KEY(evaluate.noise_levels), {.help = "test noise levels; empty: the training level"}),
      row(KEY(seed), {.help = "of selection, order, noise, dropout and initial values"}),
  };
}

#undef KEY

std::string with_condition(const Key& key) {
  return *key.used.words == '\0' ? key.help : key.help + "; " + key.used.words;
}

}  // namespace

std::string Key::fallback() const { return to_json(get(Settings{})); }

std::string Key::noun() const { return *treatment.noun == '\0' ? label : treatment.noun; }

const std::vector<Key>& keys() {
  static const std::vector<Key> rows = [] {
    std::vector<Key> all;
    for (const auto part : {network_keys, optimizer_keys, schedule_keys, loss_keys, data_keys, noise_keys}) {
      const std::vector<Key> some = part();
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }();
  return rows;
}

std::vector<std::string> key_names() {
  std::vector<std::string> names;
  for (const Key& key : keys()) names.push_back(key.name);
  return names;
}

const Key& find_key(std::string_view name, std::string_view where) {
  const auto found =
      std::find_if(keys().begin(), keys().end(), [&](const Key& key) { return key.name == name; });
  if (found != keys().end()) return *found;
  refuse_unknown_key(std::string(where), std::string(name),
                     did_you_mean(name, key_names(), "titrate sweep --help lists the keys"));
}

void set_key(Settings& settings, const std::string& name, const Value& value, std::string_view where) {
  find_key(name, where).set(settings, value, where);
}

std::map<std::string, Value> all_values(const Settings& settings) {
  std::map<std::string, Value> values;
  for (const Key& key : keys()) values[key.name] = key.get(settings);
  return values;
}

std::map<std::string, Value> changed_values(const Settings& settings) {
  static const std::map<std::string, Value> defaults = all_values(Settings{});
  std::map<std::string, Value> values = all_values(settings);
  std::erase_if(values, [](const auto& entry) { return entry.second == defaults.at(entry.first); });
  return values;
}

std::string canonical(const Settings& settings) {
  std::vector<std::string> members;
  for (const auto& [name, value] : changed_values(settings))
    members.push_back("\"" + name + "\":" + to_json(value));
  return "{" + join(members, ",") + "}";
}

std::string speed_class(const Settings& settings) {
  std::vector<std::string> parts;
  for (const Key& key : keys()) {
    if (key.speed == Speed::same || !key.used.in(settings)) continue;
    const Value value = key.get(settings);
    const bool is_off = key.speed == Speed::if_not_zero && value == key.get(Settings{});
    parts.push_back(key.name + "=" + (key.speed == Speed::by_value ? to_json(value) : is_off ? "off" : "on"));
  }
  return join(parts, " ");
}

std::string keys_help() {
  std::string text = "Keys of a study, with their defaults:\n";
  for (const Key& key : keys()) {
    const std::string left = "  " + key.name + " = " + key.fallback();
    text += left + std::string(left.size() < kHelpColumn ? kHelpColumn - left.size() : 1, ' ') +
            (key.is_choice ? key.values + ": " : "") + with_condition(key) + "\n";
  }
  return text;
}

std::string keys_table() {
  std::string text = "| key | default | values | |\n|---|---|---|---|\n";
  for (const Key& key : keys()) {
    text += "| `" + key.name + "` | `" + key.fallback() + "` | " + key.values + " | " + with_condition(key) +
            " |\n";
  }
  return text;
}

}  // namespace titrate::study
