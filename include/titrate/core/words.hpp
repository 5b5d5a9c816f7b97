// Small text forms that read like a command: a name, then values, then options, then perhaps a list.
//
//   "rotate -10 10 p=0.5"     "conv 10 5 stride=2"     "patches 7 [conv 4 5, flatten]"
//
// A table of forms says which names there are and who reads them; what no reader asks for is refused. Each
// refusal is Error (usage), and says which text it is about and how that is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "titrate/core/value.hpp"

namespace titrate {

// One text, taken apart.
class Words {
 public:
  // `kind` is what the text is, for messages: "layer".
  Words(std::string_view text, std::string_view kind, std::string_view where);

  const std::string& name() const { return name_; }
  const std::string& where() const { return where_; }

  // The values after the name.
  std::size_t size() const { return values_.size(); }
  const std::string& word(std::size_t index) const { return values_[index]; }
  double number(std::size_t index, const Range& range, const std::string& meaning) const;
  std::uint32_t integer(std::size_t index, const Range& range, const std::string& meaning) const;

  // Refuses another number of values, and a list where none is wanted or none where one is.
  void need(std::size_t low, std::size_t high, bool list = false) const;

  // The value of KEY=VALUE, which then counts as asked for; nothing where it is not there.
  std::optional<std::string> option(const std::string& key);
  std::optional<double> number_option(const std::string& key, const Range& range);
  std::optional<std::uint32_t> integer_option(const std::string& key, const Range& range);
  std::optional<bool> flag_option(const std::string& key);  // yes or no
  void need_no_more_options() const;
  bool has_value_after_option() const { return value_after_option_; }

  // The texts of the list: what stands between its commas, lists in them untouched.
  std::vector<std::string> list() const;

  // Any word as a number in `range`; `meaning` names it in messages.
  double to_number(const std::string& word, const Range& range, const std::string& meaning) const;
  std::uint32_t to_integer(const std::string& word, const Range& range, const std::string& meaning) const;

  [[noreturn]] void refuse(const std::string& what, const std::string& hint = "") const;
  [[noreturn]] void refuse_form(const std::string& what) const;  // with how it is written

  // How it is written, for messages: "conv CHANNELS KERNEL".
  void set_form(std::string form) { form_ = std::move(form); }

 private:
  std::string text_, kind_, where_, form_, name_;
  std::vector<std::string> values_;
  std::map<std::string, std::string> options_;
  std::optional<std::string> list_;
  bool value_after_option_ = false;
};

// One way to write something.
template <class Made>
struct WordForm {
  const char* written;   // "conv CHANNELS KERNEL [stride=1]": the first word is the name
  Made (*read)(Words&);  // of the first form of a name, for all forms of it
  const char* meaning = "";
};

std::string name_of_form(std::string_view written);

// A line for each form: how it is written, and in a second column what it means.
std::string forms_help(std::span<const std::pair<std::string, std::string>> forms);

// With the nearest of `names`, where one that has several forms stands as often.
[[noreturn]] void refuse_unknown_name(const Words& words, std::vector<std::string> names);

// Reads what the form of that name says. Options are left for the caller to refuse.
template <class Made>
Made read_form(std::span<const WordForm<Made>> forms, Words& words) {
  std::vector<std::string> names;
  for (const WordForm<Made>& form : forms) {
    names.push_back(name_of_form(form.written));
    if (names.back() != words.name()) continue;
    words.set_form(form.written);
    return form.read(words);
  }
  refuse_unknown_name(words, std::move(names));
}

template <class Made>
std::string forms_help(std::span<const WordForm<Made>> forms) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const WordForm<Made>& form : forms) lines.emplace_back(form.written, form.meaning);
  return forms_help(lines);
}

}  // namespace titrate
