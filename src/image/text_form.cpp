#include "text_form.hpp"

#include <cmath>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::image {
namespace {

constexpr std::string_view kProbability = "p=";

}  // namespace

TextForm::TextForm(std::string_view text, std::string_view where) : text_(text), where_(where) {
  for (const std::string& word : split(trim(text), ' ')) {
    if (word.empty()) continue;
    if (has_probability_) refuse("the probability stands last");
    if (name_.empty()) {
      name_ = word;
    } else if (word.starts_with(kProbability)) {
      const auto value = parse_double(word.substr(kProbability.size()));
      if (!value || !(*value >= 0 && *value <= 1))
        refuse("\"" + word + "\" is no probability", "p= takes a number from 0 to 1");
      probability_ = *value;
      has_probability_ = true;
    } else {
      words_.push_back(word);
    }
  }
}

void TextForm::need(std::size_t low, std::size_t high, const char* form) const {
  if (words_.size() < low || words_.size() > high)
    refuse("wrong number of values", std::string("write it as \"") + form + "\"");
}

double TextForm::number(std::size_t index, double low, double high, const char* meaning) const {
  const auto value = parse_double(words_[index]);
  if (!value) refuse("\"" + words_[index] + "\" is not a number");
  if (!(*value >= low && *value <= high))
    refuse(std::string(meaning) + " is out of range", shortest(low) + " to " + shortest(high));
  return *value;
}

int TextForm::integer(std::size_t index, int low, int high, const char* meaning) const {
  const double value = number(index, low, high, meaning);
  if (value != std::floor(value)) refuse(std::string(meaning) + " is not a whole number");
  return static_cast<int>(value);
}

void TextForm::refuse(const std::string& what, const std::string& hint) const {
  throw Error({.code = ErrorCode::usage,
               .where = where_,
               .what = "operation \"" + text_ + "\": " + what,
               .hint = hint});
}

void TextForm::refuse_unknown(std::span<const std::string> known) const {
  const auto near = nearest(name_, known);
  refuse("unknown", near ? "did you mean \"" + *near + "\"?" : "known are " + join(known, ", "));
}

}  // namespace titrate::image
