#include "array_sets.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <unordered_map>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::source {
namespace {

using shard::Split;

constexpr std::uint64_t kLargestSide = 65535;
constexpr std::int64_t kMostClasses = 65536;  // where nobody names them
constexpr std::size_t kMostNamesShown = 20;

[[noreturn]] void refuse(ErrorCode code, const std::string& where, const std::string& what,
                         const std::string& expected = "", const std::string& got = "",
                         const std::string& hint = "") {
  throw Error({.code = code, .where = where, .what = what, .expected = expected, .got = got, .hint = hint});
}

struct Pattern {
  const char* images;
  const char* labels;
};

// A star stands for the name of a split.
constexpr std::array<Pattern, 12> kSplitPatterns{{{"*_images", "*_labels"},
                                                  {"images_*", "labels_*"},
                                                  {"X_*", "y_*"},
                                                  {"x_*", "y_*"},
                                                  {"*_X", "*_y"},
                                                  {"*_x", "*_y"},
                                                  {"*_data", "*_labels"},
                                                  {"*_set_x", "*_set_y"},
                                                  {"*/images", "*/labels"},
                                                  {"*/data", "*/target"},
                                                  {"*/X", "*/y"},
                                                  {"*/x", "*/y"}}};
constexpr std::array<Pattern, 6> kPlainPatterns{{{"images", "labels"},
                                                 {"X", "y"},
                                                 {"x", "y"},
                                                 {"data", "labels"},
                                                 {"data", "target"},
                                                 {"image", "label"}}};

struct SplitName {
  const char* name;
  Split split;
};
constexpr std::array<SplitName, 6> kSplitWords{{{"train", Split::train},
                                                {"training", Split::train},
                                                {"val", Split::validation},
                                                {"valid", Split::validation},
                                                {"validation", Split::validation},
                                                {"test", Split::test}}};

std::string with_split(std::string pattern, const std::string& split) {
  return pattern.replace(pattern.find('*'), 1, split);
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string shown(const std::vector<std::string>& names) {
  std::vector<std::string> parts;
  for (const std::string& name : names) {
    if (parts.size() == kMostNamesShown) {
      parts.push_back("...");
      break;
    }
    parts.push_back(printable(name));
  }
  return parts.empty() ? "none" : join(parts, ", ");
}

ArraySet named_set(const SourceSettings& settings, const std::vector<std::string>& names,
                   const std::string& where) {
  if (!settings.values.has("images")) {
    refuse(ErrorCode::usage, settings.where, "labels are named, but no images", "images = \"...\"");
  }
  ArraySet set{.images = settings.values.text("images")};
  if (settings.values.has("labels")) {
    set.labels = settings.values.text("labels");
  } else {
    const std::array<const char*, 5> usual{"labels", "y", "label", "target", "targets"};
    const auto found = std::find_if(usual.begin(), usual.end(), [&](const char* n) { return has(names, n); });
    if (found == usual.end()) {
      refuse(ErrorCode::usage, settings.where, "the images are named, but not their labels",
             "labels = \"...\"", shown(names));
    }
    set.labels = *found;
  }
  for (const std::string& name : {set.images, set.labels}) {
    if (!has(names, name)) {
      refuse(ErrorCode::integrity, where, "there is no array \"" + printable(name) + "\"",
             "one of " + shown(names), "", printable(did_you_mean(name, names)));
    }
  }
  return set;
}

// All pairs whose images are there. Patterns may share images, then the one whose labels are there counts.
class Finder {
 public:
  explicit Finder(const std::vector<std::string>& names) : names_(names) {}

  void look(const std::string& images, const std::string& labels, std::optional<Split> split) {
    if (!has(names_, images)) return;
    const auto same =
        std::find_if(found_.begin(), found_.end(), [&](const ArraySet& set) { return set.images == images; });
    if (same == found_.end()) {
      found_.push_back({images, labels, split});
    } else if (!has(names_, same->labels)) {
      same->labels = labels;
    }
  }

  std::vector<ArraySet> found() && { return std::move(found_); }

 private:
  const std::vector<std::string>& names_;
  std::vector<ArraySet> found_;
};

std::vector<ArraySet> usual_sets(const std::vector<std::string>& names) {
  Finder finder(names);
  for (const SplitName& word : kSplitWords) {
    for (const Pattern& pattern : kSplitPatterns) {
      finder.look(with_split(pattern.images, word.name), with_split(pattern.labels, word.name), word.split);
    }
  }
  for (const Pattern& pattern : kPlainPatterns) finder.look(pattern.images, pattern.labels, std::nullopt);
  return std::move(finder).found();
}

void check_clear(const std::vector<ArraySet>& sets, const std::vector<std::string>& names,
                 const SourceSettings& settings, const std::string& where) {
  for (std::size_t i = 0; i < sets.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (sets[i].split && sets[j].split && sets[i].split != sets[j].split) continue;
      refuse(ErrorCode::usage, settings.where, where + " holds several arrays that could be meant", "",
             sets[j].images + ", " + sets[i].images, "name one by images = and labels =");
    }
  }
  for (const ArraySet& set : sets) {
    if (!has(names, set.labels)) {
      refuse(ErrorCode::integrity, where, "there are images, " + set.images + ", but no labels for them",
             set.labels, shown(names), "name them by images = and labels =");
    }
  }
}

std::string text_of(const std::vector<std::uint64_t>& extent) {
  std::string text;
  for (const std::uint64_t length : extent) text += (text.empty() ? "" : " x ") + std::to_string(length);
  return text.empty() ? "a single value" : text;
}

std::vector<std::string> class_names(const SourceSettings& settings, const std::vector<std::string>& known,
                                     const std::vector<LabelledSet>& sets) {
  if (!settings.classes.empty()) return settings.classes;
  if (!known.empty()) return known;
  std::set<std::string> texts;
  std::int64_t highest = -1;
  for (const LabelledSet& set : sets) {
    texts.insert(set.labels.texts.begin(), set.labels.texts.end());
    for (std::size_t i = 0; i < set.labels.numbers.size(); ++i) {
      highest = std::max(highest, set.labels.numbers[i]);
      if (highest >= kMostClasses) {
        refuse(ErrorCode::integrity, set.labels_where, "label " + std::to_string(i) + " is out of range",
               "0 to " + std::to_string(kMostClasses - 1), std::to_string(highest));
      }
    }
  }
  if (static_cast<std::int64_t>(texts.size()) > kMostClasses) {
    refuse(ErrorCode::integrity, sets[0].labels_where, "the labels name too many classes",
           "at most " + std::to_string(kMostClasses), std::to_string(texts.size()));
  }
  if (!texts.empty()) return {texts.begin(), texts.end()};
  std::vector<std::string> names;
  for (std::int64_t i = 0; i <= highest; ++i) names.push_back(std::to_string(i));
  return names;
}

// Names that a file gives.
void check_names(const std::vector<std::string>& names, const std::string& where) {
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    const bool good = !name.empty() && printable(name) == name;
    if (good && seen.insert(name).second) continue;
    refuse(ErrorCode::integrity, where, "a class has no good name of its own",
           "different texts of 1 to 80 bytes without control characters", "\"" + printable(name) + "\"",
           "name them by classes = in the recipe");
  }
}

