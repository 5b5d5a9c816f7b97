// The folder that a dataset is packed into: locked while it is, and cleared of what an interrupted run of
// ours left behind. The new files are made in a hidden folder inside it, so that an old dataset stays until
// every byte of the new one is on disk. Nothing that is not named like a file of ours is ever touched.
#pragma once

#include <filesystem>
#include <string>

#include "titrate/core/file.hpp"

namespace titrate::prep {

// Throws Error (usage) when `folder` holds a dataset and `force` does not say that it may be replaced.
void refuse_dataset(const std::filesystem::path& folder, bool force);

class OutputFolder {
 public:
  // Makes, locks and clears the folder. Throws Error: io, in_use, and as refuse_dataset.
  OutputFolder(const std::filesystem::path& folder, bool force);
  OutputFolder(OutputFolder&&) = delete;
  ~OutputFolder();  // clears away what was not published

  // Where the shards are written to.
  const std::filesystem::path& staging() const { return staging_; }

  // Replaces what dataset there is by the shards in staging() and this manifest. Throws Error (io): with the
  // old dataset as it was, unless it is the renaming that fails.
  void publish(const std::string& manifest);

 private:
  std::filesystem::path path_, staging_;
  FolderLock lock_;
};

}  // namespace titrate::prep
