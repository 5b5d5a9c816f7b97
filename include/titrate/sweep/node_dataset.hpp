// A dataset in memory that the ranks of a node share: every file is read once per node.
#pragma once

#include <filesystem>
#include <functional>

#include "titrate/comm/node_buffer.hpp"
#include "titrate/comm/session.hpp"
#include "titrate/data/catalog.hpp"

namespace titrate::sweep {

class NodeDataset {
 public:
  // Collective over the session's world; what one rank throws, all throw. `on_shard` is called after each
  // shard, where it is read.
  NodeDataset(
      const comm::Session& session, const std::filesystem::path& folder,
      const std::function<void()>& on_shard = [] {});

  const data::Dataset& operator*() const { return dataset_; }
  const data::Dataset* operator->() const { return &dataset_; }

 private:
  shard::Manifest manifest_;
  comm::NodeBuffer memory_;
  data::Dataset dataset_;  // looks at memory_
};

}  // namespace titrate::sweep
