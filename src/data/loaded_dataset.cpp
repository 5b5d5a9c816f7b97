#include "titrate/data/loaded_dataset.hpp"

namespace titrate::data {

LoadedDataset::LoadedDataset(const std::filesystem::path& folder) {
  const shard::Manifest manifest = shard::read_manifest(folder);
  const std::size_t bytes = dataset_bytes(manifest);
  block_.resize((bytes + sizeof(Line) - 1) / sizeof(Line));
  const std::span<std::byte> block(reinterpret_cast<std::byte*>(block_.data()), bytes);
  load_dataset(folder, manifest, block);
  dataset_ = std::make_unique<Dataset>(manifest, block);
}

}  // namespace titrate::data
