#include "titrate/prep/montage.hpp"

#include <algorithm>
#include <map>

#include "titrate/core/text.hpp"
#include "titrate/draw/caption.hpp"
#include "titrate/image/transform.hpp"
#include "titrate/shard/reader.hpp"

namespace titrate::prep {
namespace {

constexpr std::size_t kExamples = 16;            // of each line
constexpr std::uint32_t kLargestThumbnail = 64;  // pixels
constexpr std::size_t kLongestName = 40;         // characters of a class that are shown
constexpr std::size_t kMostLines = 500;          // of the sheet; a thousand classes would not be looked at
constexpr std::uint32_t kGap = 2, kMargin = 4;
constexpr std::uint8_t kGround = 24, kInk = 220;  // levels

// One line of the sheet.
struct Strip {
  std::string name{};
  std::uint64_t images = 0, seen = 0;
  std::vector<image::Image> examples{};

  // Is the next image one of those that are spread over all?
  bool wants() const {
    const std::uint64_t wanted = std::min<std::uint64_t>(images, kExamples);
    return examples.size() < wanted && seen * wanted >= examples.size() * images;
  }
};

using Strips = std::map<std::pair<std::int32_t, shard::Origin>, Strip>;  // by class and origin

// One byte for each character, since what is not ASCII has no form of its own, and no more than are read.
std::string caption_of(const std::string& name) {
  std::string text;
  for (const char c : name) {
    if ((c & 0xc0) != 0x80) text += c;
  }
  if (text.size() > kLongestName) text = text.substr(0, kLongestName - 3) + "...";
  return text;
}

Strips plan_strips(const shard::Manifest& manifest) {
  Strips strips;
  for (const shard::SplitCounts& split : manifest.splits) {
    for (std::size_t c = 0; c < split.counts.size(); ++c) {
      for (std::size_t origin = 0; origin < shard::kOriginNames.size(); ++origin) {
        if (split.counts[c][origin] > 0)
          strips[{static_cast<std::int32_t>(c), static_cast<shard::Origin>(origin)}].images +=
              split.counts[c][origin];
      }
    }
  }
  while (strips.size() > kMostLines) strips.erase(std::prev(strips.end()));
  for (auto& [key, strip] : strips) {
    strip.name = caption_of(manifest.class_names[static_cast<std::size_t>(key.first)]) + " " +
                 std::string(name_of(key.second)) + " " + with_commas(strip.images);
  }
  return strips;
}

image::Image thumbnail(const image::View& view) {
  image::Image image(view);
  const std::uint32_t longer = std::max(view.shape.height, view.shape.width);
  if (longer <= kLargestThumbnail) return image;
  const auto shrunk = [&](std::uint32_t side) { return std::max(1u, side * kLargestThumbnail / longer); };
  const image::Transform resize =
      image::transforms::Resize{shrunk(view.shape.height), shrunk(view.shape.width)};
  return image::transform({&resize, 1}, std::move(image));
}

void collect(const std::filesystem::path& folder, const shard::Manifest& manifest, Strips& strips) {
  const std::size_t size = manifest.shape.bytes();
  for (const shard::ShardFile& file : manifest.shards) {
    const shard::Shard shard(folder, manifest, file);
    for (std::size_t i = 0; i < shard.rows().size(); ++i) {
      const shard::Row& row = shard.rows()[i];
      const auto found = strips.find({row.label, row.origin});
      if (found == strips.end()) continue;
      Strip& strip = found->second;
      if (strip.wants())
        strip.examples.push_back(thumbnail({manifest.shape, shard.pixels().subspan(i * size, size)}));
      ++strip.seen;
    }
  }
}

void paste(const image::Image& from, image::Image& to, std::uint32_t top, std::uint32_t left) {
  const std::size_t row = std::size_t{from.shape.width} * from.shape.channels;
  for (std::uint32_t y = 0; y < from.shape.height; ++y) {
    const std::size_t at = (std::size_t{top + y} * to.shape.width + left) * to.shape.channels;
    std::copy_n(from.pixels.begin() + static_cast<std::ptrdiff_t>(y * row), row,
                to.pixels.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

}  // namespace

image::Image make_montage(const std::filesystem::path& folder, const shard::Manifest& manifest) {
  Strips strips = plan_strips(manifest);
  collect(folder, manifest, strips);
  std::uint32_t longest_name = 0, columns = 0;
  for (const auto& [key, strip] : strips) {
    longest_name = std::max(longest_name, static_cast<std::uint32_t>(strip.name.size()));
    columns = std::max(columns, static_cast<std::uint32_t>(strip.examples.size()));
  }
  const image::Shape cell = strips.begin()->second.examples.front().shape;
  const std::uint32_t line = std::max(cell.height, draw::kCaptionHeight) + kGap;
  const std::uint32_t pictures = kMargin + longest_name * draw::kCaptionAdvance + kMargin;
  image::Image sheet(image::Shape{2 * kMargin + static_cast<std::uint32_t>(strips.size()) * line - kGap,
                                  pictures + columns * (cell.width + kGap) - kGap + kMargin, cell.channels});
  std::ranges::fill(sheet.pixels, kGround);
  std::uint32_t top = kMargin;
  for (const auto& [key, strip] : strips) {
    draw::write_caption(sheet, strip.name, top + (line - kGap - draw::kCaptionHeight) / 2, kMargin, kInk);
    for (std::size_t i = 0; i < strip.examples.size(); ++i)
      paste(strip.examples[i], sheet, top, pictures + static_cast<std::uint32_t>(i) * (cell.width + kGap));
    top += line;
  }
  return sheet;
}

}  // namespace titrate::prep
