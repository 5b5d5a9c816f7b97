#include "csv_labels.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include "encoded_files.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::source {
namespace {

constexpr std::size_t kMostNamed = 12;  // classes that a message lists

}  // namespace

std::int32_t CsvLabels::number(std::string_view text, std::size_t line) {
  const auto found = numbers_.find(text);
  if (found != numbers_.end()) return found->second;
  const auto added = numbers_.emplace(text, static_cast<std::int32_t>(texts_.size())).first;
  texts_.push_back(&added->first);
  first_line_.push_back(line);
  return added->second;
}

CsvLabels::Classes CsvLabels::classes(const std::vector<std::string>& classes,
                                      const std::vector<bool>& wanted, const std::string& file) const {
  if (!classes.empty()) return of_recipe(classes, file);
  std::vector<std::size_t> order;
  bool integers = true;
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    if (!wanted[i]) continue;
    order.push_back(i);
    integers = integers && parse_integer(*texts_[i]).has_value();
  }
  const auto key = [&](std::size_t i) {
    return std::tuple(integers ? *parse_integer(*texts_[i]) : 0, std::string_view(*texts_[i]));
  };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  Classes result{.label = std::vector<std::int32_t>(texts_.size(), -1)};
  for (const std::size_t i : order) {
    result.label[i] = static_cast<std::int32_t>(result.names.size());
    result.names.push_back(*texts_[i]);
  }
  return result;
}

CsvLabels::Classes CsvLabels::of_recipe(const std::vector<std::string>& classes,
                                        const std::string& file) const {
  std::map<std::string_view, std::int32_t> by_name;
  for (const std::string& name : classes) by_name.emplace(name, static_cast<std::int32_t>(by_name.size()));
  Classes result{.names = classes};
  std::optional<std::size_t> no_name, no_place;
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    const auto place = parse_integer(*texts_[i]);
    if (!by_name.contains(*texts_[i]) && !no_name) no_name = i;
    if ((!place || *place < 0 || *place >= static_cast<long long>(classes.size())) && !no_place) no_place = i;
  }
  if (no_name && no_place) {
    const std::string& text = *texts_[*no_name];
    const std::string count = std::to_string(classes.size());
    throw Error({.code = ErrorCode::usage,
                 .where = file + ':' + std::to_string(first_line_[*no_name]),
                 .what = "the label \"" + escaped(text) + "\" is not among the classes of the recipe",
                 .expected = classes.size() > kMostNamed ? "one of " + count : join(classes, ", "),
                 .hint = did_you_mean(text, classes)});
  }
  for (const std::string* text : texts_) {
    result.label.push_back(no_name ? static_cast<std::int32_t>(*parse_integer(*text)) : by_name.at(*text));
  }
  return result;
}

}  // namespace titrate::source
