// Packing: recipe and sources in, dataset folder out.
//
// The bytes of a dataset are a function of the recipe and the files it names: neither threads nor time nor
// place show in them, nor how often the packing was interrupted. What was interrupted has no manifest; the
// same call goes on after the last shard that was whole.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "titrate/shard/manifest.hpp"

namespace titrate::prep {

struct PackOptions {
  std::filesystem::path recipe{};  // a recipe, or images: see plain_recipe.hpp
  std::filesystem::path out{};
  std::optional<std::filesystem::path> data_root{};  // else the environment's TITRATE_DATA, else here
  std::vector<std::string> overrides{};              // KEY=VALUE
  unsigned threads = 0;                              // 0: all processors that may be used
  bool force = false;                                // replace a dataset that is there
  bool allow_leaks = false;                          // go on when a held-out image is in training too
  bool quiet = false;                                // no progress line
};

struct PackResult {
  shard::Manifest manifest{};
  std::vector<std::string> notes{};     // what was done that the recipe does not say
  std::vector<std::string> warnings{};  // what the user should know, though it was packed
  double seconds = 0;
};

// Throws Error: usage (recipe, a folder that holds a dataset, training images of one grey level), integrity
// (source files, a held-out image that is in training too), io (disk, permission), in_use. On failure the
// folder still has the dataset that it had.
PackResult pack(const PackOptions& options);

}  // namespace titrate::prep
