#include "titrate/core/words.hpp"

#include <algorithm>
#include <cmath>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate {
namespace {

// Lists in lists in lists: nothing that people write needs more.
constexpr int kDeepest = 8;
constexpr std::size_t kShown = 100;  // of a text, which may be one long line

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::string& word : split(trim(text), ' ')) {
    if (!word.empty()) words.push_back(std::move(word));
  }
  return words;
}

std::string beginning_of(const std::string& text) {
  return text.size() <= kShown ? text : text.substr(0, kShown) + "...";
}

}  // namespace

Words::Words(std::string_view text, std::string_view kind, std::string_view where)
    : text_(text), kind_(kind), where_(where) {
  const std::string trimmed = trim(text);
  std::string_view head = trimmed;
  if (const std::size_t open = trimmed.find('['); open != std::string::npos) {
    if (trimmed.back() != ']') refuse("the list is not closed", "end it with \"]\"");
    list_ = trimmed.substr(open + 1, trimmed.size() - open - 2);
    head = head.substr(0, open);
  }
  const std::vector<std::string> words = words_of(head);
  if (!words.empty()) name_ = words[0];
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    if (equals == std::string::npos) {
      values_.push_back(words[i]);
      value_after_option_ = value_after_option_ || !options_.empty();
    } else if (!options_.emplace(words[i].substr(0, equals), words[i].substr(equals + 1)).second) {
      refuse("\"" + words[i] + "\" is given twice");
    }
  }
}

void Words::refuse(const std::string& what, const std::string& hint) const {
  throw Error({.code = ErrorCode::usage,
               .where = where_,
               .what = kind_ + " \"" + beginning_of(text_) + "\": " + what,
               .hint = hint});
}

void Words::refuse_form(const std::string& what) const { refuse(what, "write it as \"" + form_ + "\""); }

void Words::need(std::size_t low, std::size_t high, bool list) const {
  if (values_.size() < low || values_.size() > high || list_.has_value() != list)
    refuse_form("wrong number of values");
}

double Words::to_number(const std::string& word, const Range& range, const std::string& meaning) const {
  const auto value = parse_double(word);
  if (!value) refuse("\"" + word + "\" is not a number");
  if (!range.holds(*value))
    refuse("\"" + word + "\": " + meaning + " is out of range", "give " + range.text());
  return *value;
}

std::uint32_t Words::to_integer(const std::string& word, const Range& range,
                                const std::string& meaning) const {
  const double value = to_number(word, range, meaning);
  if (value != std::floor(value)) refuse("\"" + word + "\": " + meaning + " is not a whole number");
  return static_cast<std::uint32_t>(value);
}

double Words::number(std::size_t index, const Range& range, const std::string& meaning) const {
  return to_number(values_[index], range, meaning);
}

std::uint32_t Words::integer(std::size_t index, const Range& range, const std::string& meaning) const {
  return to_integer(values_[index], range, meaning);
}

std::optional<std::string> Words::option(const std::string& key) {
  const auto place = options_.find(key);
  if (place == options_.end()) return std::nullopt;
  std::string value = place->second;
  options_.erase(place);
  return value;
}

std::optional<double> Words::number_option(const std::string& key, const Range& range) {
  const auto value = option(key);
  return value ? std::optional(to_number(*value, range, key)) : std::nullopt;
}

std::optional<std::uint32_t> Words::integer_option(const std::string& key, const Range& range) {
  const auto value = option(key);
  return value ? std::optional(to_integer(*value, range, key)) : std::nullopt;
}

std::optional<bool> Words::flag_option(const std::string& key) {
  const auto value = option(key);
  if (!value) return std::nullopt;
  if (*value != "yes" && *value != "no") refuse("\"" + key + "=" + *value + "\"", "give yes or no");
  return *value == "yes";
}

void Words::need_no_more_options() const {
  if (!options_.empty()) refuse_form("unknown option \"" + options_.begin()->first + "\"");
}

std::vector<std::string> Words::list() const {
  std::vector<std::string> items(1);
  int depth = 0;
  for (const char c : *list_) {
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (depth < 0 || depth > kDeepest) refuse("its lists do not close, or are too deep");
    if (c == ',' && depth == 0) {
      items.emplace_back();
    } else {
      items.back() += c;
    }
  }
  if (depth != 0) refuse("the list is not closed", "end it with \"]\"");
  return items;
}

std::string name_of_form(std::string_view written) {
  return std::string(written.substr(0, written.find(' ')));
}

std::string forms_help(std::span<const std::pair<std::string, std::string>> forms) {
  std::size_t column = 0;
  for (const auto& [written, meaning] : forms) column = std::max(column, written.size() + 2);
  std::string help;
  for (const auto& [written, meaning] : forms) {
    const std::string gap(meaning.empty() ? 0 : column - written.size(), ' ');
    help += "  " + written + gap + meaning + "\n";
  }
  return help;
}

void refuse_unknown_name(const Words& words, std::vector<std::string> names) {
  names.erase(std::unique(names.begin(), names.end()), names.end());
  words.refuse("unknown", did_you_mean(words.name(), names, "known are " + join(names, ", ")));
}

}  // namespace titrate
