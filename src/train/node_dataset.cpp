#include "titrate/train/node_dataset.hpp"

#include <optional>

#include "titrate/comm/agreement.hpp"

namespace titrate::train {
namespace {

shard::Manifest read_together(const comm::Session& session, const std::filesystem::path& folder) {
  shard::Manifest manifest;
  comm::together(session.world(), [&] { manifest = shard::read_manifest(folder); });
  return manifest;
}

comm::NodeBuffer load(const comm::Session& session, const std::filesystem::path& folder,
                      const shard::Manifest& manifest, const std::function<void()>& on_shard,
                      const std::function<void()>& on_read) {
  std::optional<comm::NodeBuffer> memory;
  comm::together(session.world(), [&] {
    memory.emplace(session.node(), data::dataset_bytes(manifest));
    memory->fill([&](std::span<std::byte> block) {
      data::load_dataset(folder, manifest, block, on_shard);
      on_read();
    });
  });
  return std::move(*memory);
}

}  // namespace

NodeDataset::NodeDataset(const comm::Session& session, const std::filesystem::path& folder,
                         const std::function<void()>& on_shard, const std::function<void()>& on_read)
    : manifest_(read_together(session, folder)),
      memory_(load(session, folder, manifest_, on_shard, on_read)),
      dataset_(manifest_, memory_.bytes()) {}

}  // namespace titrate::train
