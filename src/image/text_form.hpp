// The words that an operation is written in: a name, then numbers and words, then perhaps a probability
// ("rotate -10 10 p=0.5"). Private to this module; transforms and augmentations are both read with it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace titrate::image {

class TextForm {
 public:
  // `where` is for messages. Throws Error (usage) for a probability that is none or outside 0..1.
  TextForm(std::string_view text, std::string_view where);

  const std::string& name() const { return name_; }
  std::size_t size() const { return words_.size(); }  // words after the name
  double probability() const { return probability_; }
  bool has_probability() const { return has_probability_; }

  // Refuses another number of words than low to high. `form` shows how it is written.
  void need(std::size_t low, std::size_t high, const char* form) const;

  const std::string& word(std::size_t index) const { return words_[index]; }

  // Word `index` as a number from low to high; `meaning` names it in the message.
  double number(std::size_t index, double low, double high, const char* meaning) const;
  int integer(std::size_t index, int low, int high, const char* meaning) const;

  [[noreturn]] void refuse(const std::string& what, const std::string& hint = "") const;
  [[noreturn]] void refuse_unknown(std::span<const std::string> known) const;  // with the nearest

 private:
  std::string text_, where_, name_;
  std::vector<std::string> words_;
  double probability_ = 1;
  bool has_probability_ = false;
};

}  // namespace titrate::image
