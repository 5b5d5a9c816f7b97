#include "titrate/doctor/line.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "titrate/core/text.hpp"

namespace titrate::doctor {
namespace {

constexpr std::size_t kColumns = 96;
constexpr std::size_t kNameWidth = 15;
constexpr std::size_t kMostVariants = 4;

struct Variant {
  DoctorLine line{};
  std::vector<int> said_by{};
};

std::vector<Variant> variants_of(std::span<const DoctorLines> said, const std::string& name) {
  std::vector<Variant> variants;
  for (std::size_t i = 0; i < said.size(); ++i) {
    for (const DoctorLine& line : said[i]) {
      if (line.name != name) continue;
      const auto same = [&](const Variant& variant) { return variant.line == line; };
      auto variant = std::find_if(variants.begin(), variants.end(), same);
      if (variant == variants.end()) variant = variants.insert(variant, {.line = line});
      variant->said_by.push_back(static_cast<int>(i));
    }
  }
  return variants;
}

std::vector<std::string> names_in_order(std::span<const DoctorLines> said) {
  std::vector<std::string> names;
  for (const DoctorLines& lines : said) {
    for (const DoctorLine& line : lines) {
      if (std::find(names.begin(), names.end(), line.name) == names.end()) names.push_back(line.name);
    }
  }
  return names;
}

// One line in place of all variants of a status.
DoctorLine stand_in(const std::vector<Variant>& variants, CheckStatus status, const Who& who) {
  std::set<int> all;
  const Variant* first = nullptr;
  for (const Variant& variant : variants) {
    if (variant.line.status != status) continue;
    if (first == nullptr) first = &variant;
    all.insert(variant.said_by.begin(), variant.said_by.end());
  }
  DoctorLine line = first->line;
  line.text = who(std::vector<int>(all.begin(), all.end())) + ", such as " +
              who(std::span(first->said_by).first(1)) + ": " + line.text;
  return line;
}

std::string wrap(const std::string& text, std::size_t indent) {
  std::string wrapped;
  std::size_t column = indent;
  for (const std::string& word : split(text, ' ')) {
    if (column > indent && column + 1 + word.size() > kColumns) {
      wrapped += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      wrapped += ' ';
      ++column;
    }
    wrapped += word;
    column += word.size();
  }
  return wrapped;
}

}  // namespace

DoctorLine failure_line(const std::string& name, ErrorInfo error) {
  DoctorLine line{.name = name, .status = CheckStatus::fail, .remedy = std::move(error.hint)};
  error.hint.clear();
  line.text = Error(std::move(error)).what();
  return line;
}

std::string_view to_string(CheckStatus status) {
  switch (status) {
    case CheckStatus::ok:
      return "ok";
    case CheckStatus::warn:
      return "warn";
    case CheckStatus::fail:
      return "FAIL";
  }
  return "?";
}

CheckStatus worst(std::span<const DoctorLine> lines) {
  CheckStatus status = CheckStatus::ok;
  for (const DoctorLine& line : lines) status = std::max(status, line.status);
  return status;
}

std::string pack_lines(std::span<const DoctorLine> lines) {
  nlohmann::json array = nlohmann::json::array();
  for (const DoctorLine& line : lines) {
    array.push_back({line.name, static_cast<int>(line.status), line.text, line.remedy});
  }
  // A path or a host's name need not be UTF-8.
  return array.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

DoctorLines parse_lines(const std::string& text) {
  try {
    DoctorLines lines;
    for (const nlohmann::json& line : nlohmann::json::parse(text)) {
      lines.push_back({.name = line.at(0).get<std::string>(),
                       .status = static_cast<CheckStatus>(line.at(1).get<int>()),
                       .text = line.at(2).get<std::string>(),
                       .remedy = line.at(3).get<std::string>()});
    }
    return lines;
  } catch (const nlohmann::json::exception& error) {
    throw Error({.code = ErrorCode::internal, .where = "doctor", .what = error.what(), .got = text});
  }
}

DoctorLines merge_lines(std::span<const DoctorLines> said, const Who& who) {
  DoctorLines merged;
  for (const std::string& name : names_in_order(said)) {
    const std::vector<Variant> variants = variants_of(said, name);
    for (const CheckStatus status : {CheckStatus::ok, CheckStatus::warn, CheckStatus::fail}) {
      const auto has_status = [&](const Variant& variant) { return variant.line.status == status; };
      if (std::count_if(variants.begin(), variants.end(), has_status) > static_cast<long>(kMostVariants)) {
        merged.push_back(stand_in(variants, status, who));
        continue;
      }
      for (const Variant& variant : variants) {
        if (!has_status(variant)) continue;
        merged.push_back(variant.line);
        if (variant.said_by.size() == said.size()) continue;
        merged.back().text = who(variant.said_by) + ": " + variant.line.text;
      }
    }
  }
  return merged;
}

std::vector<std::string> names_that_differ(std::span<const DoctorLines> said) {
  std::vector<std::string> differing;
  for (const std::string& name : names_in_order(said)) {
    for (const Variant& variant : variants_of(said, name)) {
      if (variant.said_by.size() == said.size()) continue;
      differing.push_back(name);
      break;
    }
  }
  return differing;
}

std::string format_lines(std::span<const DoctorLine> lines) {
  constexpr std::size_t kIndent = 6 + kNameWidth + 1;
  std::string text;
  for (const DoctorLine& line : lines) {
    std::string head(to_string(line.status));
    head.resize(6, ' ');
    head += line.name;
    head.resize(std::max(kIndent, head.size() + 1), ' ');
    text += head + wrap(line.text, kIndent) + "\n";
    if (line.remedy.empty()) continue;
    text += std::string(kIndent, ' ') + "-> " + wrap(line.remedy, kIndent + 3) + "\n";
  }
  return text;
}

}  // namespace titrate::doctor
