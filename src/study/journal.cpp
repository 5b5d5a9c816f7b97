#include "titrate/study/journal.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <tuple>

#include "titrate/core/error.hpp"
#include "titrate/core/json_lines.hpp"
#include "titrate/core/text.hpp"

namespace titrate::study {
namespace {

std::vector<std::filesystem::path> journal_files(const std::filesystem::path& run_folder) {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path folder = run_folder / "journal";
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw Error({.code = ErrorCode::io,
                 .where = folder.string(),
                 .what = "cannot read the journal",
                 .got = error.message()});
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::uint32_t attempt_of(const std::filesystem::path& file) {
  unsigned attempt = 0;
  return std::sscanf(file.filename().c_str(), "attempt-%u-", &attempt) == 1 ? attempt : 0;
}

constexpr std::size_t kMostNamed = 4;  // of trials that begin alike

bool has_result(const TrialRecord& record) { return record.status != Status::failed; }

void check_agreement(const TrialRecord& a, const TrialRecord& b) {
  const std::string left = deterministic_json(a), right = deterministic_json(b);
  if (left == right) return;
  throw Error({.code = ErrorCode::integrity,
               .where = "trial " + a.trial,
               .what = "two runs of it in one numerics class (" + a.numerics + ") differ",
               .expected = left,
               .got = right,
               .hint = "the machine or the build is not deterministic: keep the journal and report this"});
}

}  // namespace

std::filesystem::path journal_file(const std::filesystem::path& run_folder, std::uint32_t attempt,
                                   int world_rank) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "attempt-%04u-rank-%05d.jsonl", attempt, world_rank);
  return run_folder / "journal" / buffer;
}

std::vector<TrialRecord> unite(std::vector<TrialRecord> records) {
  std::map<std::string, TrialRecord> best;
  std::map<std::pair<std::string, std::string>, TrialRecord> results;  // by trial and numerics class
  for (TrialRecord& record : records) {
    if (has_result(record))
      check_agreement(results.try_emplace({record.trial, record.numerics}, record).first->second, record);
    const auto [place, fresh] = best.try_emplace(record.trial, record);
    if (fresh) continue;
    const auto order = [](const TrialRecord& r) { return std::tuple(r.status, r.attempt, r.numerics); };
    if (order(record) < order(place->second)) place->second = std::move(record);
  }
  std::vector<TrialRecord> united;
  for (auto& [id, record] : best) united.push_back(std::move(record));
  return united;
}

std::vector<const TrialRecord*> present_records(std::span<const Trial> grid,
                                                const std::vector<TrialRecord>& records) {
  std::map<std::string, const TrialRecord*> all, present;
  for (const TrialRecord& record : records) all.emplace(record.trial, &record);
  for (const Trial& trial : grid) {
    if (const auto found = all.find(trial.id); found != all.end()) present.insert(*found);
  }
  std::vector<const TrialRecord*> ordered;
  for (const auto& [id, record] : present) ordered.push_back(record);
  return ordered;
}

const TrialRecord& find_trial(const std::vector<TrialRecord>& records, const std::string& id) {
  const TrialRecord* found = nullptr;
  std::set<std::string> all, alike;
  for (const TrialRecord& record : records) {
    all.insert(record.trial);
    if (!record.trial.starts_with(id)) continue;
    if (found == nullptr) found = &record;
    alike.insert(record.trial);
  }
  if (alike.size() == 1) return *found;
  const std::string where = "trial \"" + id + "\"";
  if (alike.empty()) {
    const std::vector<std::string> ids(all.begin(), all.end());
    throw Error({.code = ErrorCode::usage,
                 .where = where,
                 .what = "there is no such trial in this run",
                 .hint = did_you_mean(id, ids, "trials.csv lists those that there are")});
  }
  std::vector<std::string> named(alike.begin(), alike.end());
  if (named.size() > kMostNamed) {
    named.resize(kMostNamed);
    named.emplace_back("...");
  }
  throw Error({.code = ErrorCode::usage,
               .where = where,
               .what = counted(alike.size(), "trial") + " begin so",
               .hint = "give more of " + join(named, ", ")});
}

Journal read_journal(const std::filesystem::path& run_folder) {
  Journal journal;
  for (const std::filesystem::path& file : journal_files(run_folder)) {
    journal.last_attempt = std::max(journal.last_attempt, attempt_of(file));
    const JsonLines lines = read_json_lines(file);
    for (std::size_t line : lines.damaged_lines) {
      journal.warnings.push_back(file.string() + ":" + std::to_string(line) +
                                 ": damaged line dropped; its trial runs again");
    }
    for (const std::string& object : lines.objects)
      journal.records.push_back(parse_record(object, file.string()));
  }
  journal.records = unite(std::move(journal.records));
  return journal;
}

}  // namespace titrate::study
