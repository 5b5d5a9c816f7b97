#include "../../../src/prep/quarantine.hpp"

#include <algorithm>

#include "../../../src/prep/shard_packer.hpp"
#include "fake_plans.hpp"
#include "pack_folder.hpp"
#include "titrate/prep/verify.hpp"
#include "unit/source/picture_files.hpp"

namespace titrate::prep {
namespace {

namespace fs = std::filesystem;
using shard::Origin;
using shard::Row;
using shard::Split;

// What is left of a plan without these items.
std::vector<std::uint64_t> ids_without(const Recipe& recipe, const Sources& sources, const PackPlan& plan,
                                       const std::set<std::uint32_t>& damaged) {
  std::vector<std::uint64_t> ids;
  for (const auto& rows : {plan.rows[0], plan.rows[1], plan.rows[2]}) {
    for (const Planned& planned : rows) {
      if (!damaged.contains(planned.item)) ids.push_back(make_row(recipe, sources, plan, planned).sample_id);
    }
  }
  return ids;
}

class Quarantined : public testing::Test {
 protected:
  // Packs what the plan says into shards, and reads their rows back.
  std::vector<Row> pack_shards(const Recipe& recipe, const Sources& sources, const PackPlan& plan,
                               unsigned threads) {
    fs::remove_all(folder_.path() / "out");  // shards of a run before would be taken as they are
    OutputFolder output(folder_.path() / "out", false, "key");
    ImageCounter counter(true);
    packed_ = ShardPacker(recipe, sources, plan, threads, output, counter).run();
    std::vector<Row> rows;
    pixels_.clear();
    for (const shard::ShardFile& file : packed_.manifest.shards) {
      const shard::Shard shard(output.staging(), packed_.manifest, file);
      EXPECT_EQ(shard.rows().size(), file.rows);
      rows.insert(rows.end(), shard.rows().begin(), shard.rows().end());
      pixels_.append(shard.pixels().begin(), shard.pixels().end());
    }
    return rows;
  }

