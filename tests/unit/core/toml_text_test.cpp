#include "../../../src/core/toml_text.hpp"

#include <gtest/gtest.h>

namespace titrate {
namespace {

TEST(TomlText, QuotesAndCommentsMayHoldAnything) {
  for (const char* text :
       {"", "a = 1\n", "# \xc3\xa9\na = \"\xc3\xa9\" # \xc3\xa9", "a = '\xc3\xa9'",
        "\xef\xbb\xbf"
        "a = 1",
        "a = \"\"\"\n\xc3\xa9\" \"\"\xc3\xa9\"\"\"\nb = 2", "a = '''\xc3\xa9\n'\xc3\xa9'''",
        "a = \"\\\"\xc3\xa9\"", "\"\xc3\xa9\" = 1", "a = \"\xc3\xa9", "a = \"\"\n"}) {
    EXPECT_FALSE(find_stray_byte(text)) << text;
  }
}

TEST(TomlText, FindsWhatStandsOutside) {
  EXPECT_EQ(find_stray_byte("\xc3\xa9 = 1"), 0u);
  EXPECT_EQ(find_stray_byte("a = 1\n\xef\xbb\xbd"), 6u);
  EXPECT_EQ(find_stray_byte("a = \"\" \xc3\xa9"), 7u);
  EXPECT_EQ(find_stray_byte("a = 'b\\' \xc3\xa9"), 9u);  // a literal string has no escapes
  EXPECT_EQ(find_stray_byte("# a\n\xc2\xa0"), 4u);
  EXPECT_EQ(find_stray_byte("a = \"\"\"b\"\"\"\xc3\xa9"), 11u);
  EXPECT_EQ(find_stray_byte("a = \"b\n\xc3\xa9"), 7u);   // a short string ends with its line at the latest
  EXPECT_EQ(find_stray_byte("a = 9x\"\xc3\xa9\""), 7u);  // no string begins in the middle of a number
  EXPECT_EQ(find_stray_byte("a = [\"\xc3\xa9\", \"\xc3\xa9\"] # \xc3\xa9\n\"\xc3\xa9\" = {b = '\xc3\xa9'}"),
            std::nullopt);
}

}  // namespace
}  // namespace titrate
