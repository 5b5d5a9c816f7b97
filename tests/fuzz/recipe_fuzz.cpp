// libFuzzer: a text is a recipe or Error (usage); what is a recipe can be written into a manifest, and is the
// same recipe when it is read again. What follows a line of "----" is a setting as --set takes it.
#include <cstdlib>
#include <string>

#include "titrate/core/error.hpp"
#include "titrate/prep/recipe.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace titrate;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view kMark = "\n----\n";
  const std::size_t mark = input.find(kMark);
  std::vector<std::string> settings;
  if (mark != std::string_view::npos) settings.emplace_back(input.substr(mark + kMark.size()));
  const std::string text(input.substr(0, mark));
  try {
    const prep::Recipe recipe = prep::parse_recipe(text, "recipe.toml", settings);
    if (prep::to_json(recipe) != prep::to_json(prep::parse_recipe(text, "recipe.toml", settings)))
      std::abort();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::usage) std::abort();
  }
  return 0;
}
