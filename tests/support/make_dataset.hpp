// Small datasets for tests and benches: given or random images, written as shards and read back as a trial
// reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "titrate/data/batch.hpp"
#include "titrate/data/loaded_dataset.hpp"

namespace titrate::test {

// One image. Ids of 0 are filled in: sample_id from the place in the list, parent_id and family_id from
// sample_id.
struct Sample {
  std::vector<std::uint8_t> pixels{};  // H x W x C
  std::int32_t label = 0;
  data::Split split = data::Split::train;
  data::Origin origin = data::Origin::real;
  std::uint64_t sample_id = 0, parent_id = 0, family_id = 0;
};

struct DatasetContent {
  std::string name = "small";
  image::Shape shape{8, 8, 1};
  std::uint32_t classes = 0;      // their names are "c0", "c1", ...
  std::vector<Sample> samples{};  // any order of splits; a split keeps the order of its samples
};

// Images of one class.
struct ClassSize {
  std::uint32_t real = 0;
  std::uint32_t copies = 0;  // augmented children of each real one
  std::uint32_t synthetic = 0;
  std::uint32_t test = 0;
};

// Random pixels; the classes are mixed, so that rows of one class do not lie together.
DatasetContent random_content(const image::Shape& shape, const std::vector<ClassSize>& sizes,
                              std::uint64_t seed = 1);

// The sample_id that a sample without one gets.
std::uint64_t default_sample_id(std::size_t place);

// Writes shards and manifest (each split in `shards` files) into an existing folder.
void write_dataset(const std::filesystem::path& folder, const DatasetContent& content,
                   std::uint32_t shards = 1);

using data::LoadedDataset;

// Written to a folder of its own, which is gone when this returns.
LoadedDataset make_dataset(const DatasetContent& content, std::uint32_t shards = 1);

}  // namespace titrate::test

namespace titrate::data {

// Standardised by the manifest's mean and deviation, otherwise as it comes.
Pipeline make_pipeline(const shard::Manifest& manifest, const image::Noise& noise, std::uint64_t seed);

}  // namespace titrate::data
