#include "titrate/prep/output_folder.hpp"

#include <regex>
#include <system_error>
#include <vector>

#include "titrate/core/error.hpp"
#include "titrate/shard/manifest.hpp"

namespace titrate::prep {
namespace {

namespace fs = std::filesystem;

// The manifest goes first: a folder without one holds no dataset, whatever else is still there.
void clear(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (is_ours(entry.path().filename().string()) && !entry.is_directory()) files.push_back(entry.path());
  }
  if (fs::remove(folder / shard::kManifestName)) sync_folder(folder);
  for (const fs::path& file : files) fs::remove(file);
}

fs::path made(const fs::path& folder) {
  make_folder(folder);
  return folder;
}

}  // namespace

bool is_ours(const std::string& name) {
  static const std::regex file(
      R"((train|validation|test)-\d{5}-of-\d{5}\.h5|manifest\.json|quarantine\.jsonl)");
  static const std::regex temporary(R"(\.(.+)\.tmp\d+)");
  std::smatch match;
  return std::regex_match(name, file) ||
         (std::regex_match(name, match, temporary) && std::regex_match(match[1].str(), file));
}

void refuse_dataset(const fs::path& folder, bool force) {
  std::error_code error;
  if (force || !fs::exists(folder / shard::kManifestName, error)) return;
  throw Error({.code = ErrorCode::usage,
               .where = folder.string(),
               .what = "the folder holds a dataset already",
               .hint = "choose another --out, or replace it with --force"});
}

OutputFolder::OutputFolder(const fs::path& folder, bool force) : path_(made(folder)), lock_(folder) {
  refuse_dataset(folder, force);
  try {
    clear(path_);
  } catch (const fs::filesystem_error& error) {
    throw Error({.code = ErrorCode::io,
                 .where = path_.string(),
                 .what = "cannot clear the folder of an earlier run",
                 .got = error.code().message()});
  }
}

OutputFolder::~OutputFolder() {
  if (published_) return;
  try {
    clear(path_);
  } catch (const std::exception&) {
    // The next run clears it; the error that ended this one is the one to report.
  }
}

void OutputFolder::publish(const std::string& manifest) {
  write_file(path_ / shard::kManifestName, manifest);
  published_ = true;
}

}  // namespace titrate::prep
