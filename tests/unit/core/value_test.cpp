#include "titrate/core/value.hpp"

#include <gtest/gtest.h>

#include "support/outcome.hpp"
#include "titrate/core/error.hpp"

namespace titrate {
namespace {

using List = std::vector<Value>;

TEST(Value, IsWrittenInItsShortestForm) {
  EXPECT_EQ(to_json(0.1), "0.1");
  EXPECT_EQ(to_json(3.0), "3");
  EXPECT_EQ(to_json(List{1, "a\"b", true, List{}}), R"([1, "a\"b", true, []])");
  EXPECT_EQ(describe("3"), "text, \"3\"");
  EXPECT_EQ(describe(3u), "a whole number, 3");
  EXPECT_EQ(outcome([] { to_json("\xff"); }).code, ErrorCode::usage);
}

TEST(Range, SaysWhatItHolds) {
  EXPECT_EQ((Range{.low = 1, .high = 10'000'000}).text(), "1 to 10000000");
  EXPECT_EQ((Range{}).text(), "0 or more");
  EXPECT_EQ((Range{.high = 1, .below_high = true}).text(), "0 or more, below 1");
  EXPECT_EQ((Range{.above_low = true}).text(), "above 0");
  EXPECT_TRUE((Range{.high = 1}).holds(1));
  EXPECT_FALSE((Range{.high = 1, .below_high = true}).holds(1));
  EXPECT_FALSE((Range{.above_low = true}).holds(0));
  EXPECT_FALSE((Range{}).holds(std::numeric_limits<double>::infinity()));
}

TEST(Value, WordsNeedNoQuotes) {
  EXPECT_EQ(parse_value(" 0.5 "), Value(0.5));
  EXPECT_EQ(parse_value("[1, 2] # two"), Value(List{1, 2}));
  EXPECT_EQ(parse_value("\"7\""), Value("7"));
  EXPECT_EQ(parse_value("adam"), Value("adam"));
  EXPECT_EQ(parse_value("é"), Value("é"));
  EXPECT_EQ(parse_value("{label}_{index}"), Value("{label}_{index}"));
  EXPECT_EQ(parse_value("1\nb = 2"), Value("1\nb = 2"));
  EXPECT_EQ(parse_value(""), Value(""));
}

TEST(Value, ListsNeedNoBrackets) {
  EXPECT_EQ(parse_list("1, 2"), Value(List{1, 2}));
  EXPECT_EQ(parse_list("add,replace"), Value(List{"add", "replace"}));
  EXPECT_EQ(parse_list("[\"rotate 10\"],[]"), Value(List{List{"rotate 10"}, List{}}));
  EXPECT_EQ(parse_list(""), Value(List{}));
}

TEST(Assignment, IsAKeyAndAText) {
  const Assignment found = parse_assignment("train.epochs = 3=4", "--set");
  EXPECT_EQ(found.key, "train.epochs");
  EXPECT_EQ(found.value, " 3=4");
  EXPECT_EQ(found.where, "--set train.epochs = 3=4");
  const auto refusal = [](const std::string& text) {
    return outcome([&] { parse_assignment(text, "--axis"); }).message;
  };
  for (const std::string text : {"seed", "=1", " =1"})
    EXPECT_EQ(refusal(text), "--axis " + text + ": not a setting; expected KEY=VALUE");
  EXPECT_EQ(refusal("a=\xff"), "--axis a=?: byte 2 is not UTF-8");
  EXPECT_EQ(refusal("a=\x1b[2J"), "--axis a=?[2J: a control character in the setting");
  EXPECT_EQ(refusal("a=[\n\t1]"), "nothing was thrown");
}

}  // namespace
}  // namespace titrate
