// The lines of the doctor's report: each a check with its status, gathered from ranks or hosts.
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

// Messages between ranks. parse_lines() throws Error (internal) for what pack_lines() did not write.
std::string pack_lines(std::span<const DoctorLine> lines);
DoctorLines parse_lines(const std::string& text);

// Names who found something, by index: "ranks 0-3", "left, right".
using Who = std::function<std::string(std::span<const int>)>;

// Merges `said[i]`, the lines that i found. Equal lines become one; a line that not all have begins with who
// has it. Of many different lines of one check and status, the first stands for all.
DoctorLines merge_lines(std::span<const DoctorLines> said, const Who& who);

// Names of the checks whose lines differ.
std::vector<std::string> names_that_differ(std::span<const DoctorLines> said);

// Aligned columns: status, name, text; a remedy goes on a line of its own. Wrapped at 96 columns.
std::string format_lines(std::span<const DoctorLine> lines);

}  // namespace titrate::doctor
