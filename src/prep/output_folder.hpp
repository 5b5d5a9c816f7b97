// The folder that a dataset is packed into: locked while it is. The new files are made in a hidden folder
// inside it, so that an old dataset stays until every byte of the new one is on disk. Nothing that is not
// named like a file of ours is ever touched.
//
// The hidden folder also has a journal of the shards that are whole. What is interrupted, by whatever, leaves
// both behind; the same packing, told by its key, goes on from there, and another one clears them away.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "titrate/core/file.hpp"
#include "titrate/core/json_lines.hpp"
#include "titrate/shard/manifest.hpp"
#include "titrate/source/source.hpp"

namespace titrate::prep {

// Throws Error (usage) when `folder` holds a dataset and `force` does not say that it may be replaced.
void refuse_dataset(const std::filesystem::path& folder, bool force);

// A shard that is on disk, and the images that it lacks because they cannot be read.
struct SealedShard {
  shard::ShardFile file{};
  std::vector<source::Refusal> refused{};
};

class OutputFolder {
 public:
  // Makes, locks and clears the folder; `key` tells one packing from another. Throws Error: io, in_use, and
  // as refuse_dataset.
  OutputFolder(const std::filesystem::path& folder, bool force, const std::string& key);
  OutputFolder(OutputFolder&&) = delete;
  ~OutputFolder();  // clears away what was begun, if no shard of it is whole

  // Where the files are written to.
  const std::filesystem::path& staging() const { return staging_; }

  // What an earlier run with the same key sealed. Whoever uses it checks it.
  const std::map<std::string, SealedShard>& sealed() const { return sealed_; }
  void seal(const SealedShard& shard);  // throws Error (io)

  // Replaces what dataset there is by the files in staging() and this manifest. Throws Error (io): with the
  // old dataset as it was, unless it is the renaming that fails.
  void publish(const std::string& manifest);

 private:
  void read_journal(const std::string& key);

  std::filesystem::path path_, staging_;
  FolderLock lock_;
  std::map<std::string, SealedShard> sealed_;  // by name
  std::optional<JsonLinesWriter> journal_;
  bool published_ = false;
};

}  // namespace titrate::prep