  TemporaryFolder folder_;
  PackedShards packed_;
  std::string pixels_;
};

TEST_F(Quarantined, ImagesLeaveTheOthersInOrder) {
  const Recipe recipe = fake_recipe({""}, "shards = 7", "[[augment]]\nops = [\"rotate 10\"]\ncopies = 2\n");
  auto source = fake(fake_items(300));
  source->damaged = {0, 3, 4, 5, 130, 299};
  const FakeSource& images = *source;
  const Sources sources = sources_of(std::move(source));
  ASSERT_FALSE(needs_survey(recipe, sources));
  const PackPlan plan = plan_of(recipe, sources);
  for (const unsigned threads : {1u, 3u}) {
    const std::vector<Row> rows = pack_shards(recipe, sources, plan, threads);
    std::vector<std::uint64_t> ids;
    for (const Row& row : rows) ids.push_back(row.sample_id);
    EXPECT_EQ(ids, ids_without(recipe, sources, plan, {0, 3, 4, 5, 130, 299}));
    ASSERT_EQ(rows.size(), 294u * 3);
    // The pixels moved up with their rows.
    for (std::size_t i = 0; i < 294; ++i) {
      const image::Image image = images.read(std::stoul(rows[i].source_path));
      EXPECT_EQ(pixels_.substr(i * 16, 16), std::string(image.pixels.begin(), image.pixels.end())) << i;
    }
    ASSERT_FALSE(packed_.refused.empty());
    EXPECT_EQ(packed_.refused.front().path, "a: 0.png");
    EXPECT_EQ(packed_.refused.front().why, "it is torn");
  }
}

// A disk or network that fails for a moment must not cost images: nothing is left out, and the run can go on.
TEST_F(Quarantined, AFaultOfTheDiskIsNoFaultOfTheImage) {
  const Recipe recipe = fake_recipe({""}, "shards = 7");
  auto source = fake(fake_items(300));
  source->damaged = {130};
  source->damage = ErrorCode::io;
  const Sources sources = sources_of(std::move(source));
  const PackPlan plan = plan_of(recipe, sources);
  const Outcome found = outcome([&] { pack_shards(recipe, sources, plan, 2); });
  EXPECT_EQ(found.code, ErrorCode::io);
  EXPECT_NE(found.message.find("run the same command again"), std::string::npos) << found.message;
  EXPECT_EQ(outcome([&] { survey_images(recipe, sources, 2, [](std::size_t) {}); }).code, ErrorCode::io);
}

// A shard may lose all its images.
TEST_F(Quarantined, ImagesMayBeAllOfAShard) {
  const Recipe recipe = fake_recipe({""}, "shards = 5");
  auto source = fake(fake_items(20));
  for (std::size_t i = 4; i < 8; ++i) source->damaged.insert(i);
  const Sources sources = sources_of(std::move(source));
  EXPECT_EQ(pack_shards(recipe, sources, plan_of(recipe, sources), 1).size(), 16u);
  EXPECT_EQ(packed_.manifest.shards[1].rows, 0u);
}

TEST_F(Quarantined, ImagesThatAreNotOfTheirShape) {
  const std::vector<std::string> tails{"", "[split]\ntest = 0.3\n"};
  for (const std::string& tail : tails) {
    const Recipe recipe = fake_recipe({""}, "", tail);
    auto source = fake(fake_items(20));
    source->swapped = {7};
    const Sources sources = sources_of(std::move(source));
    const PackPlan plan = plan_of(recipe, sources);
    EXPECT_EQ(pack_shards(recipe, sources, plan, 2).size(), 19u);
    const auto& refused = tail.empty() ? packed_.refused : plan.refused;
    ASSERT_EQ(refused.size(), 1u);
    EXPECT_EQ(refused[0].path, "a: 7.png");
    EXPECT_EQ(refused[0].why,
              "the image has another shape than its header said; expected 4 x 4 x 1, got 5 x 4 x 1");
  }
}

TEST_F(Quarantined, ImagesOfAStrictSourceEndThePacking) {
  const Recipe recipe = fake_recipe({"", "strict = true"});
  auto loose = fake(fake_items(10)), strict = fake(fake_items(10, 2, 50));
  loose->damaged = {1};
  strict->damaged = {5};
  FakeSource& changed = *strict;
  const Sources sources = sources_of(std::move(loose), std::move(strict));
  const PackPlan plan = plan_of(recipe, sources);
  Outcome found = outcome([&] { pack_shards(recipe, sources, plan, 2); });
  EXPECT_EQ(found.code, ErrorCode::integrity);
  EXPECT_EQ(found.message, "/data/5.png: it is torn");
  changed.damaged.clear();
  changed.swapped = {6};
  found = outcome([&] { pack_shards(recipe, sources, plan, 2); });
  EXPECT_EQ(found.message.find("b: 6.png: the image has another shape than its header said"), 0u)
      << found.message;
  const Recipe split = fake_recipe({"", "strict = true"}, "", "[split]\ntest = 0.2\n");
  EXPECT_EQ(outcome([&] { plan_of(split, sources); }).code, ErrorCode::integrity);
}

// What is wrong with us is no fault of an image.
TEST_F(Quarantined, ImagesAreOnlyThoseThatAreDamaged) {
  const Recipe recipe = fake_recipe({""});
  auto source = fake(fake_items(4));
  source->damaged = {1};
  source->damage = ErrorCode::internal;
  const Sources sources = sources_of(std::move(source));
  const Outcome found = outcome([&] { pack_shards(recipe, sources, plan_of(recipe, sources), 1); });
  EXPECT_EQ(found.code, ErrorCode::internal);
  EXPECT_EQ(found.message, "/data/1.png: it is torn");
}

TEST(PackPlan, CountsOnlyImagesThatCanBeReadForAShare) {
  const Recipe recipe =
      fake_recipe({""}, "", "[split]\ntest = 0.25\n[[augment]]\nops = [\"shift 1\"]\nto = 100\n");
  auto source = fake(fake_items(60, 1), 1);
  for (std::size_t i = 0; i < 20; ++i) source->damaged.insert(i * 3);
  const Sources sources = sources_of(std::move(source));
  const PackPlan plan = plan_of(recipe, sources);
  EXPECT_EQ(plan.rows[2].size(), 10u);
  EXPECT_EQ(plan.rows[0].size(), 100u);
  EXPECT_EQ(plan.refused.size(), 20u);
}

// A child without its parent would belong to nobody.
TEST(PackPlan, LeavesOutChildrenOfImagesThatCannotBeRead) {
  for (const auto& [transforms, parts] :
       {std::pair{"", 1u}, std::pair{"transforms = [\"patches 2 2\"]", 4u}}) {
    const Recipe recipe = fake_recipe({""}, transforms);
    auto source = fake(fake_items(6, 1), 1);
    source->kin(4) = {.parent = 1, .operations = "[\"flip\"]"};
    source->kin(5) = {.parent = 0, .operations = "[\"flip\"]"};
    source->damaged = {1};
    const Sources sources = sources_of(std::move(source));
    const PackPlan plan = plan_of(recipe, sources);
    std::vector<std::string> paths;
    for (const Row& row : rows_of(recipe, sources, plan)) paths.push_back(row.source_path);
    ASSERT_EQ(paths.size(), 4u * parts);
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    EXPECT_EQ(paths, (std::vector<std::string>{"0.png", "2.png", "3.png", "5.png"}));
    ASSERT_EQ(plan.refused.size(), 2u);
    EXPECT_EQ(plan.refused[1].path, "a: 4.png");
    EXPECT_EQ(plan.refused[1].why, "its parent cannot be read");
  }
}

// Folders "cat" and "dog" of ten pictures each.
class QuarantineFile : public PackFolder {
 protected:
  QuarantineFile() {
    for (std::uint32_t i = 0; i < 20; ++i) put_png(picture(i), i, 30);
    put(root_.path() / "recipe.toml", kRecipe);
  }

