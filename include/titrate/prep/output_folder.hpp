// The folder that a dataset is packed into: locked while it is, cleared of what an interrupted run of ours
// left behind, and of what this run wrote if it does not end well. Nothing that is not named like a file of
// ours is ever touched.
#pragma once

#include <filesystem>
#include <string>

#include "titrate/core/file.hpp"

namespace titrate::prep {

// Throws Error (usage) when `folder` holds a dataset and `force` does not say that it may be replaced.
void refuse_dataset(const std::filesystem::path& folder, bool force);

// Is `name` one that packing gives: a shard, the manifest, quarantine.jsonl, or the temporary file of one?
bool is_ours(const std::string& name);

class OutputFolder {
 public:
  // Makes, locks and clears the folder; a dataset in it is unpublished first. Throws Error: io, in_use, and
  // as refuse_dataset.
  OutputFolder(const std::filesystem::path& folder, bool force);
  OutputFolder(OutputFolder&&) = delete;
  ~OutputFolder();  // clears the folder again unless publish() was called

  const std::filesystem::path& path() const { return path_; }

  // Writes the manifest: from here on the folder is a dataset.
  void publish(const std::string& manifest);

 private:
  std::filesystem::path path_;
  FolderLock lock_;
  bool published_ = false;
};

}  // namespace titrate::prep
