#include "titrate/core/document.hpp"

#include <gtest/gtest.h>

#include "support/outcome.hpp"
#include "titrate/core/error.hpp"

namespace titrate {
namespace {

const std::vector<DocumentKey> kKeys{
    {.name = "name", .required = true},
    {.name = "count", .type = KeyType::integer, .fallback = 3, .range = {.low = 1, .high = 10'000'000}},
    {.name = "share", .type = KeyType::number, .range = {.high = 0.9}},
    {.name = "kind", .choices = {"grey", "rgb"}},
    {.name = "flip", .type = KeyType::flag, .fallback = false},
    {.name = "sizes", .type = KeyType::integers},
    {.name = "words", .type = KeyType::texts},
    {.name = "inner", .type = KeyType::other},
};

Values read(const std::string& text, const std::vector<std::string>& settings = {}) {
  return Document(text, "r.toml", settings).root().read(kKeys);
}

std::string message(const std::string& text, const std::vector<std::string>& settings = {}) {
  const Outcome found = outcome([&] { read(text, settings); });
  EXPECT_EQ(found.code, ErrorCode::usage);
  return found.message;
}

TEST(Document, ValuesAreAsTheirKeysTakeThem) {
  const Values values = read("name = 5\nshare = 0\nsizes = 7\nwords = [\"a\", 2]\n");
  EXPECT_EQ(values.text("name"), "5");
  EXPECT_EQ(values.number("share"), 0.0);
  EXPECT_EQ(values.integers("sizes"), std::vector<std::int64_t>{7});
  EXPECT_EQ(values.texts("words"), (std::vector<std::string>{"a", "2"}));
  EXPECT_EQ(values.integer("count"), 3);
  EXPECT_FALSE(values.flag("flip"));
  EXPECT_FALSE(values.has("kind"));
}

TEST(Document, RefusesByLineAndKey) {
  const std::string name = "name = \"x\"\n";
  EXPECT_EQ(message("nam = 1\n"), "r.toml:1: unknown key \"nam\"; did you mean \"name\"?");
  EXPECT_EQ(message(name + "entirely = 1\n"),
            "r.toml:2: unknown key \"entirely\"; known are name, count, share, kind, flip, sizes, words, "
            "inner");
  EXPECT_EQ(message("count = 1\n"), "r.toml: name: the key is missing");
  EXPECT_EQ(message(name + "count = \"3\"\n"),
            "r.toml:2: count: wrong type; expected a whole number, got text, \"3\"");
  EXPECT_EQ(message(name + "count = 0\n"), "r.toml:2: count: out of range; expected 1 to 10000000, got 0");
  EXPECT_EQ(message(name + "sizes = -1\n"), "r.toml:2: sizes: out of range; expected 0 or more, got -1");
  EXPECT_EQ(message(name + "share = nan\n"), "r.toml:2: share: out of range; expected 0 to 0.9, got nan");
  EXPECT_EQ(message(name + "kind = \"gray\"\n"),
            "r.toml:2: kind: unknown value \"gray\"; expected grey, rgb; did you mean \"grey\"?");
  EXPECT_EQ(message(name + "flip = {}\n"), "r.toml:2: flip: wrong type; expected true or false, got a table");
  EXPECT_EQ(message("name = \"a\\u001bb\"\n"),
            "r.toml:1: name: a control character in the text; expected one line of text");
}

TEST(Document, RefusesWhatIsNoText) {
  EXPECT_EQ(message("a = 1\nb = \"\xc3(\"\n"), "r.toml:2: byte 11 is not UTF-8");
  EXPECT_EQ(message("\n\xe2\x80\x93 = 1\n"),
            "r.toml:2: not valid TOML: a character that is not ASCII outside of quotes and comments");
  EXPECT_NE(message("a = \n").find("r.toml:1: not valid TOML: "), std::string::npos);
}

TEST(Document, SettingsWinOverTheTextAndLaterOnesOverEarlierOnes) {
  const std::string text = "name = \"x\"\n[inner]\n[[inner.list]]\na = 1\n";
  const Document document(
      text, "r.toml",
      std::vector<std::string>{"name=b c", "name = \"d\"", "inner.list.0.a=2", "inner.b.c=3"});
  EXPECT_EQ(document.root().read(kKeys).text("name"), "d");
  EXPECT_EQ(read(text, {"name=2024-01-01"}).text("name"), "2024-01-01");
  EXPECT_EQ(read(text, {"name={label}_{index}"}).text("name"), "{label}_{index}");
  const DocumentTable inner = *document.root().table("inner");
  EXPECT_EQ(inner.tables("list")[0].value({.name = "a", .type = KeyType::integer}), Value(2));
  EXPECT_EQ(inner.tables("list")[0].where("a"), "--set inner.list.0.a=2: inner.list.0.a");
  EXPECT_EQ(inner.tables("list")[0].where("b"), "r.toml:3: inner.list.0.b");
  EXPECT_EQ(inner.table("b")->where("c"), "--set inner.b.c=3: inner.b.c");
  EXPECT_EQ(message(text, {"inner.list.1.a=2"}),
            "--set inner.list.1.a=2: there is no \"1\" to set a value in");
  EXPECT_EQ(message(text, {"inner.list.a=2"}), "--set inner.list.a=2: \"a\" does not lie in a table");
  EXPECT_EQ(message(text, {"nam=2"}), "--set nam=2: unknown key \"nam\"; did you mean \"name\"?");
}

TEST(Document, EntriesComeInTheOrderOfTheText) {
  const Document document("b.x = 1\na = [1, \"x\"]\nb.y = 2\n[c]\n[axes]\n\"b.x\" = [3]\n", "r.toml",
                          std::vector<std::string>{"a=0"});
  std::vector<std::string> keys, places;
  for (const Document::Entry& entry : document.entries()) {
    keys.push_back(entry.key);
    places.push_back(entry.where);
    EXPECT_EQ(entry.value.has_value(), entry.key != "c");
  }
  EXPECT_EQ(keys, (std::vector<std::string>{"b.x", "a", "b.y", "c", "axes.b.x"}));
  EXPECT_EQ(places, (std::vector<std::string>{"r.toml:1", "--set a=0", "r.toml:3", "r.toml:4", "r.toml:6"}));
}

TEST(Document, EntriesThatNoKeyTakesAreRefused) {
  const auto refusal = [](const std::string& text) {
    return outcome([&] { Document(text, "r.toml").entries(); }).message;
  };
  EXPECT_EQ(refusal("[a]\nb.c = 1\n\"b.c\" = 2\n"), "r.toml:3: \"a.b.c\" stands there twice");
  EXPECT_EQ(refusal("a = 1979-05-27\n"),
            "r.toml:1: \"a\" is a date; expected a number, text or a list of them");
  EXPECT_EQ(refusal("[[a]]\nb = 1\n"),
            "r.toml:1: \"a\" is a list of tables or dates; expected a number, text or a list of them");
  EXPECT_EQ(refusal("a = \"\"\"b\n\tc\"\"\"\n"), "nothing was thrown");
}

}  // namespace
}  // namespace titrate
