// Where images come from: one interface over every input format.
//
// A source is opened once: it then knows every image it has (its listing), of which it has read no more than
// the headers. Pixels are read by index, from any thread. A new format is one more file, with its kind, and
// one more line in the table of kinds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "titrate/image/image.hpp"
#include "titrate/shard/format.hpp"
#include "titrate/source/settings.hpp"

namespace titrate::source {

// One image that a source has. (path, row) names it within its source and does not change when others join.
struct Item {
  std::int32_t label = 0;
  shard::Split split = shard::Split::train;
  std::uint32_t part = 0;  // index into Listing::parts
  image::Shape shape{};    // as read() gives it
  std::uint64_t row = 0;
  std::string path{};
};

// A source may hold images of several makers, each of which the dataset names as a source of its own.
struct Part {
  std::string name{};  // added to the name of the source: "NAME/gan"; the first part may have none
  std::optional<shard::Origin> origin{};  // empty: as the recipe says
  std::string generator{};
  std::string trained_on{};
  std::string licence{};
};

// What a source knows of where an image of its own comes from.
struct Kinship {
  std::optional<std::size_t> parent{};    // the item that this one is an augmented copy of
  std::string operations{};               // what was done to the parent, JSON as in a shard's /operations
  std::optional<std::uint64_t> family{};  // items of one value stay on one side of a split
  std::vector<std::string> parents{};     // paths of real images that a generator started from
};

// What is named in the source but cannot be packed.
struct Refusal {
  std::string path{};
  std::string why{};
};

struct Listing {
  std::vector<std::string> class_names{};
  std::vector<Item> items{};
  std::vector<Part> parts{Part{}};
  std::unordered_map<std::size_t, Kinship> kinship{};  // by item, where there is something to know
  std::vector<Refusal> refused{};
  std::vector<std::string> notes{};  // what was passed over on purpose: hidden folders, ...
  std::string sidecar{};             // JSON lines: what is known of each image; empty: nothing
  std::uint64_t state = 0;           // changes when a file of the source does; see file_state()
};

class Source {
 public:
  virtual ~Source() = default;

  const Listing& listing() const { return listing_; }

  // The pixels of listing().items[index]; their shape is the item's. Thread-safe. Throws Error (integrity,
  // io) when this image cannot be read, though the others may.
  virtual image::Image read(std::size_t index) const = 0;

 protected:
  Listing listing_{};
};

struct Kind {
  std::string name{};
  std::string help{};
  std::vector<DocumentKey> keys{};  // beyond those that every source has
  std::unique_ptr<Source> (*open)(const SourceSettings& settings) = nullptr;
};

std::span<const Kind> kinds();

// Throws Error (usage) that names `where` and the nearest kind.
const Kind& find_kind(const std::string& name, const std::string& where);

// Opens what the settings name, which have all fallbacks. Throws Error: usage for settings that the kind
// refuses, integrity for files that are missing or damaged.
std::unique_ptr<Source> open_source(const SourceSettings& settings);

// Name, size and time of last change, hashed: enough to see that a file is another one than it was.
std::uint64_t file_state(const std::filesystem::path& path);

}  // namespace titrate::source
