#include "titrate/source/glyphs.hpp"

#include <algorithm>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/image/glyph.hpp"

namespace titrate::source {
namespace {

constexpr std::uint32_t kSmallest = 8, kLargest = 1024;

class Glyphs : public Source {
 public:
  explicit Glyphs(const SourceSettings& settings) : seed_(settings.seed), size_(settings.size) {
    listing_.shape = {size_, size_, 1};
    listing_.class_names = settings.classes.empty() ? image::glyph_classes() : settings.classes;
    for (const std::string& name : listing_.class_names) glyph_class_.push_back(find_class(name, settings));
    listing_.items.reserve(std::size_t{settings.per_class} * listing_.class_names.size());
    for (std::uint64_t i = 0; i < settings.per_class; ++i) {
      for (std::size_t label = 0; label < listing_.class_names.size(); ++label) {
        listing_.items.push_back({.label = static_cast<std::int32_t>(label),
                                  .split = settings.split.value_or(shard::Split::train),
                                  .row = settings.first + i,
                                  .path = listing_.class_names[label]});
      }
    }
  }

  void read(std::size_t index, std::span<std::uint8_t> out) const override {
    const Item& item = listing_.items[index];
    const image::Image image =
        image::draw_glyph({.glyph_class = glyph_class_[static_cast<std::size_t>(item.label)],
                           .index = item.row,
                           .seed = seed_,
                           .size = size_});
    std::copy(image.pixels.begin(), image.pixels.end(), out.begin());
  }

 private:
  static std::uint32_t find_class(const std::string& name, const SourceSettings& settings) {
    const std::vector<std::string> known = image::glyph_classes();
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      throw Error({.code = ErrorCode::usage,
                   .where = settings.where,
                   .what = "no glyphs are drawn for class \"" + name + "\"",
                   .expected = "classes = \"digits\", or a list of some of " + join(known, ", ")});
    }
    return static_cast<std::uint32_t>(found - known.begin());
  }

  std::uint64_t seed_;
  std::uint32_t size_;
  std::vector<std::uint32_t> glyph_class_;  // by label
};

}  // namespace

std::unique_ptr<Source> open_glyphs(const SourceSettings& settings) {
  if (settings.size < kSmallest || settings.size > kLargest) {
    throw Error({.code = ErrorCode::usage,
                 .where = settings.where,
                 .what = "glyphs cannot be drawn in this size",
                 .expected = std::to_string(kSmallest) + " to " + std::to_string(kLargest) + " pixels",
                 .got = std::to_string(settings.size)});
  }
  return std::make_unique<Glyphs>(settings);
}

}  // namespace titrate::source
