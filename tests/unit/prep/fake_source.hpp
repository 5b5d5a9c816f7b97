// Sources made for tests, item by item: what they hold, how they are related, and what cannot be read.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "../../../src/prep/plan.hpp"
#include "titrate/core/error.hpp"

namespace titrate::prep {

struct FakeItem {
  std::int32_t label = 0;
  std::uint32_t content = 0;  // equal numbers: equal pixels
  std::string path{};         // empty: "ITEM.png"
  shard::Split split = shard::Split::train;
  image::Shape shape{4, 4, 1};
};

class FakeSource : public source::Source {
 public:
  explicit FakeSource(const std::vector<FakeItem>& items, std::size_t classes = 2) {
    for (std::size_t i = 0; i < classes; ++i) listing_.class_names.push_back("c" + std::to_string(i));
    for (const FakeItem& item : items) {
      listing_.items.push_back(
          {.label = item.label,
           .split = item.split,
           .shape = item.shape,
           .path = item.path.empty() ? std::to_string(listing_.items.size()) + ".png" : item.path});
      content_.push_back(item.content);
    }
  }

  source::Listing& change() { return listing_; }
  source::Kinship& kin(std::size_t item) { return listing_.kinship[item]; }

  std::set<std::size_t> damaged{};  // items that cannot be read
  std::set<std::size_t> swapped{};  // items that are not of the shape that they are listed with
  ErrorCode damage = ErrorCode::integrity;

  image::Image read(std::size_t index) const override {
    if (damaged.contains(index))
      throw Error({.code = damage, .where = "/data/" + listing_.items[index].path, .what = "it is torn"});
    image::Shape shape = listing_.items[index].shape;
    if (swapped.contains(index)) ++shape.height;
    image::Image image(shape);
    for (std::size_t i = 0; i < image.pixels.size(); ++i)
      image.pixels[i] = static_cast<std::uint8_t>((content_[index] + 1) * 2654435761u * (i + 3) >> 13);
    return image;
  }

 private:
  std::vector<std::uint32_t> content_;
};

// `count` items, classes in turn, all different.
inline std::vector<FakeItem> fake_items(std::size_t count, std::size_t classes = 2,
                                        std::uint32_t first_content = 0) {
  std::vector<FakeItem> items;
  for (std::size_t i = 0; i < count; ++i) {
    items.push_back({.label = static_cast<std::int32_t>(i % classes),
                     .content = first_content + static_cast<std::uint32_t>(i)});
  }
  return items;
}

// A recipe for fake sources. `sources` has the TOML of each beyond its kind; the first is called "a", the
// second "b", ...
inline Recipe fake_recipe(const std::vector<std::string>& sources, const std::string& head = "",
                          const std::string& tail = "") {
  std::string text = "name = \"x\"\nseed = 1\n" + head + "\n";
  for (std::size_t i = 0; i < sources.size(); ++i) {
    text += "[[source]]\nkind = \"glyphs\"\nper_class = 1\nname = \"" +
            std::string(1, static_cast<char>('a' + i)) + "\"\n" + sources[i] + "\n";
  }
  return parse_recipe(text + tail, "recipe.toml");
}

inline constexpr const char* kSynthetic = "origin = \"synthetic\"\ngenerator = \"gan\"";

template <class... Some>
Sources sources_of(Some... some) {
  Sources sources;
  (sources.push_back(std::move(some)), ...);
  return sources;
}

inline std::unique_ptr<FakeSource> fake(const std::vector<FakeItem>& items, std::size_t classes = 2) {
  return std::make_unique<FakeSource>(items, classes);
}

}  // namespace titrate::prep
