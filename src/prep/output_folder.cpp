#include "titrate/prep/output_folder.hpp"

#include <algorithm>
#include <string_view>
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

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_number(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_digit); }

bool is_published(std::string_view name) {
  if (name == shard::kManifestName || name == "quarantine.jsonl") return true;
  constexpr std::string_view kPattern = "-#####-of-#####.h5";  // # is a digit
  const auto fits = [](char c, char pattern) { return pattern == '#' ? is_digit(c) : c == pattern; };
  return std::ranges::any_of(shard::kSplitNames, [&](std::string_view split) {
    return name.starts_with(split) && std::ranges::equal(name.substr(split.size()), kPattern, fits);
  });
}

fs::path made(const fs::path& folder) {
  make_folder(folder);
  return folder;
}

}  // namespace

bool is_ours(const std::string& name) {
  // ".NAME.tmpPID" is how core/file names what it is about to rename to NAME.
  const std::size_t end = name.rfind(".tmp");
  const bool temporary = name.starts_with('.') && end != std::string::npos && end > 1;
  if (temporary && is_number(std::string_view(name).substr(end + 4)))
    return is_published(name.substr(1, end - 1));
  return is_published(name);
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
