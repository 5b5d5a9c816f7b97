#include "output_folder.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

#include "titrate/core/error.hpp"
#include "titrate/shard/manifest.hpp"

namespace titrate::prep {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kStagingName = ".packing";
constexpr const char* kJournalName = "packing.jsonl";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_published(std::string_view name) {
  if (name == shard::kManifestName || name == shard::kVirtualName || name == shard::kQuarantineName)
    return true;
  if (name.starts_with(shard::kSidecarPrefix) && name.ends_with(".jsonl")) return true;
  constexpr std::string_view kPattern = "-#####-of-#####.h5";  // # is a digit
  const auto fits = [](char c, char pattern) { return pattern == '#' ? is_digit(c) : c == pattern; };
  return std::ranges::any_of(shard::kSplitNames, [&](std::string_view split) {
    return name.starts_with(split) && std::ranges::equal(name.substr(split.size()), kPattern, fits);
  });
}

// Is `name` one that packing gives: a shard, a file beside them, the journal, or the temporary file of one?
bool is_ours(const std::string& name) {
  if (name == kJournalName) return true;
  return is_published(name_to_be(name).value_or(name));
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

void clear_staging(const fs::path& staging) {
  if (!fs::is_directory(staging)) return;
  clear(staging);
  std::error_code not_empty;
  fs::remove(staging, not_empty);
}

// What was being written when the run ended, and what comes after the shards.
void clear_unsealed(const fs::path& staging, const std::map<std::string, SealedShard>& sealed) {
  for (const std::string& name : our_files(staging)) {
    if (name != kJournalName && !sealed.contains(name)) fs::remove(staging / name);
  }
}

// From here on the old dataset is gone and, before the last line, the new one not there.
void swap_in(const fs::path& staging, const fs::path& folder) {
  const std::vector<std::string> names = our_files(staging);
  clear(folder);
  for (const std::string& name : names) {
    if (name != shard::kManifestName && name != kJournalName) fs::rename(staging / name, folder / name);
  }
  sync_folder(folder);
  fs::rename(staging / shard::kManifestName, folder / shard::kManifestName);
  sync_folder(folder);
}

std::string to_json(const SealedShard& sealed) {
  Json refused = Json::array();
  for (const source::Refusal& refusal : sealed.refused) {
    // Paths may hold bytes that are no UTF-8; quarantine.jsonl shows them in the same way.
    refused.push_back({refusal.path, refusal.why});
  }
  const Json json{{"name", sealed.file.name},     {"split", static_cast<int>(sealed.file.split)},
                  {"rows", sealed.file.rows},     {"bytes", sealed.file.bytes},
                  {"sha256", sealed.file.sha256}, {"refused", refused}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

SealedShard read_sealed(const Json& json) {
  SealedShard sealed{.file = {.name = json.at("name").get<std::string>(),
                              .split = static_cast<shard::Split>(json.at("split").get<int>()),
                              .rows = json.at("rows").get<std::uint64_t>(),
                              .bytes = json.at("bytes").get<std::uint64_t>(),
                              .sha256 = json.at("sha256").get<std::string>()}};
  for (const Json& refusal : json.at("refused"))
    sealed.refused.push_back({refusal.at(0).get<std::string>(), refusal.at(1).get<std::string>()});
  return sealed;
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

OutputFolder::OutputFolder(const fs::path& folder, bool force, const std::string& key)
    : path_(made(folder)), staging_(folder / kStagingName), lock_(folder) {
  refuse_dataset(folder, force);
  if (fs::is_symlink(staging_)) {
    throw Error({.code = ErrorCode::usage,
                 .where = staging_.string(),
                 .what = "this is a link, and what it leads to may not be ours",
                 .hint = "remove it"});
  }
  try {
    read_journal(key);
    std::erase_if(sealed_, [&](const auto& shard) { return !fs::is_regular_file(staging_ / shard.first); });
    if (sealed_.empty())
      clear_staging(staging_);
    else
      clear_unsealed(staging_, sealed_);
    if (!fs::exists(path_ / shard::kManifestName)) clear(path_);
  } catch (const fs::filesystem_error& error) {
    fail(path_, "cannot clear the folder of an earlier run", error);
  }
  make_folder(staging_);
  const bool fresh = sealed_.empty();
  journal_.emplace(staging_ / kJournalName);
  if (fresh) journal_->append(Json{{"packing", key}}.dump());
}

// Leaves `sealed_` empty where the journal is of another packing.
void OutputFolder::read_journal(const std::string& key) {
  const fs::path path = staging_ / kJournalName;
  if (!fs::exists(path)) return;
  const std::vector<std::string> lines = read_json_lines(path).objects;
  if (lines.empty() || lines[0] != Json{{"packing", key}}.dump()) return;
  for (const std::string& line : std::span(lines).subspan(1)) {
    SealedShard sealed = read_sealed(Json::parse(line));
    sealed_[sealed.file.name] = std::move(sealed);
  }
}

OutputFolder::~OutputFolder() {
  try {
    if (published_ || sealed_.empty()) clear_staging(staging_);
  } catch (const std::exception&) {
    // The next run clears it; the error that ended this one is the one to report.
  }
}

void OutputFolder::seal(const SealedShard& shard) {
  journal_->append(to_json(shard));
  sealed_[shard.file.name] = shard;
}

void OutputFolder::publish(const std::string& manifest) {
  write_file(staging_ / shard::kManifestName, manifest);
  try {
    swap_in(staging_, path_);
  } catch (const fs::filesystem_error& error) {
    fail(path_, "cannot move the new dataset into place", error);
  }
  published_ = true;
}

}  // namespace titrate::prep
