#include "titrate/prep/verify.hpp"

#include <functional>

#include "pack_folder.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/shard/writer.hpp"

namespace titrate::prep {
namespace {

namespace fs = std::filesystem;
using shard::Origin;
using shard::Row;

class Verify : public PackFolder {};

TEST_F(Verify, NamesTheFileThatDiffers) {
  shard::Manifest manifest = pack(options()).manifest;
  const auto expect = [&](const std::string& part) {
    const Outcome found = outcome([&] { verify(out()); });
    EXPECT_EQ(found.code, ErrorCode::integrity) << found.message;
    EXPECT_NE(found.message.find(part), std::string::npos) << found.message;
  };
  const fs::path path = out() / "train-00001-of-00003.h5";
  const std::string bytes = read_text(path);
  std::string damaged = bytes;
  damaged[damaged.size() / 2] ^= 1;
  put(path, damaged);
  expect("train-00001-of-00003.h5: the shard is not the one in the manifest");
  // The hash in the manifest follows; the hashes of the pixels do not.
  manifest.shards[1].sha256 = sha256_hex(std::as_bytes(std::span(damaged)));
  put(out() / "manifest.json", shard::to_json(manifest));
  expect("train-00001-of-00003.h5: row");
  fs::remove(path);
  expect("train-00001-of-00003.h5: the shard is missing");
  put(path, bytes);
  manifest.shards[1].sha256 = sha256_hex(std::as_bytes(std::span(bytes)));
  manifest.mean[0] += 1e-9;
  put(out() / "manifest.json", shard::to_json(manifest));
  expect("manifest.json: mean and deviation");
}

TEST_F(Verify, SeesRowsThatContradictEachOther) {
  shard::Manifest manifest = pack(options()).manifest;
  shard::ShardContent content;
  {
    const shard::Shard shard(out(), manifest, manifest.shards[3]);
    content = shard.content();
    content.images.assign(shard.pixels().begin(), shard.pixels().end());
  }
  const Row trained = shard::Shard(out(), manifest, manifest.shards[0]).rows()[0];
  const auto outcome_of = [&](const std::function<void(Row&)>& change) {
    shard::ShardContent changed = content;
    change(changed.rows[2]);
    const std::vector<std::byte> bytes = shard::build_shard(changed);
    write_file(out() / manifest.shards[3].name, bytes);
    manifest.shards[3].sha256 = sha256_hex(bytes);
    manifest.shards[3].bytes = bytes.size();
    write_file(out() / "manifest.json", shard::to_json(manifest));
    return outcome([&] { verify(out()); }).message;
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_TRUE(has(outcome_of([](Row&) {}), "nothing was thrown"));
  EXPECT_TRUE(
      has(outcome_of([&](Row& row) { row.sample_id = row.parent_id = trained.sample_id; }), "the sample id"));
  EXPECT_TRUE(
      has(outcome_of([&](Row& row) { row.family_id = trained.family_id; }), "that training gives away"));
  EXPECT_TRUE(has(outcome_of([](Row& row) { row.origin = Origin::synthetic; }), "synthetic images may not"));
  EXPECT_TRUE(has(outcome_of([](Row& row) { row.parent_id = 1; }), "augmented images have a parent"));
  EXPECT_TRUE(has(outcome_of([](Row& row) { row.label ^= 1; }), "the counts"));
  EXPECT_TRUE(has(outcome_of([](Row& row) { row.family_id = 12345; }), "the fingerprint"));
}

TEST_F(Verify, ReadsTheFilesBesideTheShards) {
  pack(options());
  const std::string bytes = read_text(out() / "dataset.h5");
  std::string damaged = bytes;
  damaged[damaged.size() / 3] ^= 8;
  const auto message = [&] {
    const Outcome found = outcome([&] { verify(out()); });
    EXPECT_EQ(found.code, ErrorCode::integrity) << found.message;
    return found.message;
  };
  put(out() / "dataset.h5", damaged);
  EXPECT_NE(message().find("dataset.h5: the file is not the one in the manifest"), std::string::npos);
  put(out() / "dataset.h5", bytes + "x");
  EXPECT_NE(message().find("dataset.h5: the file has another size than the manifest says"),
            std::string::npos);
  put(out() / "dataset.h5", bytes);
  verify(out());
  fs::remove(out() / "dataset.h5");
  EXPECT_EQ(outcome([&] { verify(out()); }).code, ErrorCode::io);
}

TEST_F(Verify, CountsWhatTrainingGivesAway) {
  // Test image 3 is training image 7, which has three children, and 8 and 9 are equal to each other alone.
  std::string test = idx_pixels(20, 16, 2);
  test.replace(3 * 256, 256, idx_pixels(100, 16, 1).substr(7 * 256, 256));
  test.replace(9 * 256, 256, test.substr(8 * 256, 256));
  put(root_.path() / "set/t10k-images-idx3-ubyte", idx_bytes({20, 16, 16}, test));
  PackOptions allowed = options();
  allowed.overrides = {"augment=[]"};
  expect_refused(allowed, ErrorCode::integrity, "got 1 such images");
  allowed.allow_leaks = true;
  const PackResult result = pack(allowed);
  EXPECT_EQ(result.manifest.leaks, (shard::Leaks{.same_image = 1, .same_family = 1}));
  ASSERT_EQ(result.warnings.size(), 1u);
  EXPECT_NE(result.warnings[0].find("1 are in it, 1 have a relative in it"), std::string::npos);
  shard::Manifest manifest = verify(out());
  manifest.leaks.same_family = 0;
  write_file(out() / "manifest.json", shard::to_json(manifest));
  EXPECT_NE(outcome([&] { verify(out()); }).message.find("expected 1 and 1, got 1 and 0"), std::string::npos);
}

TEST_F(Verify, SaysThatImagesWereTornFromTheirFamilies) {
  PackOptions torn = options();
  torn.overrides = {"source.1.split=train", "split.test=0.2", "split.by=image"};
  const PackResult result = pack(torn);
  const shard::Leaks leaks = verify(out()).leaks;
  EXPECT_EQ(leaks.same_image, 0u);
  EXPECT_GT(leaks.same_family, 60u);  // of 80 test images
  ASSERT_EQ(result.warnings.size(), 1u);
  EXPECT_NE(result.warnings[0].find("have a relative in it"), std::string::npos);
  torn.out = root_.path() / "whole";
  torn.overrides.back() = "split.by=family";
  EXPECT_EQ(pack(torn).manifest.leaks, shard::Leaks{});
}

}  // namespace
}  // namespace titrate::prep
