// The dataset format, version 1, in memory: what a shard file holds, row by row.
//
// A shard is one HDF5 file (libver latest, no object times) with these row-aligned, contiguous datasets of
// length N:
//
//   images        uint8 N x H x W x C
//   labels        int32, an index into class_names
//   origin        enum uint8 {real 0, augmented 1, synthetic 2}
//   sample_id     uint64, hash of (source name, path, row)
//   parent_id     uint64, the image this was made from, or sample_id
//   family_id     uint64, images that must stay on one side of a split share it
//   content_hash  uint64, xxh3 of the pixels
//   source        uint32, row of /sources
//   source_row    uint64, where in the source it lay; with
//   source_path   UTF-8 string
//   operation     uint32, row of /operations
//
// /sources and /operations are UTF-8 strings, each one a JSON object or list (operations: what was done to
// the image, row 0 is []). All strings have a fixed length and are padded with zeros, so that the bytes of a
// file are a function of its content. Root attributes repeat what a lone shard needs: format
// ("titrate-shard"), version, dataset, split, index, count, class_names.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "titrate/image/image.hpp"

namespace titrate::shard {

inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::string_view kFormatName = "titrate-shard";

enum class Origin : std::uint8_t { real = 0, augmented = 1, synthetic = 2 };
enum class Split : std::uint8_t { train = 0, validation = 1, test = 2 };

inline constexpr std::array<std::string_view, 3> kOriginNames{"real", "augmented", "synthetic"};
inline constexpr std::array<std::string_view, 3> kSplitNames{"train", "validation", "test"};

inline std::string_view name_of(Origin origin) { return kOriginNames[static_cast<std::size_t>(origin)]; }
inline std::string_view name_of(Split split) { return kSplitNames[static_cast<std::size_t>(split)]; }

// Throw Error (usage) that names `where` and the nearest name.
Origin parse_origin(std::string_view text, std::string_view where);
Split parse_split(std::string_view text, std::string_view where);

// What is known of one image besides its pixels.
struct Row {
  std::uint64_t sample_id = 0;
  std::uint64_t parent_id = 0;
  std::uint64_t family_id = 0;
  std::uint64_t content_hash = 0;
  std::uint64_t source_row = 0;
  std::string source_path{};
  std::int32_t label = 0;
  std::uint32_t source = 0;
  std::uint32_t operations = 0;
  Origin origin = Origin::real;
};

// One shard, whole. `images` holds rows.size() pictures of `shape`, one after another.
struct ShardContent {
  std::string dataset{};
  Split split = Split::train;
  std::uint32_t index = 0;
  std::uint32_t count = 1;
  image::Shape shape{};
  std::vector<std::string> class_names{};
  std::vector<std::string> sources{};     // JSON
  std::vector<std::string> operations{};  // JSON
  std::vector<Row> rows{};
  std::vector<std::uint8_t> images{};
};

// "train-00000-of-00004.h5"
std::string shard_file_name(Split split, std::uint32_t index, std::uint32_t count);

}  // namespace titrate::shard
