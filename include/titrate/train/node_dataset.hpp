// A dataset in memory that the ranks of a node share: every file is read once per node.
#pragma once

#include <filesystem>
#include <functional>

#include "titrate/comm/node_buffer.hpp"
#include "titrate/comm/session.hpp"
#include "titrate/data/catalog.hpp"

namespace titrate::train {

class NodeDataset {
 public:
  // Collective over the session's world; what one rank throws, all throw. Where shards are read, `on_shard`
  // is called after each, and `on_read` after the last, before the wait for other nodes.
  NodeDataset(
      const comm::Session& session, const std::filesystem::path& folder,
      const std::function<void()>& on_shard = [] {}, const std::function<void()>& on_read = [] {});

  const data::Dataset& operator*() const { return dataset_; }
  const data::Dataset* operator->() const { return &dataset_; }

 private:
  shard::Manifest manifest_;
  comm::NodeBuffer memory_;
  data::Dataset dataset_;  // looks at memory_
};

}  // namespace titrate::train
