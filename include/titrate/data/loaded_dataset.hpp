// A dataset in memory of this process alone.
#pragma once

#include <filesystem>
#include <memory>

#include "titrate/data/catalog.hpp"

namespace titrate::data {

class LoadedDataset {
 public:
  // Reads every shard of the folder. Throws Error as read_manifest() and load_dataset() do.
  explicit LoadedDataset(const std::filesystem::path& folder);

  const Dataset& operator*() const { return *dataset_; }
  const Dataset* operator->() const { return dataset_.get(); }

 private:
  struct alignas(64) Line {
    std::byte bytes[64];
  };

  std::vector<Line> block_;
  std::unique_ptr<Dataset> dataset_;  // looks at block_
};

}  // namespace titrate::data
