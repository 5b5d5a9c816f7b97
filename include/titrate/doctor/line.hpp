// What the doctor says: lines with a status, gathered from ranks or hosts, printed for a person or as JSON.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "titrate/core/error.hpp"

namespace titrate::doctor {

enum class CheckStatus { ok, warn, fail };

struct DoctorLine {
  std::string name{};  // of the check: "exchange"
  CheckStatus status = CheckStatus::ok;
  std::string text{};    // what was found
  std::string remedy{};  // what to do about it; empty where it is ok

  bool operator==(const DoctorLine&) const = default;
};

using DoctorLines = std::vector<DoctorLine>;

// An error as a FAIL, its hint as the remedy.
DoctorLine failure_line(const std::string& name, ErrorInfo error);

std::string_view to_string(CheckStatus status);  // "ok", "warn", "FAIL"

// The worst of them; ok without any.
CheckStatus worst(std::span<const DoctorLine> lines);

// As messages between ranks. parse_lines throws Error (internal) for anything else than pack_lines gives.
std::string pack_lines(std::span<const DoctorLine> lines);
DoctorLines parse_lines(const std::string& text);

// Who said it, by index: "ranks 0-3", "left, right".
using Who = std::function<std::string(std::span<const int>)>;

// `said[i]` is what i found. What several say alike becomes one line; one that not all say begins with who
// does. Where a check has many different lines of one status, the first stands for them.
DoctorLines merge_lines(std::span<const DoctorLines> said, const Who& who);

// Names of checks that several found differently.
std::vector<std::string> names_that_differ(std::span<const DoctorLines> said);

// Aligned columns: status, name, text; a remedy goes on a line of its own. Wrapped at 96 columns.
std::string format_lines(std::span<const DoctorLine> lines);

}  // namespace titrate::doctor
