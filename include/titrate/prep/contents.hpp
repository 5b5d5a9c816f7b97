// What the images of a dataset are like, read from its shards: what inspect shows beyond the manifest.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "titrate/shard/manifest.hpp"

namespace titrate::prep {

// Images of one class and origin in one split.
struct Look {
  std::uint64_t images = 0;
  std::uint64_t levels = 0;  // sum of all pixel values

  double brightness(const image::Shape& shape) const;  // mean level, 0 to 255; 0 without images
};

struct Contents {
  std::array<std::vector<std::array<Look, 3>>, 3> looks{};  // by split, class, origin
  std::vector<std::uint64_t> source_images{};               // by source of the manifest
  std::uint64_t repeated_images = 0;                        // images whose pixels another image has too
  std::uint64_t repeated_groups = 0;                        // different pictures among them
  std::uint64_t contradictions = 0;                         // such pictures that have several labels
};

// Reads every shard, checked as they are for training. Throws Error (integrity).
Contents read_contents(const std::filesystem::path& folder, const shard::Manifest& manifest);

}  // namespace titrate::prep
