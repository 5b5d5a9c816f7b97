// Labels as a table writes them, numbered as classes once all are known; private to this module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace titrate::source {

class CsvLabels {
 public:
  // The number of a label, in order of first use; `line` is where it stands.
  std::int32_t number(std::string_view text, std::size_t line);

  const std::string& text(std::int32_t number) const { return *texts_[static_cast<std::size_t>(number)]; }

  struct Classes {
    std::vector<std::string> names{};
    std::vector<std::int32_t> label{};  // by the number of a label
  };

  // Where the recipe names no `classes`: the labels that are `wanted` (by number; others are -1), by value if
  // all are integers, else by their bytes. Where it does, each label is one of them, or all are places in
  // their list. Throws Error (usage) for a label that is neither, naming file:line.
  Classes classes(const std::vector<std::string>& classes, const std::vector<bool>& wanted,
                  const std::string& file) const;

 private:
  Classes of_recipe(const std::vector<std::string>& classes, const std::string& file) const;

  std::map<std::string, std::int32_t, std::less<>> numbers_;
  std::vector<const std::string*> texts_;  // keys of numbers_
  std::vector<std::size_t> first_line_;
};

}  // namespace titrate::source
