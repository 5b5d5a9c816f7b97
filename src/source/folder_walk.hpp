// What is in a folder of pictures, in an order that no file system decides; private to this module.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "titrate/source/source.hpp"

namespace titrate::source {

// Names in one folder, ordered by their bytes.
struct FolderContent {
  std::vector<std::string> folders{};
  std::vector<std::string> files{};
};

// Paths are relative to the root, with '/'; "" is the root.
class FolderWalk {
 public:
  explicit FolderWalk(std::filesystem::path root) : root_(std::move(root)) {}

  // Throws Error (io) where the folder cannot be read.
  FolderContent content(const std::string& folder);

  // The paths of all files in the folder and below, in no particular order. A folder that is there twice, as
  // links can make it, is taken once, and so are those that `folder` lies in: no loop is followed.
  std::vector<std::string> files_below(const std::string& folder);

  // What was named but cannot be taken, so far.
  std::vector<Refusal>& refused() { return refused_; }
  // What is hidden, so far, for the listing.
  std::vector<std::string> notes() const;

 private:
  using Identity = std::pair<dev_t, ino_t>;

  void add_entry(const std::filesystem::directory_entry& entry, const std::string& folder,
                 FolderContent& content);
  std::set<Identity> above(const std::string& folder) const;

  std::filesystem::path root_;
  std::vector<Refusal> refused_;
  std::vector<std::string> hidden_folders_, hidden_files_;
};

// "a/b"; "b" where folder is "".
std::string path_in(const std::string& folder, const std::string& name);

}  // namespace titrate::source
