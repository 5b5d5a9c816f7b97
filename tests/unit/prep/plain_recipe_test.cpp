#include "../../../src/prep/plain_recipe.hpp"

#include <algorithm>

#include "fake_source.hpp"
#include "pack_folder.hpp"
#include "titrate/prep/verify.hpp"
#include "unit/source/picture_files.hpp"

namespace titrate::prep {
namespace {

namespace fs = std::filesystem;
using shard::Split;

class PlainRecipeOf : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return root_.path() / name; }

  PlainRecipe recipe_of(const fs::path& what, const std::vector<std::string>& overrides = {}) const {
    const auto plain = make_plain_recipe({.recipe = what, .overrides = overrides});
    if (!plain) throw std::runtime_error("no plain recipe");
    EXPECT_EQ(plain->recipe.sources.size(), 1u);
    return *plain;
  }
  std::string kind_of(const fs::path& what) const { return recipe_of(what).recipe.sources[0].settings.kind; }
  Outcome pack_of(const PackOptions& options, PackResult& result) const {
    return outcome([&] { result = pack(options); });
  }

  TemporaryFolder root_;
};

bool is_known(const std::string& kind) {
  return std::ranges::any_of(source::kinds(), [&](const source::Kind& known) { return known.name == kind; });
}

TEST_F(PlainRecipeOf, ImagesIsToldByWhatIsThere) {
  const std::vector<std::pair<std::string, std::string>> cases{{"ours/manifest.json", "hdf5"},
                                                               {"mnist/train-images-idx3-ubyte", "idx"},
                                                               {"zipped/train-images-idx3-ubyte.gz", "idx"},
                                                               {"dotted/train-images.idx3-ubyte", "idx"},
                                                               {"ten/data_batch_1.bin", "cifar"},
                                                               {"hundred/train.bin", "cifar"},
                                                               {"arrays/X_train.npy", "npy"},
                                                               {"pictures/cat/1.png", "folder"}};
  for (const auto& [file, kind] : cases) {
    if (!is_known(kind)) continue;
    put(path(file), "x");
    EXPECT_EQ(kind_of(path(file.substr(0, file.find('/')))), kind) << file;
  }
  const std::vector<std::pair<std::string, std::string>> files{
      {"a.npz", "npy"}, {"b.csv", "csv"}, {"b.csv.gz", "csv"}, {"c.h5", "hdf5"}, {"c.hdf5", "hdf5"}};
  for (const auto& [file, kind] : files) {
    if (!is_known(kind)) continue;
    put(path(file), "x");
    EXPECT_EQ(kind_of(path(file)), kind) << file;
  }
}

TEST_F(PlainRecipeOf, ImagesIsCalledAfterThem) {
  put(path("my \"own\" set.v2/cat/1.png"), "x");
  for (const std::string end : {"", "/", "/.", "/cat/.."}) {
    const PlainRecipe plain = recipe_of(path("my \"own\" set.v2").string() + end);
    EXPECT_EQ(plain.recipe.name, "my \"own\" set.v2");
    EXPECT_EQ(plain.recipe.sources[0].settings.values.text("path"), "my \"own\" set.v2");
    EXPECT_EQ(plain.root, root_.path());
    EXPECT_TRUE(plain.recipe.augments.empty());
  }
  put(path("faces.csv"), "x");
  EXPECT_EQ(recipe_of(path("faces.csv")).recipe.name, "faces");
  const fs::path before = fs::current_path();
  fs::current_path(path("my \"own\" set.v2"));
  EXPECT_EQ(recipe_of(".").recipe.name, "my \"own\" set.v2");
  fs::current_path(before);
}

TEST_F(PlainRecipeOf, ImagesTakesSettings) {
  put(path("pets/cat/1.png"), "x");
  const PlainRecipe plain =
      recipe_of(path("pets"), {"name=animals", "transforms=[\"grey\"]", "split.validation=0.1"});
  EXPECT_EQ(plain.recipe.name, "animals");
  EXPECT_EQ(plain.recipe.sources[0].transforms.size(), 1u);
  EXPECT_EQ(plain.recipe.split.validation, 0.1);
}

TEST_F(PlainRecipeOf, ARecipeIsNone) {
  put(path("recipe.toml"), "x");
  EXPECT_FALSE(make_plain_recipe({.recipe = path("recipe.toml")}));
  const Outcome found = outcome([&] { pack({.recipe = path("gone"), .out = path("out")}); });
  EXPECT_EQ(found.code, ErrorCode::usage);
  EXPECT_NE(found.message.find("gone: there is no such file"), std::string::npos) << found.message;
}

