// Where images come from: one interface over every input format.
//
// A source is opened once: it then knows every image it has (its listing) without having decoded it. Pixels
// are read by index, from any thread. A new format is one more file and one more line in the table of kinds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "titrate/image/image.hpp"
#include "titrate/shard/format.hpp"

namespace titrate::source {

// One image that a source has. (path, row) names it within its source and does not change when others join.
struct Item {
  std::int32_t label = 0;
  shard::Split split = shard::Split::train;
  std::uint64_t row = 0;
  std::string path{};
};

struct Listing {
  image::Shape shape{};
  std::vector<std::string> class_names{};
  std::vector<Item> items{};
};

class Source {
 public:
  virtual ~Source() = default;

  const Listing& listing() const { return listing_; }

  // The pixels of listing().items[index] into `out`, which has shape.bytes(). Thread-safe.
  virtual void read(std::size_t index, std::span<std::uint8_t> out) const = 0;

 protected:
  Listing listing_{};
};

// What a recipe says of a source, resolved. A kind reads the members it knows.
struct SourceSettings {
  std::string kind{};
  std::string where{};                  // for messages: "recipe.toml:12: source glyphs"
  std::filesystem::path path{};         // the folder or file
  std::vector<std::string> classes{};   // class names; empty: those of the kind
  std::optional<shard::Split> split{};  // empty: as the source has it
  std::uint32_t per_class = 0;          // glyphs: images of each class
  std::uint32_t size = 28;              // glyphs: side in pixels
  std::uint64_t seed = 0;               // glyphs
  std::uint64_t first = 0;              // glyphs: index of the first image
};

// A key of a recipe: what a reader allows and what the help says of it.
struct Key {
  std::string name{};
  std::string fallback{};  // "28", "as in the files"; for the help
  std::string help{};
  bool required = false;
};

struct Kind {
  std::string name{};
  std::string help{};
  std::vector<Key> keys{};  // beyond those that every source has
  std::unique_ptr<Source> (*open)(const SourceSettings& settings) = nullptr;
};

std::span<const Kind> kinds();

// Throws Error (usage) that names `where` and the nearest kind.
const Kind& find_kind(const std::string& name, const std::string& where);

// Throws Error: usage for settings that the kind refuses, integrity for files that are missing or damaged.
std::unique_ptr<Source> open_source(const SourceSettings& settings);

}  // namespace titrate::source