  fs::path picture(std::uint32_t i) const {
    return root_.path() / "pets" / (i % 2 == 0 ? "cat" : "dog") / (std::to_string(i) + ".png");
  }

  // Its header still says what it was.
  void tear(std::uint32_t i) const {
    const std::string bytes = read_text(picture(i));
    put(picture(i), bytes.substr(0, bytes.size() - 20));
  }

  static constexpr const char* kRecipe =
      "name = \"pets\"\nshards = 9\n[[source]]\nkind = \"folder\"\nname = \"pets\"\npath = \"pets\"\n"
      "[[augment]]\nops = [\"rotate 10\"]\ncopies = 4\n";
};

TEST_F(QuarantineFile, NamesEachImageOnce) {
  tear(4);
  tear(13);
  put(picture(6), "no picture at all");
  for (const bool split : {false, true}) {
    PackOptions torn = options(split ? "split" : "plain");
    if (split) torn.overrides = {"split.test=0.3"};
    const PackResult result = pack(torn);
    EXPECT_EQ(result.manifest.quarantined, 3u);
    const std::string lines = read_text(torn.out / "quarantine.jsonl");
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3) << lines;
    for (const std::string name : {"cat/4.png", "cat/6.png", "dog/13.png"}) {
      EXPECT_NE(lines.find("{\"what\":\"pets: " + name + "\",\"why\":\""), std::string::npos) << lines;
    }
    EXPECT_EQ(lines.find(root_.path().string()), std::string::npos) << lines;
    const shard::Manifest manifest = verify(torn.out);
    EXPECT_EQ(manifest.quarantined, 3u);
    const auto& counts = manifest.splits[0].counts;
    if (split) {
      EXPECT_EQ(counts[0], (std::array<std::uint64_t, 3>{6, 24, 0}));  // 8 of 10 can be read, 2 are held out
      EXPECT_EQ(counts[1], (std::array<std::uint64_t, 3>{6, 24, 0}));  // 9, 3
    } else {
      EXPECT_EQ(counts[0], (std::array<std::uint64_t, 3>{8, 32, 0}));
      EXPECT_EQ(counts[1], (std::array<std::uint64_t, 3>{9, 36, 0}));
    }
  }
}

TEST_F(QuarantineFile, IsNotThereWhereAllIsWell) {
  const PackResult result = pack(options());
  EXPECT_EQ(result.manifest.quarantined, 0u);
  EXPECT_FALSE(fs::exists(out() / "quarantine.jsonl"));
}

TEST_F(QuarantineFile, LeavesADatasetThatAShardLostAllImagesOf) {
  for (const std::uint32_t i : {0u, 1u, 2u, 3u, 4u, 5u, 10u}) tear(i);
  PackOptions torn = options();
  torn.overrides = {"augment=[]", "shards=20"};
  EXPECT_EQ(pack(torn).manifest.quarantined, 7u);
  const shard::Manifest manifest = verify(out());
  EXPECT_EQ(manifest.shards.size(), 20u);
  EXPECT_EQ(rows_in(out(), manifest).size(), 13u);
}

TEST_F(QuarantineFile, IsRefusedByAStrictSource) {
  tear(13);
  PackOptions strict = options();
  strict.overrides = {"source.0.strict=true"};
  expect_refused(strict, ErrorCode::integrity, picture(13).string());
  put(picture(6), "no picture at all");
  expect_refused(strict, ErrorCode::integrity, "cat/6.png");
}

TEST_F(QuarantineFile, DoesNotHoldAWholeClass) {
  for (std::uint32_t i = 1; i < 20; i += 2) tear(i);
  expect_refused(options(), ErrorCode::usage, "class \"dog\" has no training image that can be read");
  PackOptions split = options();
  split.overrides = {"split.test=0.3"};
  expect_refused(split, ErrorCode::usage, "class \"dog\" has no training image");
}

}  // namespace
}  // namespace titrate::prep
