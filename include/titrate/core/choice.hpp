// Choices: settings that are one of a few words. Each is an enum with one table of names, which parsing,
// refusals, files and help read.
//
//   enum class Optimizer { sgd, adam };
//   constexpr auto choices(Optimizer) { return choice_table<Optimizer>({{Optimizer::sgd, "sgd"},
//   {Optimizer::adam, "adam"}}); }
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace titrate {

template <class Enum>
struct Choice {
  Enum value;
  std::string_view name;
};

template <class Enum, std::size_t Count>
constexpr std::array<Choice<Enum>, Count> choice_table(const Choice<Enum> (&rows)[Count]) {
  return std::to_array(rows);
}

// An enum with a function choices(), found beside it, that gives its table.
template <class Enum>
concept IsChoice = std::is_enum_v<Enum> && requires(Enum value) {
  choices(value);
};

template <IsChoice Enum>
std::string choice_name(Enum value) {
  for (const Choice<Enum>& choice : choices(value)) {
    if (choice.value == value) return std::string(choice.name);
  }
  return "";
}

template <IsChoice Enum>
std::vector<std::string> choice_names() {
  std::vector<std::string> names;
  for (const Choice<Enum>& choice : choices(Enum{})) names.emplace_back(choice.name);
  return names;
}

// Throws Error (usage) that names `where`, what there is, and the nearest of it.
[[noreturn]] void refuse_choice(std::string_view text, std::span<const std::string> names,
                                std::string_view where);

template <IsChoice Enum>
Enum parse_choice(std::string_view text, std::string_view where) {
  for (const Choice<Enum>& choice : choices(Enum{})) {
    if (choice.name == text) return choice.value;
  }
  refuse_choice(text, choice_names<Enum>(), where);
}

}  // namespace titrate
