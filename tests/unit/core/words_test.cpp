#include "titrate/core/words.hpp"

#include <gtest/gtest.h>

#include <array>

#include "support/outcome.hpp"

namespace titrate {
namespace {

using Texts = std::vector<std::string>;

Words made(const std::string& text) {
  Words words(text, "layer", "s.toml:3");
  words.set_form("conv CHANNELS");
  return words;
}

std::string message(const std::string& text, const std::function<void(Words&)>& use) {
  const Outcome found = outcome([&] {
    Words words = made(text);
    use(words);
  });
  EXPECT_EQ(found.code, ErrorCode::usage) << text;
  return found.message;
}

TEST(Words, AreANameValuesOptionsAndAList) {
  Words words = made("  patches 7  x slope=0.1 bias=no [conv 4 5, residual [relu, tanh]] ");
  EXPECT_EQ(words.name(), "patches");
  ASSERT_EQ(words.size(), 2u);
  EXPECT_EQ(words.integer(0, {.low = 1, .high = 9}, "the size"), 7u);
  EXPECT_EQ(words.word(1), "x");
  EXPECT_EQ(words.number_option("slope", {.high = 1, .below_high = true}), 0.1);
  EXPECT_EQ(words.flag_option("bias"), false);
  EXPECT_EQ(words.option("bias"), std::nullopt);
  EXPECT_EQ(words.list(), (Texts{"conv 4 5", " residual [relu, tanh]"}));
  words.need(2, 2, true);
  words.need_no_more_options();
  EXPECT_FALSE(words.has_value_after_option());
  EXPECT_TRUE(made("a b=1 2").has_value_after_option());
}

TEST(Words, RefusalsSayWhatIsMeant) {
  const auto rate = [](Words& words) { words.number(0, {.high = 1, .below_high = true}, "the rate"); };
  const auto size = [](Words& words) { words.integer(0, {.low = 1, .high = 65536}, "the size"); };
  EXPECT_EQ(message("a x", rate), "s.toml:3: layer \"a x\": \"x\" is not a number");
  EXPECT_EQ(message("a 1", rate),
            "s.toml:3: layer \"a 1\": \"1\": the rate is out of range; give 0 or more, below 1");
  EXPECT_EQ(message("a nan", size),
            "s.toml:3: layer \"a nan\": \"nan\": the size is out of range; give 1 to 65536");
  EXPECT_EQ(message("a 2.5", size), "s.toml:3: layer \"a 2.5\": \"2.5\": the size is not a whole number");
  EXPECT_EQ(message("a 1 2", [](Words& words) { words.need(0, 1); }),
            "s.toml:3: layer \"a 1 2\": wrong number of values; write it as \"conv CHANNELS\"");
  EXPECT_EQ(message("a b=1", [](Words& words) { words.need_no_more_options(); }),
            "s.toml:3: layer \"a b=1\": unknown option \"b\"; write it as \"conv CHANNELS\"");
  EXPECT_EQ(message("a b=1", [](Words& words) { words.flag_option("b"); }),
            "s.toml:3: layer \"a b=1\": \"b=1\"; give yes or no");
  EXPECT_EQ(message("a b=1 b=2", [](Words&) {}), "s.toml:3: layer \"a b=1 b=2\": \"b=2\" is given twice");
  const std::string deep = "a " + std::string(10, '[') + std::string(10, ']');
  for (const std::string& text : {std::string("a [b"), std::string("a [b]]"), std::string("a [[b]"), deep})
    message(text, [](Words& words) { words.list(); });
}

struct Thing {
  std::string made_of;
};

TEST(WordForms, ANameMayHaveSeveralForms) {
  const auto read = [](Words& words) { return Thing{words.name()}; };
  const std::array<WordForm<Thing>, 3> forms{
      {{"grey", read, "one channel"}, {"denoise A", read, "a"}, {"denoise B C", read, "b"}}};
  const auto parse = [&](const std::string& text) {
    Words words = made(text);
    return read_form<Thing>(forms, words);
  };
  EXPECT_EQ(parse("denoise 3").made_of, "denoise");
  EXPECT_EQ(outcome([&] { parse("gray"); }).message,
            "s.toml:3: layer \"gray\": unknown; did you mean \"grey\"?");
  EXPECT_EQ(outcome([&] { parse("resize"); }).message,
            "s.toml:3: layer \"resize\": unknown; known are grey, denoise");
  EXPECT_EQ(forms_help<Thing>(forms), "  grey         one channel\n  denoise A    a\n  denoise B C  b\n");
}

}  // namespace
}  // namespace titrate
