#include "titrate/prep/recipe.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.hpp"
#include "titrate/core/error.hpp"

namespace titrate::prep {
namespace {

constexpr const char* kGood = R"(name = "mnist"
seed = 3

[[source]]
kind = "idx"
path = "mnist"

[[source]]
kind = "glyphs"
origin = "synthetic"
generator = "glyphs"
classes = "digits"
per_class = 7000

[[augment]]
ops = ["rotate 10", "shift 2"]
copies = 2
)";

class RecipeFile : public testing::Test {
 protected:
  Recipe load(const std::string& text, const std::vector<std::string>& overrides = {}) {
    std::ofstream(path_) << text;
    return load_recipe(path_, overrides);
  }

  // The message without the folder, or nothing.
  std::string refusal(const std::string& text, const std::vector<std::string>& overrides = {}) {
    try {
      load(text, overrides);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage);
      std::string message = error.what();
      const std::string folder = folder_.path().string() + "/";
      if (message.starts_with(folder)) message.erase(0, folder.size());
      return message;
    }
    return "";
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "recipe.toml";
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST_F(RecipeFile, IsReadWithDefaults) {
  const Recipe recipe = load(kGood);
  EXPECT_EQ(recipe.name, "mnist");
  EXPECT_EQ(recipe.seed, 3u);
  EXPECT_EQ(recipe.shard_megabytes, 64u);
  EXPECT_FALSE(recipe.shards);
  ASSERT_EQ(recipe.sources.size(), 2u);
  EXPECT_EQ(recipe.sources[0].info.name, "idx");
  EXPECT_EQ(recipe.sources[0].info.origin, shard::Origin::real);
  EXPECT_EQ(recipe.sources[0].settings.values.text("path"), "mnist");
  EXPECT_FALSE(recipe.sources[0].settings.split);
  EXPECT_EQ(recipe.sources[1].info.generator, "glyphs");
  EXPECT_EQ(recipe.sources[1].settings.values.integers("per_class"), std::vector<std::int64_t>{7000});
  EXPECT_EQ(recipe.sources[1].settings.values.integer("size"), 28);
  EXPECT_EQ(recipe.sources[1].settings.classes.size(), 10u);
  ASSERT_EQ(recipe.augments.size(), 1u);
  EXPECT_EQ(recipe.augments[0].copies, 2u);
  EXPECT_EQ(to_json(recipe.augments[0].operations), R"(["rotate 10","shift 2"])");
}

TEST_F(RecipeFile, NamesSourcesByTheirKind) {
  const std::string glyphs = "[[source]]\nkind = \"glyphs\"\nper_class = 1\n";
  const Recipe recipe = load("name = \"x\"\n" + glyphs + glyphs + glyphs + "name = \"mine\"\n");
  EXPECT_EQ(recipe.sources[0].info.name, "glyphs");
  EXPECT_EQ(recipe.sources[1].info.name, "glyphs-2");
  EXPECT_EQ(recipe.sources[2].info.name, "mine");
  EXPECT_EQ(refusal("name = \"x\"\n" + glyphs + glyphs + "name = \"glyphs\"\n"),
            "recipe.toml:8: source.1.name: two sources have the name \"glyphs\"");
}

TEST_F(RecipeFile, UnknownKeysAreRefusedWithLineAndNearest) {
  EXPECT_EQ(refusal(replaced(kGood, "seed =", "sede =")),
            "recipe.toml:2: unknown key \"sede\"; did you mean \"seed\"?");
  EXPECT_EQ(refusal(replaced(kGood, "per_class", "perclass")),
            "recipe.toml:13: unknown key \"source.1.perclass\"; did you mean \"per_class\"?");
  EXPECT_EQ(refusal(replaced(kGood, "copies", "copeis")),
            "recipe.toml:17: unknown key \"augment.0.copeis\"; did you mean \"copies\"?");
  // Known, but not to this kind.
  EXPECT_NE(refusal(replaced(kGood, "path = \"mnist\"", "path = \"mnist\"\nper_class = 2"))
                .find("recipe.toml:7: unknown key \"source.0.per_class\""),
            std::string::npos);
}

TEST_F(RecipeFile, WrongTypesAreRefusedWithLine) {
  EXPECT_EQ(refusal(replaced(kGood, "seed = 3", "seed = \"3\"")),
            "recipe.toml:2: seed: wrong type; expected a whole number, got text, \"3\"");
  EXPECT_EQ(refusal(replaced(kGood, "7000", "7000.0")),
            "recipe.toml:13: source.1.per_class: wrong type; expected a whole number, or a list of them, got "
            "a number, 7000");
  EXPECT_EQ(refusal(replaced(kGood, "name = \"mnist\"", "name = true")),
            "recipe.toml:1: name: wrong type; expected text, got a boolean, true");
  EXPECT_EQ(refusal(replaced(kGood, "[\"rotate 10\", \"shift 2\"]", "true")),
            "recipe.toml:16: augment.0.ops: wrong type; expected a list of texts, got a boolean, true");
  EXPECT_EQ(refusal("name = \"x\"\nsource = 3\n"),
            "recipe.toml:2: source: wrong type; expected [[source]], got a whole number, 3");
}

TEST_F(RecipeFile, WrongValuesAreRefusedByName) {
  const std::vector<std::array<std::string, 3>> cases{
      {"seed = 3", "seed = -1", "recipe.toml:2: seed: out of range"},
      {"7000", "0", "recipe.toml:13: source.1.per_class: out of range; expected 1 to 10000000"},
      {"7000", "10000001", "source.1.per_class: out of range; expected 1 to 10000000, got 10000001"},
      {"\"mnist\"", "\"a\\u0000b\"", "recipe.toml:1: name: a control character in the text"},
      {"path = \"mnist\"", "path = \"a\\nb\"", "recipe.toml:6: source.0.path: a control character"},
      {"\"digits\"", "[\"1\", \"\\t\"]", "source.1.classes: a control character in the text"},
      {"\"mnist\"", "\"\xc3(\"", "recipe.toml:1: byte 8 is not UTF-8"},
      {"seed = 3",
       "s\xc3\xa9"
       "ed = 3",
       "recipe.toml:2: not valid TOML: a character that is not ASCII outside of quotes"},
      {"\"synthetic\"", "\"syntetic\"", "did you mean \"synthetic\"?"},
      {"\"synthetic\"", "\"augmented\"", "make them with [[augment]]"},
      {"generator = \"glyphs\"", "", "source.1.generator: a synthetic source has to say what made it"},
      {"generator = ", "split = \"test\"\ngenerator = ",
       "synthetic images are for training alone; expected train, got test"},
      {"generator = ", "split = \"validation\"\ngenerator = ", "synthetic images are for training alone"},
      {"\"digits\"", "\"runes\"", "unknown set of classes"},
      {"\"digits\"", "[]", "the list is empty"},
      {"\"digits\"", "[\"1\", \"1\"]", "a name stands twice"},
      {"\"idx\"", "\"idxx\"", "recipe.toml:5: source.0.kind: unknown value \"idxx\""},
      {"path = \"mnist\"", "", "source.0.path: the key is missing"},
      {"name = \"mnist\"", "", "recipe.toml: name: the key is missing"},
      {"rotate 10", "rotat 10", "recipe.toml:16: augment.0.ops: operation \"rotat 10\": unknown"},
      {"[[augment]]", "[[augment]]\nops = [\"rotate 10\", \"shift 2\"]\n[[augment]]", "the same operations"},
      {"seed = 3", "seed = 3\nseed = 4", "recipe.toml:3: "},
      {"[[source]]", "[[source]", "recipe.toml:4: "},
  };
  for (const auto& [from, to, part] : cases) {
    const std::string message = refusal(replaced(kGood, from, to));
    EXPECT_NE(message.find(part), std::string::npos) << to << ": " << message;
  }
  EXPECT_EQ(refusal("name = \"x\"\n"), "recipe.toml: source: the key is missing");
  EXPECT_NE(refusal("name = \"x\"\nsource = []\n").find("the recipe has no source"), std::string::npos);
}

TEST_F(RecipeFile, SettingsWinOverTheFile) {
  const Recipe recipe = load(kGood, {"source.1.per_class=100", "seed=9", "name=other", "shards=8",
                                     "augment.0.ops=[\"zoom 0.9 1.1\"]"});
  EXPECT_EQ(recipe.sources[1].settings.values.integers("per_class"), std::vector<std::int64_t>{100});
  EXPECT_EQ(recipe.name, "other");
  EXPECT_EQ(recipe.shards, 8u);
  EXPECT_EQ(to_json(recipe.augments[0].operations), R"(["zoom 0.9 1.1"])");
}

TEST_F(RecipeFile, WrongSettingsAreRefusedByName) {
  EXPECT_EQ(refusal(kGood, {"source.1.perclass=1"}),
            "--set source.1.perclass=1: unknown key \"source.1.perclass\"; did you mean \"per_class\"?");
  EXPECT_EQ(
      refusal(kGood, {"source.1.per_class=many"}),
      "--set source.1.per_class=many: source.1.per_class: wrong type; expected a whole number, or a list "
      "of them, got text, \"many\"");
  EXPECT_EQ(refusal(kGood, {"source.2.per_class=1"}),
            "--set source.2.per_class=1: there is no \"2\" to set a value in");
  EXPECT_EQ(refusal(kGood, {"seed"}), "--set seed: not a setting; expected KEY=VALUE");
  EXPECT_EQ(refusal(kGood, {"seed.a=1"}), "--set seed.a=1: \"a\" does not lie in a table");
  EXPECT_EQ(refusal(kGood, {"=1"}), "--set =1: not a setting; expected KEY=VALUE");
}

TEST_F(RecipeFile, SettingsThatAreNotUtf8AreRefusedByName) {
  // Cut off, a lone continuation, overlong forms, a surrogate, beyond the last character.
  for (const std::string bytes : {"\xc3", "\x80", "\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80",
                                  "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"}) {
    const std::string shown(bytes.size(), '?');
    EXPECT_EQ(refusal(kGood, {"name=" + bytes}), "--set name=" + shown + ": byte 5 is not UTF-8");
  }
  EXPECT_EQ(refusal(kGood, {"name=\x1b[2J"}), "--set name=?[2J: a control character in the setting");
  for (const std::string name :
       {"größe", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_EQ(load(kGood, {"name=" + name}).name, name);
}

TEST_F(RecipeFile, GlyphsWithoutASeedDrawWhatNoOtherSourceDraws) {
  const std::string glyphs = "[[source]]\nkind = \"glyphs\"\nper_class = 1\n";
  const std::string text = "name = \"x\"\n" + glyphs + "split = \"test\"\n" + glyphs;
  const auto seed = [&](const std::vector<std::string>& overrides, std::size_t source) {
    return load(text, overrides).sources[source].settings.values.integer("seed");
  };
  EXPECT_NE(seed({}, 0), seed({}, 1));
  EXPECT_NE(seed({}, 0), seed({"seed=1"}, 0));
  EXPECT_NE(seed({}, 0), seed({"source.0.name=other"}, 0));
  EXPECT_EQ(seed({}, 1), seed({"source.0.name=other", "source.1.name=glyphs-2"}, 1));
  EXPECT_EQ(seed({"source.1.seed=7"}, 1), 7u);
  // What the resolved recipe says of it can be said in a recipe.
  EXPECT_EQ(seed({"source.0.seed=" + std::to_string(seed({}, 0))}, 0), seed({}, 0));
}

// A recipe that says a default says nothing new: the table of the help is the reader's.
TEST_F(RecipeFile, HelpListsEveryKeyWithTheDefaultThatIsRead) {
  const std::string help = recipe_help(), plain = replaced(kGood, "copies = 2\n", "");
  const std::vector<std::pair<std::string, std::string>> defaults{{"seed", "0"},
                                                                  {"shard_megabytes", "64"},
                                                                  {"source.0.origin", "\"real\""},
                                                                  {"source.1.size", "28"},
                                                                  {"source.1.first", "0"},
                                                                  {"source.0.generator", "\"\""},
                                                                  {"source.0.trained_on", "\"\""},
                                                                  {"source.0.licence", "\"\""},
                                                                  {"augment.0.copies", "1"}};
  for (const auto& [key, value] : defaults) {
    const std::string base = key == "seed" ? replaced(plain, "seed = 3\n", "") : plain;
    EXPECT_EQ(to_json(load(base, {key + "=" + value})), to_json(load(base))) << key;
    const std::size_t line = help.find("\n  " + key.substr(key.rfind('.') + 1) + " ");
    ASSERT_NE(line, std::string::npos) << key;
    const std::string shown = help.substr(line + 1, help.find('\n', line + 1) - line - 1);
    EXPECT_TRUE(shown.ends_with("(default: " + value + ")") || key == "seed") << shown;
  }
  for (const char* part :
       {"shift PIXELS", "rotate DEGREES", "zoom LOW HIGH", "kind = \"idx\"", "kind = \"glyphs\""})
    EXPECT_NE(help.find(part), std::string::npos) << part;
}

TEST_F(RecipeFile, ThatIsNotThereIsNamed) {
  try {
    load_recipe(folder_.path() / "none.toml");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_NE(std::string(error.what()).find("none.toml: there is no such file"), std::string::npos);
  }
}

TEST_F(RecipeFile, ResolvedHasEveryValue) {
  EXPECT_EQ(to_json(load(kGood, {"augment=[]", "source.1.classes=[\"1\"]", "source.1.seed=3"})),
            R"({"name":"mnist","seed":3,"shard_megabytes":64,"source":[)"
            R"({"kind":"idx","name":"idx","origin":"real","generator":"","trained_on":"","licence":"",)"
            R"("path":"mnist","transpose":false,"transforms":[],"strict":false},)"
            R"({"kind":"glyphs","name":"glyphs","origin":"synthetic","generator":"glyphs",)"
            R"("trained_on":"","licence":"","classes":["1"],"per_class":[7000],"size":28,"seed":3,"first":0,)"
            R"("transforms":[],"strict":false}],"split":{"test":0.0,"validation":0.0,"by":"family"},)"
            R"("augment":[]})");
}

}  // namespace
}  // namespace titrate::prep
