// What is known of a finished trial, and its form in the journal: one JSON object, numbers exact (doubles as
// hex floats).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "titrate/core/choice.hpp"
#include "titrate/study/keys.hpp"
#include "titrate/study/outcome.hpp"

namespace titrate::study {

enum class Status { done, diverged, failed };  // diverged is a result; failed runs again at the next start
constexpr auto choices(Status) {
  return choice_table<Status>(
      {{Status::done, "done"}, {Status::diverged, "diverged"}, {Status::failed, "failed"}});
}

struct Timing {
  double train_seconds = 0, test_seconds = 0, total_seconds = 0;
  std::string host{};
  int world_rank = 0;
  int width = 1;
};

struct TrialRecord {
  std::uint32_t attempt = 1;
  std::string trial{};
  Settings settings{};
  std::string fingerprint{};  // of the dataset
  std::string version{};      // of titrate
  std::string numerics{};     // engine, device kind, instruction set: results of one class agree to the bit
  Status status = Status::done;
  std::string reason{};  // of a failure or divergence
  TrialOutcome outcome{};
  Timing timing{};
};

// Reads what canonical() writes. Throws Error (usage) that names `where` for keys or values that there are
// not.
Settings parse_settings(const std::string& canonical_json, const std::string& where);

// One condition as it stands in a record. Reading throws what the JSON library throws.
std::string condition_json(const ConditionRecord& condition);
ConditionRecord parse_condition(const std::string& text);

// Begins {"schema":2,"attempt":1,"trial":"<16 hex digits>",...
std::string to_json(const TrialRecord& record);

// Throws Error that names `where`: usage for a record of another version, integrity for text that is none.
TrialRecord parse_record(const std::string& text, const std::string& where);

// The part of a record that must be the same whenever the trial runs in the same numerics class.
std::string deterministic_json(const TrialRecord& record);

}  // namespace titrate::study
