#include "titrate/core/choice.hpp"

#include <gtest/gtest.h>

#include "titrate/core/error.hpp"

namespace titrate {
namespace {

enum class Colour { red, green };
constexpr auto choices(Colour) {
  return choice_table<Colour>({{Colour::red, "red"}, {Colour::green, "green"}});
}

TEST(Choice, NamesComeBack) {
  for (const Colour colour : {Colour::red, Colour::green})
    EXPECT_EQ(parse_choice<Colour>(choice_name(colour), ""), colour);
  EXPECT_EQ(choice_names<Colour>(), (std::vector<std::string>{"red", "green"}));
}

TEST(Choice, AnotherWordIsRefusedWithWhatThereIs) {
  for (const char* text : {"", "Red", "gren"}) {
    try {
      parse_choice<Colour>(text, "study.toml:3");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage);
      EXPECT_EQ(error.info().where, "study.toml:3");
      EXPECT_EQ(error.info().expected, "red, green");
    }
  }
}

}  // namespace
}  // namespace titrate