TEST_F(PlainRecipeOf, UnknownFilesIsRefused) {
  put(path("notes.txt"), "x");
  const Outcome found = outcome([&] { make_plain_recipe({.recipe = path("notes.txt")}); });
  EXPECT_EQ(found.code, ErrorCode::usage);
  EXPECT_NE(found.message.find("notes.txt: neither a recipe nor images that are known"), std::string::npos);
}

TEST_F(PlainRecipeOf, ImagesWithoutTestsHoldsOutAFifth) {
  const auto held_out = [](std::vector<FakeItem> items, double test) {
    Recipe recipe = fake_recipe({""});
    recipe.split.test = test;
    std::vector<std::string> notes;
    hold_out_unless_given(sources_of(fake(items)), recipe, notes);
    return std::pair(recipe.split.test, notes.size());
  };
  std::vector<FakeItem> items = fake_items(10);
  EXPECT_EQ(held_out(items, 0), std::pair(0.2, std::size_t{1}));
  EXPECT_EQ(held_out(items, 0.4), std::pair(0.4, std::size_t{0}));
  items[3].split = Split::validation;
  EXPECT_EQ(held_out(items, 0), std::pair(0.2, std::size_t{1}));
  items[4].split = Split::test;
  EXPECT_EQ(held_out(items, 0), std::pair(0.0, std::size_t{0}));
}

TEST_F(PlainRecipeOf, IdxFilesPacksThemAsTheyAre) {
  put_idx_set(path("mnist"), {.train = 100, .test = 20, .side = 16});
  const PackResult result = pack({.recipe = path("mnist"), .out = path("out"), .quiet = true});
  EXPECT_TRUE(result.notes.empty());
  EXPECT_EQ(result.manifest.name, "mnist");
  EXPECT_EQ(result.manifest.splits[0].counts[3][0], 10u);
  EXPECT_EQ(result.manifest.splits[1].counts[3][0], 2u);
  verify(path("out"));
  // Training images alone: a fifth of each class is for testing.
  const PackResult train = pack(
      {.recipe = path("mnist"), .out = path("two"), .overrides = {"source.0.split=train"}, .quiet = true});
  ASSERT_EQ(train.notes.size(), 1u);
  EXPECT_NE(train.notes[0].find("a fifth of each class is held out"), std::string::npos);
  EXPECT_TRUE(train.warnings.empty());
  for (std::size_t label = 0; label < 10; ++label) {
    EXPECT_EQ(train.manifest.splits[0].counts[label][0], 8u);
    EXPECT_EQ(train.manifest.splits[1].counts[label][0], 2u);
  }
}

// Where the data lies does not show, nor does --data-root matter.
TEST_F(PlainRecipeOf, PicturesPacksThem) {
  for (const std::string folder : {"pets", "other/pets"}) {
    for (std::uint32_t i = 0; i < 30; ++i)
      put_png(path(folder) / (i % 3 == 0 ? "cat" : "dog") / (std::to_string(i) + ".png"), i, 30);
  }
  const PackResult result =
      pack({.recipe = path("pets"), .out = path("out"), .data_root = path("nowhere"), .quiet = true});
  EXPECT_EQ(result.manifest.class_names, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(result.manifest.splits[1].split, Split::test);
  EXPECT_EQ(result.manifest.splits[1].counts[0][0], 2u);
  EXPECT_EQ(result.manifest.splits[1].counts[1][0], 4u);
  EXPECT_EQ(result.notes.size(), 1u);
  verify(path("out"));
  pack({.recipe = path("other/pets"), .out = path("out2"), .quiet = true});
  EXPECT_TRUE(files_of(path("out")) == files_of(path("out2")));
}

// Who asks for no test images gets none.
TEST_F(PlainRecipeOf, ImagesDoesNotOverruleTheUser) {
  put_idx_set(path("mnist"), {.train = 100, .test = 20, .side = 16});
  const PackResult result = pack({.recipe = path("mnist"),
                                  .out = path("out"),
                                  .overrides = {"source.0.split=train", "split.test=0"},
                                  .quiet = true});
  EXPECT_EQ(result.manifest.splits.size(), 1u);
  EXPECT_TRUE(result.notes.empty());
  EXPECT_EQ(result.warnings.size(), 1u);
}

}  // namespace
}  // namespace titrate::prep