using ClassNumbers = std::unordered_map<std::string_view, std::int32_t>;

std::int32_t label_of(const LabelledSet& set, std::size_t row, const std::vector<std::string>& classes,
                      const ClassNumbers& numbers) {
  if (set.labels.texts.empty()) {
    const std::int64_t label = set.labels.numbers[row];
    if (label < static_cast<std::int64_t>(classes.size())) return static_cast<std::int32_t>(label);
    refuse(ErrorCode::integrity, set.labels_where, "label " + std::to_string(row) + " is out of range",
           "0 to " + std::to_string(static_cast<std::int64_t>(classes.size()) - 1), std::to_string(label));
  }
  const auto found = numbers.find(set.labels.texts[row]);
  if (found != numbers.end()) return found->second;
  refuse(ErrorCode::integrity, set.labels_where, "label " + std::to_string(row) + " is no class",
         "one of " + shown(classes), printable(set.labels.texts[row]));
}

}  // namespace

std::vector<ArraySet> find_sets(const SourceSettings& settings, const std::vector<std::string>& names,
                                const std::string& where) {
  if (settings.values.has("images") || settings.values.has("labels"))
    return {named_set(settings, names, where)};
  std::vector<ArraySet> sets = usual_sets(names);
  if (sets.empty()) {
    refuse(ErrorCode::integrity, where, "no array has a name that is known",
           "X and y, X_train and y_train, images and labels, train_images and train_labels, ...",
           shown(names), "name them by images = and labels =");
  }
  const auto other_split = [&](const ArraySet& set) {
    return settings.split && set.split && set.split != settings.split;
  };
  sets.erase(std::remove_if(sets.begin(), sets.end(), other_split), sets.end());
  if (sets.empty()) {
    refuse(ErrorCode::integrity, where,
           "there are no images of split " + std::string(name_of(*settings.split)), "", shown(names));
  }
  check_clear(sets, names, settings, where);
  return sets;
}

