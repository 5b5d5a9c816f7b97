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

constexpr const char* kStagingName = ".packing";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_number(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_digit); }

bool is_published(std::string_view name) {
  if (name == shard::kManifestName) return true;
  constexpr std::string_view kPattern = "-#####-of-#####.h5";  // # is a digit
  const auto fits = [](char c, char pattern) { return pattern == '#' ? is_digit(c) : c == pattern; };
  return std::ranges::any_of(shard::kSplitNames, [&](std::string_view split) {
    return name.starts_with(split) && std::ranges::equal(name.substr(split.size()), kPattern, fits);
  });
}

// Is `name` one that packing gives: a shard, the manifest, or the temporary file of one?
bool is_ours(const std::string& name) {
  // ".NAME.tmpPID" is how core/file names what it is about to rename to NAME.
  const std::size_t end = name.rfind(".tmp");
  const bool temporary = name.starts_with('.') && end != std::string::npos && end > 1;
  if (temporary && is_number(std::string_view(name).substr(end + 4)))
    return is_published(name.substr(1, end - 1));
  return is_published(name);
}

std::vector<std::string> our_files(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (is_ours(name) && !entry.is_directory()) names.push_back(name);
  }
  return names;
}

// The manifest goes first: a folder without one holds no dataset, whatever else is still there.
void clear(const fs::path& folder) {
  const std::vector<std::string> names = our_files(folder);
  if (fs::remove(folder / shard::kManifestName)) sync_folder(folder);
  for (const std::string& name : names) fs::remove(folder / name);
}

// What a run left that did not end well. A dataset stays.
void clear_leftovers(const fs::path& folder) {
  const fs::path staging = folder / kStagingName;
  if (fs::is_directory(staging)) {
    clear(staging);
    std::error_code not_empty;
    fs::remove(staging, not_empty);
  }
  if (!fs::exists(folder / shard::kManifestName)) clear(folder);
}

// From here on the old dataset is gone and, before the last line, the new one not there.
void swap_in(const fs::path& staging, const fs::path& folder) {
  const std::vector<std::string> names = our_files(staging);
  clear(folder);
  for (const std::string& name : names) {
    if (name != shard::kManifestName) fs::rename(staging / name, folder / name);
  }
  sync_folder(folder);
  fs::rename(staging / shard::kManifestName, folder / shard::kManifestName);
  sync_folder(folder);
}

fs::path made(const fs::path& folder) {
  make_folder(folder);
  return folder;
}

[[noreturn]] void fail(const fs::path& folder, const char* what, const fs::filesystem_error& error) {
  throw Error({.code = ErrorCode::io, .where = folder.string(), .what = what, .got = error.code().message()});
}

}  // namespace

void refuse_dataset(const fs::path& folder, bool force) {
  std::error_code error;
  if (force || !fs::exists(folder / shard::kManifestName, error)) return;
  throw Error({.code = ErrorCode::usage,
               .where = folder.string(),
               .what = "the folder holds a dataset already",
               .hint = "choose another --out, or replace it with --force"});
}

OutputFolder::OutputFolder(const fs::path& folder, bool force)
    : path_(made(folder)), staging_(folder / kStagingName), lock_(folder) {
  refuse_dataset(folder, force);
  try {
    clear_leftovers(path_);
  } catch (const fs::filesystem_error& error) {
    fail(path_, "cannot clear the folder of an earlier run", error);
  }
  make_folder(staging_);
}

OutputFolder::~OutputFolder() {
  try {
    clear_leftovers(path_);
  } catch (const std::exception&) {
    // The next run clears it; the error that ended this one is the one to report.
  }
}

void OutputFolder::publish(const std::string& manifest) {
  write_file(staging_ / shard::kManifestName, manifest);
  try {
    swap_in(staging_, path_);
  } catch (const fs::filesystem_error& error) {
    fail(path_, "cannot move the new dataset into place", error);
  }
}

}  // namespace titrate::prep
