// The recipe: the TOML file that says what to pack, read strictly.
//
// An unknown key, a wrong type or a value out of range is an error that names file, line and key. Everything
// that the file leaves out is filled in here, so that the rest of the module sees no default.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "titrate/core/choice.hpp"
#include "titrate/image/operation.hpp"
#include "titrate/image/transform.hpp"
#include "titrate/shard/manifest.hpp"
#include "titrate/source/settings.hpp"

namespace titrate::prep {

// One [[source]].
struct SourceRecipe {
  source::SourceSettings settings{};  // its path is as it was written
  shard::SourceInfo info{};
  std::vector<image::Transform> transforms{};  // those of the source, then those of the recipe
  bool strict = false;                         // one image that cannot be read ends the packing
};

// One [[augment]]: changed copies of each real training image.
struct AugmentRecipe {
  std::vector<image::Operation> operations{};
  std::string preset{};      // whose rules on labels the operations are held against
  std::uint32_t copies = 1;  // of each image; or, where `to` is there, as many as bring each class to
  std::optional<std::uint64_t> to{};  // this number; kLargestClass: to that of the largest class
  bool held_out = false;              // also of the images outside training
  std::string where{};                // for messages
};

inline constexpr std::uint64_t kLargestClass = 0;

// What stays together when images are held out: a family, or (the usual mistake) only each image with itself.
enum class SplitUnit { family, image };
constexpr auto choices(SplitUnit) {
  return choice_table<SplitUnit>({{SplitUnit::family, "family"}, {SplitUnit::image, "image"}});
}

// [split]: shares of the real training images that are held out.
struct SplitRecipe {
  double test = 0, validation = 0;
  SplitUnit by = SplitUnit::family;
  std::string where{};  // for messages
};

struct Recipe {
  std::string file{};  // as it was given; for messages
  std::string name{};
  std::uint64_t seed = 0;
  std::uint32_t shard_megabytes = 64;     // of pixels, in millions of bytes; the largest a shard may be
  std::optional<std::uint32_t> shards{};  // exact number of training shards instead
  std::vector<SourceRecipe> sources{};
  SplitRecipe split{};
  std::vector<AugmentRecipe> augments{};
};

// `overrides` are KEY=VALUE with dotted keys ("source.0.per_class=100"); they win over the file. Throws Error
// (usage).
Recipe load_recipe(const std::filesystem::path& file, std::span<const std::string> overrides = {});

// The same for the recipe that a folder or file of images is packed by where none is written
// (plain_recipe.hpp).
Recipe parse_recipe(const std::string& text, const std::string& where,
                    std::span<const std::string> overrides = {});

// Every key that a recipe may have, with its default: from the tables that load_recipe() reads by.
std::string recipe_help();

// Throws Error (usage): what is wrong with a recipe.
[[noreturn]] void refuse_recipe(const std::string& where, const std::string& what,
                                const std::string& expected = "", const std::string& got = "",
                                const std::string& hint = "");

// The resolved recipe for the manifest. Has nothing of the machine in it but paths that the recipe has.
std::string to_json(const Recipe& recipe);

// What was done to an image, as a shard's /operations has it: "[\"rotate 10\",\"shift 2\"]".
std::string to_json(const std::vector<image::Operation>& operations);

}  // namespace titrate::prep