ImageLayout image_layout(const std::vector<std::uint64_t>& extent, bool channels_first,
                         const std::string& where) {
  const auto known = [](std::uint64_t channels) { return channels == 1 || channels == 3; };
  std::array<std::uint64_t, 3> sides{};  // height, width, channels
  if (extent.size() == 3) {
    sides = {extent[1], extent[2], 1};
  } else if (extent.size() == 4) {
    sides = channels_first ? std::array{extent[2], extent[3], extent[1]}
                           : std::array{extent[1], extent[2], extent[3]};
  } else {
    refuse(ErrorCode::integrity, where, "not images", "N x height x width, or N x height x width x channels",
           text_of(extent), extent.size() == 2 ? "save them with .reshape(-1, height, width)" : "");
  }
  if (!known(sides[2])) {
    const bool other = known(channels_first ? extent[3] : extent[1]);
    refuse(ErrorCode::integrity, where, "the number of channels is unusual",
           std::string("1 or 3 at dimension ") + (channels_first ? "1" : "3"), text_of(extent),
           !other           ? ""
           : channels_first ? "leave out channels_first"
                            : "set channels_first = true if the array is N x C x H x W");
  }
  for (const std::uint64_t side : {sides[0], sides[1]}) {
    if (side < 1 || side > kLargestSide) {
      refuse(ErrorCode::integrity, where, "the sides of an image are out of range",
             "1 to " + std::to_string(kLargestSide), text_of(extent));
    }
  }
  return {.count = extent[0],
          .shape = {static_cast<std::uint32_t>(sides[0]), static_cast<std::uint32_t>(sides[1]),
                    static_cast<std::uint32_t>(sides[2])},
          .planar = channels_first && extent.size() == 4 && sides[2] > 1};
}

image::Image interleaved(const image::Shape& shape, std::span<const std::uint8_t> planes) {
  image::Image result(shape);
  const std::size_t pixels = shape.pixels();
  for (std::size_t c = 0; c < shape.channels; ++c) {
    for (std::size_t i = 0; i < pixels; ++i) result.pixels[i * shape.channels + c] = planes[c * pixels + i];
  }
  return result;
}

void list_sets(const SourceSettings& settings, const std::vector<std::string>& known,
               const std::vector<LabelledSet>& sets, Listing& listing) {
  listing.class_names = class_names(settings, known, sets);
  if (settings.classes.empty()) check_names(listing.class_names, settings.path.string());
  ClassNumbers numbers;
  for (const std::string& name : listing.class_names) {
    numbers.emplace(name, static_cast<std::int32_t>(numbers.size()));
  }
  for (const LabelledSet& set : sets) {
    if (set.labels.size() != set.layout.count) {
      refuse(ErrorCode::integrity, set.labels_where, "the number of labels is not that of the images",
             std::to_string(set.layout.count), std::to_string(set.labels.size()));
    }
    for (std::size_t row = 0; row < set.labels.size(); ++row) {
      listing.items.push_back({.label = label_of(set, row, listing.class_names, numbers),
                               .split = set.split,
                               .shape = set.layout.shape,
                               .row = row,
                               .path = set.path});
    }
  }
}

}  // namespace titrate::source
