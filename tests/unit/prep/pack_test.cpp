#include "titrate/prep/pack.hpp"

#include <set>

#include "pack_folder.hpp"
#include "titrate/image/operation.hpp"
#include "titrate/prep/inspect.hpp"
#include "titrate/prep/verify.hpp"

namespace titrate::prep {
namespace {

namespace fs = std::filesystem;
using shard::Origin;
using shard::Row;
using shard::Split;

class Pack : public PackFolder {};

TEST_F(Pack, GivesTheSameBytesOnAnyNumberOfThreads) {
  std::map<std::string, std::string> first;
  for (const unsigned threads : {1u, 2u, 5u}) {
    PackOptions pack_options = options("out" + std::to_string(threads));
    pack_options.threads = threads;
    pack(pack_options);
    if (threads == 1) first = files_of(pack_options.out);
    EXPECT_EQ(files_of(pack_options.out), first);
  }
  EXPECT_EQ(first.size(), 6u);
}

TEST_F(Pack, GivesTheSameBytesForPlainAndCompressedFiles) {
  pack(options("plain"));
  for (const fs::directory_entry& entry : fs::directory_iterator(root_.path() / "set")) {
    const std::string bytes = read_text(entry.path());
    put(entry.path().string() + ".gz", gzip(bytes));
    fs::remove(entry.path());
  }
  pack(options("packed"));
  EXPECT_EQ(files_of(root_.path() / "plain"), files_of(root_.path() / "packed"));
}

TEST_F(Pack, PutsRowsInTheirOrderWithParentsAndFamilies) {
  const PackResult result = pack(options());
  const shard::Manifest& manifest = result.manifest;
  std::vector<Row> rows;
  std::string pixels;
  for (const shard::ShardFile& file : manifest.shards) {
    const shard::Shard shard(out(), manifest, file);
    rows.insert(rows.end(), shard.rows().begin(), shard.rows().end());
    pixels.append(shard.pixels().begin(), shard.pixels().end());
  }
  ASSERT_EQ(rows.size(), 100u + 300 + 300 + 20);
  const std::string train = idx_pixels(100, 16, 1);
  EXPECT_EQ(pixels.substr(0, train.size()), train);
  EXPECT_EQ(pixels.substr(700 * 256), idx_pixels(20, 16, 2));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    const Row& parent = i < 100 || i >= 400 ? row : rows[i < 300 ? (i - 100) / 2 : i - 300];
    EXPECT_EQ(row.origin, i < 100 || i >= 700 ? Origin::real
                          : i < 400           ? Origin::augmented
                                              : Origin::synthetic);
    EXPECT_EQ(row.parent_id, parent.sample_id);
    EXPECT_EQ(row.family_id, parent.content_hash);
    EXPECT_EQ(row.label, parent.label);
    EXPECT_EQ(row.operations, i < 100 || i >= 400 ? 0u : i < 300 ? 1u : 2u);
    EXPECT_EQ(row.source, i >= 400 && i < 700 ? 0u : 1u);
  }
  EXPECT_EQ(rows[699].source_path, "9");
  EXPECT_EQ(rows[719].source_row, 19u);
  const auto parent = std::vector<std::uint8_t>(train.begin() + 50 * 256, train.begin() + 51 * 256);
  const std::vector<image::Operation> operations{image::Rotate{10}, image::Shift{2}};
  const image::Image child =
      image::apply(operations, {{16, 16, 1}, parent}, {.seed = 4, .sample = rows[201].sample_id});
  EXPECT_EQ(pixels.substr(201 * 256, 256), std::string(child.pixels.begin(), child.pixels.end()));
}

TEST_F(Pack, ManifestSaysWhatWasPacked) {
  const PackResult result = pack(options());
  const shard::Manifest manifest = shard::read_manifest(out());
  EXPECT_EQ(shard::to_json(manifest), shard::to_json(result.manifest));
  EXPECT_EQ(manifest.shards.size(), 4u);
  ASSERT_EQ(manifest.splits.size(), 2u);
  EXPECT_EQ(manifest.splits[0].counts[3], (std::array<std::uint64_t, 3>{10, 30, 30}));
  EXPECT_EQ(manifest.splits[1].counts[3], (std::array<std::uint64_t, 3>{2, 0, 0}));
  double sum = 0;
  const std::string train = idx_pixels(100, 16, 1);
  for (const char value : train) sum += static_cast<std::uint8_t>(value);
  EXPECT_NEAR(manifest.mean[0], sum / 255 / static_cast<double>(train.size()), 1e-12);
  EXPECT_EQ(shard::to_json(verify(out())), shard::to_json(manifest));
  EXPECT_NE(
      describe(manifest, read_contents(out(), manifest)).find("train   100        300        300     700"),
      std::string::npos)
      << describe(manifest, read_contents(out(), manifest));
  EXPECT_NE(describe_json(manifest, read_contents(out(), manifest)).find("\"images\": 720"),
            std::string::npos);
}

TEST_F(Pack, ShardingAndOrderLeaveTheFingerprint) {
  PackOptions other = options("other");
  other.overrides = {"shards=7"};
  const std::string expected = pack(options()).manifest.fingerprint;
  EXPECT_EQ(pack(other).manifest.fingerprint, expected);
  other.out = root_.path() / "seed";
  other.overrides = {"seed=5"};
  EXPECT_NE(pack(other).manifest.fingerprint, expected);
}

TEST_F(Pack, RefusesTestImagesThatAreInTraining) {
  const std::string glyphs = "[[source]]\nkind = \"glyphs\"\nper_class = 3\nsize = 16\n";
  const auto put_recipe = [&](const std::string& train, const std::string& test) {
    put(root_.path() / "recipe.toml",
        "name = \"x\"\n" + glyphs + train + glyphs + "split = \"test\"\n" + test);
  };
  put_recipe("seed = 1\n", "seed = 1\n");
  expect_refused(options(), ErrorCode::integrity,
                 "a test image (source glyphs-2, row 0 of 0) is the same as a training image (source glyphs, "
                 "row 0 of 0)");
  put_recipe("seed = 1\n", "seed = 1\nfirst = 2\n");
  expect_refused(options(), ErrorCode::integrity, "(source glyphs-2, row 2 of 0)");
  // Without a seed each source has its own pictures.
  put_recipe("", "");
  EXPECT_TRUE(pack(options()).warnings.empty());
  verify(out());
}

TEST_F(Pack, WarnsOfADatasetWithoutTestImages) {
  PackOptions training = options();
  training.overrides = {"source.1.split=train"};
  const PackResult result = pack(training);
  ASSERT_EQ(result.warnings.size(), 1u);
  EXPECT_NE(result.warnings[0].find("no test images"), std::string::npos);
}

TEST_F(Pack, RefusesRecipesThatDoNotFitTheData) {
  const auto expect = [&](const std::vector<std::string>& overrides, const std::string& part) {
    PackOptions wrong = options();
    wrong.overrides = overrides;
    expect_refused(wrong, ErrorCode::usage, part);
  };
  expect({"source.0.size=28"}, "expected 28 x 28 x 1, got 16 x 16 x 1; bring all to one with transforms");
  expect({"source.0.classes=[\"0\",\"1\"]"}, "the classes are not those of source glyphs");
  expect({"source.1.origin=synthetic", "source.1.generator=g", "source.0.origin=real"},
         "synthetic images of the test split");
  expect({"source.1.split=test"}, "no real training image");
  expect({"shards=701"}, "too many shards; expected at most 700, got 701");
  expect({"source.0.classes=11", "source.1.classes=11"}, "no glyphs are drawn for class \"10\"");
  expect({"source=[{kind=\"idx\",path=\"set\",classes=12}]"}, "class \"10\" has no training image");
  put(root_.path() / "set/train-images-idx3-ubyte", idx_bytes({100, 16, 16}, std::string(100 * 256, 'x')));
  expect({}, "the real training images are all of one grey level");
}

TEST_F(Pack, FindsDataByRootEnvironmentOrWorkingDirectory) {
  PackOptions here = options();
  here.data_root.reset();
  expect_refused(here, ErrorCode::integrity, "train-images-idx3-ubyte: the file is missing");
  ::setenv("TITRATE_DATA", root_.path().c_str(), 1);
  pack(here);
  ::unsetenv("TITRATE_DATA");
  const fs::path before = fs::current_path();
  fs::current_path(root_.path());
  here.out = "relative";
  pack(here);
  fs::current_path(before);
  EXPECT_EQ(files_of(out()), files_of(root_.path() / "relative"));
}

TEST_F(Pack, RefusesADatasetUnlessForced) {
  pack(options());
  const auto before = files_of(out());
  const Outcome found = outcome([&] { pack(options()); });
  EXPECT_EQ(found.code, ErrorCode::usage);
  EXPECT_NE(found.message.find("--force"), std::string::npos);
  EXPECT_EQ(files_of(out()), before);
  PackOptions forced = options();
  forced.force = true;
  forced.overrides = {"shards=1"};
  pack(forced);
  EXPECT_EQ(files_of(out()).size(), 4u);
  EXPECT_EQ(verify(out()).shards.size(), 2u);
  // Data that cannot be read is seen before the old dataset is given up.
  forced.data_root = root_.path() / "nowhere";
  EXPECT_EQ(outcome([&] { pack(forced); }).code, ErrorCode::integrity);
  verify(out());
}

TEST_F(Pack, ClearsWhatAnInterruptedRunLeftAndNothingElse) {
  put(out() / "train-00000-of-00009.h5", "half");
  put(out() / ".train-00001-of-00009.h5.tmp123", "half");
  put(out() / ".manifest.json.tmp77", "half");
  put(out() / ".packing/train-00001-of-00009.h5", "half");
  const std::set<std::string> theirs{"quarantine.json",
                                     "train.h5",
                                     "notes.txt",
                                     "train-0-of-1.h5",
                                     ".train-00000-of-00001.h5",
                                     "my-train-00000-of-00001.h5",
                                     ".notes.tmp1"};
  for (const std::string& name : theirs) put(out() / name, "theirs");
  pack(options());
  const auto files = files_of(out());
  EXPECT_EQ(files.size(), 6 + theirs.size());
  for (const std::string& name : theirs) EXPECT_EQ(files.at(name), "theirs");
  verify(out());
  // Beside a dataset too, which stays when packing fails; what else is in the hidden folder is not ours.
  put(out() / ".packing/train-00001-of-00009.h5", "half");
  put(out() / ".packing/theirs", "theirs");
  PackOptions forced = options();
  forced.force = true;
  {
    const Limit limit(60'000);
    EXPECT_EQ(outcome([&] { pack(forced); }).code, ErrorCode::io);
  }
  EXPECT_EQ(files_of(out() / ".packing"), (std::map<std::string, std::string>{{"theirs", "theirs"}}));
  verify(out());
}

TEST_F(Pack, ForcedKeepsTheOldDatasetUntilTheNewOneIsWhole) {
  pack(options());
  const auto before = files_of(out());
  PackOptions forced = options();
  forced.force = true;
  for (const auto& [shards, bytes] : {std::pair{"shards=3", 60'000}, std::pair{"shards=100", 20'000}}) {
    forced.overrides = {"seed=5", shards};
    const Limit limit(static_cast<rlim_t>(bytes));
    EXPECT_EQ(outcome([&] { pack(forced); }).code, ErrorCode::io);
    EXPECT_EQ(files_of(out()), before);
  }
  // Nor is it given up for one that is refused once its images are known.
  put(root_.path() / "set/t10k-images-idx3-ubyte", idx_bytes({20, 16, 16}, idx_pixels(20, 16, 1)));
  EXPECT_EQ(outcome([&] { pack(forced); }).code, ErrorCode::integrity);
  EXPECT_EQ(files_of(out()), before);
}

TEST_F(Pack, LeavesNothingOnAFullDisk) {
  // The first shard (77 kB) does not fit.
  Outcome found;
  {
    const Limit limit(60'000);
    found = outcome([&] { pack(options()); });
  }
  EXPECT_EQ(found.code, ErrorCode::io) << found.message;
  EXPECT_NE(found.message.find("train-00000-of-00003.h5"), std::string::npos) << found.message;
  EXPECT_TRUE(files_of(out()).empty());
  // Every shard fits, what comes after them does not: nothing is published, and the next run goes on from
  // there.
  PackOptions uneven = options();
  uneven.overrides = {"shards=100"};
  {
    const Limit limit(20'000);
    found = outcome([&] { pack(uneven); });
  }
  EXPECT_EQ(found.code, ErrorCode::io) << found.message;
  EXPECT_NE(found.message.find("dataset.h5"), std::string::npos) << found.message;
  EXPECT_NE(found.message.find("run the same command again"), std::string::npos) << found.message;
  EXPECT_TRUE(files_of(out()).empty());
  EXPECT_EQ(files_of(out() / ".packing").size(), 102u);
  const auto shards_before = fs::last_write_time(out() / ".packing/train-00007-of-00100.h5");
  pack(uneven);
  EXPECT_EQ(fs::last_write_time(out() / "train-00007-of-00100.h5"), shards_before);
  EXPECT_FALSE(fs::exists(out() / ".packing"));
  verify(out());
}

TEST_F(Pack, NamesAFolderThatCannotBeWrittenOrIsInUse) {
  PackOptions unwritable = options();
  unwritable.out = "/proc/titrate";
  expect_refused(unwritable, ErrorCode::io, "/proc/titrate");
  unwritable.out = root_.path() / "recipe.toml";
  expect_refused(unwritable, ErrorCode::io, "recipe.toml");
  make_folder(out());
  const FolderLock lock(out());
  expect_refused(options(), ErrorCode::in_use, "in use by process");
}

}  // namespace
}  // namespace titrate::prep
