#include "glyphs.hpp"

#include <algorithm>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/draw/glyph.hpp"
#include "titrate/draw/scene.hpp"

namespace titrate::source {
namespace {

constexpr std::int64_t kSmallest = 8, kLargest = 1024, kMostPerClass = 10'000'000;

class Glyphs : public Source {
 public:
  explicit Glyphs(const SourceSettings& settings)
      : seed_(static_cast<std::uint64_t>(settings.values.integer("seed"))),
        size_(static_cast<std::uint32_t>(settings.values.integer("size"))) {
    listing_.class_names = settings.classes.empty() ? draw::glyph_set("digits") : settings.classes;
    in_scenes_ = wants_scenes(settings);
    for (const std::string& name : listing_.class_names) glyph_class_.push_back(find_class(name, settings));
    const std::vector<std::int64_t> counts = per_class(settings);
    const std::int64_t most = *std::max_element(counts.begin(), counts.end());
    for (std::int64_t i = 0; i < most; ++i) {
      for (std::size_t label = 0; label < listing_.class_names.size(); ++label) {
        if (i >= counts[label]) continue;
        listing_.items.push_back({.label = static_cast<std::int32_t>(label),
                                  .split = settings.split.value_or(shard::Split::train),
                                  .shape = {size_, size_, in_scenes_ ? 3u : 1u},
                                  .row = static_cast<std::uint64_t>(settings.values.integer("first") + i),
                                  .path = listing_.class_names[label]});
      }
    }
  }

  image::Image read(std::size_t index) const override {
    const Item& item = listing_.items[index];
    const draw::GlyphRequest request{.glyph_class = glyph_class_[static_cast<std::size_t>(item.label)],
                                     .index = item.row,
                                     .seed = seed_,
                                     .size = size_};
    return in_scenes_ ? draw::draw_scene(request) : draw::draw_glyph(request);
  }

 private:
  bool wants_scenes(const SourceSettings& settings) const {
    if (!settings.values.has("style")) return listing_.class_names == draw::glyph_set("symbols-37");
    const std::string& style = settings.values.text("style");
    if (style != "ink" && style != "scene") {
      throw Error({.code = ErrorCode::usage,
                   .where = settings.where,
                   .what = "unknown style",
                   .expected = "ink or scene",
                   .got = style});
    }
    return style == "scene";
  }

  // One number for all classes, or one for each.
  std::vector<std::int64_t> per_class(const SourceSettings& settings) const {
    std::vector<std::int64_t> counts = settings.values.integers("per_class");
    const std::size_t classes = listing_.class_names.size();
    if (counts.size() == 1) counts.resize(classes, counts[0]);
    if (counts.size() != classes) {
      throw Error({.code = ErrorCode::usage,
                   .where = settings.where,
                   .what = "per_class lists another number of counts than there are classes",
                   .expected = "one number, or " + std::to_string(classes),
                   .got = std::to_string(counts.size())});
    }
    return counts;
  }

  static std::uint32_t find_class(const std::string& name, const SourceSettings& settings) {
    const std::vector<std::string> known = draw::glyph_set("symbols-37");
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      throw Error({.code = ErrorCode::usage,
                   .where = settings.where,
                   .what = "no glyphs are drawn for class \"" + name + "\"",
                   .expected = "classes = \"digits\", \"letters\" or \"symbols-37\", or a list of some of " +
                               join(known, ", ")});
    }
    return static_cast<std::uint32_t>(found - known.begin());
  }

  std::uint64_t seed_;
  std::uint32_t size_;
  bool in_scenes_ = false;
  std::vector<std::uint32_t> glyph_class_;  // by label
};

std::unique_ptr<Source> open_glyphs(const SourceSettings& settings) {
  return std::make_unique<Glyphs>(settings);
}

}  // namespace

Kind glyphs_kind() {
  return {.name = "glyphs",
          .help = "digits and capital letters that titrate draws itself",
          .keys = {{.name = "per_class",
                    .type = KeyType::integers,
                    .help = "images of each class, or a list with one number for each",
                    .required = true,
                    .range = {.low = 1, .high = kMostPerClass}},
                   {.name = "size",
                    .type = KeyType::integer,
                    .fallback = 28,
                    .help = "side of an image in pixels",
                    .range = {.low = kSmallest, .high = kLargest}},
                   {.name = "style",
                    .otherwise = "scene for symbols-37, else ink",
                    .help = "ink: white on black; scene: in colour, on textured grounds, in changing light"},
                   {.name = "seed",
                    .type = KeyType::integer,
                    .otherwise = "of the recipe's seed and name",
                    .help = "the set of writers"},
                   {.name = "first",
                    .type = KeyType::integer,
                    .fallback = 0,
                    .help = "index of the first image of each class",
                    .range = {.high = std::int64_t{1} << 62}}},
          .open = open_glyphs};
}

}  // namespace titrate::source
