// Datasets that titrate packed, and a shard of one as anybody's file; other files are in
// e2e/source_arrays_test.py.
#include "../../../src/source/hdf5.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/shard/manifest.hpp"
#include "titrate/shard/writer.hpp"
#include "unit/source/array_files.hpp"
#include "unit/source/open_filled.hpp"

namespace titrate::source {
namespace {

using shard::Origin;
using shard::Row;
using shard::Split;

constexpr image::Shape kShape{2, 3, 3};

// Ids of rows are what the tests name them by.
Row row(std::uint64_t id, std::int32_t label, Origin origin = Origin::real, std::uint64_t parent = 0) {
  Row made{.sample_id = id, .parent_id = parent == 0 ? id : parent, .family_id = parent == 0 ? id : parent};
  made.label = label;
  made.origin = origin;
  made.source = origin == Origin::synthetic ? 1 : 0;
  made.source_row = origin == Origin::augmented ? parent : id;
  made.source_path = "images";
  made.operations = origin == Origin::augmented ? 1 : 0;
  return made;
}

std::string pixels_of(std::uint64_t id) { return made_bytes(kShape.bytes(), static_cast<unsigned>(id)); }

class PackedDataset : public testing::Test {
 protected:
  PackedDataset() {
    add(Split::train, 0, 2, {row(1, 0), row(2, 1), row(11, 0, Origin::augmented, 1)});
    add(Split::train, 1, 2,
        {row(3, 2), row(12, 0, Origin::augmented, 11), row(13, 2, Origin::augmented, 3),
         row(20, 1, Origin::synthetic)});
    add(Split::test, 0, 1, {row(4, 0), row(5, 1)});
    finish();
  }

  void add(Split split, std::uint32_t index, std::uint32_t count, const std::vector<Row>& rows) {
    shard::ShardContent content{
        .dataset = "packed", .split = split, .index = index, .count = count, .shape = kShape};
    content.class_names = manifest_.class_names;
    content.sources = {R"({"name":"mnist"})", R"({"name":"gan"})"};
    content.operations = {"[]", R"(["rotate 10"])"};
    content.rows = rows;
    for (const Row& one : rows) {
      const std::string pixels = pixels_of(one.sample_id);
      content.images.insert(content.images.end(), pixels.begin(), pixels.end());
    }
    const std::vector<std::byte> bytes = shard::build_shard(content);
    const std::string name = shard_file_name(split, index, count);
    write_file(folder_.path() / name, bytes);
    manifest_.shards.push_back({.name = name,
                                .split = split,
                                .rows = rows.size(),
                                .bytes = bytes.size(),
                                .sha256 = sha256_hex(bytes)});
    if (index == 0) manifest_.splits.push_back({.split = split, .counts = {{}, {}, {}}});
    for (const Row& one : rows) {
      ++manifest_.splits.back()
            .counts[static_cast<std::size_t>(one.label)][static_cast<std::size_t>(one.origin)];
    }
  }

  void finish() { write_file(folder_.path() / shard::kManifestName, shard::to_json(manifest_)); }

  static shard::Manifest empty_manifest() {
    shard::Manifest manifest{.name = "packed", .fingerprint = "0011223344556677"};
    manifest.class_names = {"cat", "dog", "owl"};
    manifest.shape = kShape;
    manifest.mean = {0.1, 0.2, 0.3};
    manifest.deviation = {0.1, 0.2, 0.3};
    manifest.sources = {{.name = "mnist", .kind = "idx", .licence = "CC BY-SA 3.0"},
                        {.name = "gan",
                         .kind = "folder",
                         .origin = Origin::synthetic,
                         .generator = "dcgan",
                         .trained_on = "mnist"}};
    return manifest;
  }

  Outcome open() {
    return outcome([&] { open_filled(settings_); });
  }
  // Labels and paths, to compare at a glance.
  static std::vector<std::string> seen(const Source& source) {
    std::vector<std::string> lines;
    for (const Item& item : source.listing().items) {
      lines.push_back(std::to_string(item.label) + " " + item.path + " " + std::to_string(item.row));
    }
    return lines;
  }
  static std::string read(const Source& source, std::size_t index) {
    const std::vector<std::uint8_t> pixels = source.read(index).pixels;
    return {pixels.begin(), pixels.end()};
  }

  TemporaryFolder folder_;
  shard::Manifest manifest_ = empty_manifest();
  SourceSettings settings_{.kind = "hdf5", .where = "recipe.toml:1", .path = folder_.path()};
};

TEST_F(PackedDataset, GivesEveryImageWithWhereItCameFrom) {
  const auto source = open_filled(settings_);
  const Listing& listing = source->listing();
  EXPECT_EQ(seen(*source),
            (std::vector<std::string>{
                "0 mnist/images 1", "1 mnist/images 2", "0 mnist/images#000000000000000b 1",
                "2 mnist/images 3", "0 mnist/images#000000000000000c 11", "2 mnist/images#000000000000000d 3",
                "1 gan/images 20", "0 mnist/images 4", "1 mnist/images 5"}));
  const std::array<std::uint64_t, 9> ids{1, 2, 11, 3, 12, 13, 20, 4, 5};
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_EQ(read(*source, i), pixels_of(ids[i])) << i;
    EXPECT_EQ(listing.items[i].split, i < 7 ? Split::train : Split::test);
    EXPECT_EQ(listing.items[i].shape, kShape);
    EXPECT_EQ(listing.items[i].part, i == 6 ? 1u : 0u);
  }
  EXPECT_EQ(listing.class_names, manifest_.class_names);
  ASSERT_EQ(listing.parts.size(), 2u);
  EXPECT_EQ(listing.parts[0].licence, "CC BY-SA 3.0");
  EXPECT_EQ(listing.parts[1].name, "gan");
  EXPECT_EQ(listing.parts[1].origin, Origin::synthetic);
  EXPECT_EQ(listing.parts[1].generator, "dcgan");
  EXPECT_EQ(listing.parts[1].trained_on, "mnist");
  EXPECT_TRUE(listing.notes.empty());
}

TEST_F(PackedDataset, KeepsFamiliesTogether) {
  const auto source = open_filled(settings_);
  const auto& kinship = source->listing().kinship;
  EXPECT_EQ(kinship.size(), 5u);
  EXPECT_EQ(kinship.at(0).family, 1u);
  EXPECT_FALSE(kinship.at(0).parent.has_value());
  EXPECT_EQ(kinship.at(2).parent, 0u);
  EXPECT_EQ(kinship.at(2).family, 1u);
  EXPECT_EQ(kinship.at(2).operations, R"(["rotate 10"])");
  EXPECT_EQ(kinship.at(4).parent, 2u);  // a copy of a copy
  EXPECT_EQ(kinship.at(5).parent, 3u);
  EXPECT_FALSE(kinship.contains(1));
}

TEST_F(PackedDataset, IsFilteredByClassAndRenumbered) {
  settings_.values["from_classes"] = std::vector<std::string>{"owl", "dog"};
  const auto source = open_filled(settings_);
  EXPECT_EQ(source->listing().class_names, (std::vector<std::string>{"dog", "owl"}));
  EXPECT_EQ(seen(*source), (std::vector<std::string>{"0 mnist/images 2", "1 mnist/images 3",
                                                     "1 mnist/images#000000000000000d 3", "0 gan/images 20",
                                                     "0 mnist/images 5"}));
  EXPECT_EQ(source->listing().kinship.at(2).parent, 1u);
  EXPECT_EQ(read(*source, 3), pixels_of(20));
  settings_.classes = {"owl", "bat", "dog"};
  EXPECT_EQ(seen(*open_filled(settings_))[0], "2 mnist/images 2");
  settings_.classes = {"owl"};
  EXPECT_EQ(open().code, ErrorCode::usage);
  settings_.classes = {};
  settings_.values["from_classes"] = std::vector<std::string>{"dogs"};
  const Outcome found = open();
  EXPECT_EQ(found.code, ErrorCode::usage);
  EXPECT_NE(found.message.find("did you mean \"dog\"?"), std::string::npos) << found.message;
}

TEST_F(PackedDataset, IsFilteredBySplitAndOrigin) {
  settings_.values["splits"] = std::vector<std::string>{"test", "validation"};
  EXPECT_EQ(seen(*open_filled(settings_)),
            (std::vector<std::string>{"0 mnist/images 4", "1 mnist/images 5"}));
  settings_.split = Split::test;
  EXPECT_EQ(open().code, ErrorCode::usage);
  settings_.values.clear();
  EXPECT_EQ(open_filled(settings_)->listing().items.size(), 2u);
  settings_.split.reset();
  settings_.values["origins"] = std::vector<std::string>{"synthetic"};
  const auto source = open_filled(settings_);
  EXPECT_EQ(seen(*source), (std::vector<std::string>{"1 gan/images 20"}));
  ASSERT_EQ(source->listing().parts.size(), 1u);
  EXPECT_EQ(source->listing().parts[0].name, "gan");
  EXPECT_EQ(source->listing().items[0].part, 0u);
  settings_.values["origins"] = std::vector<std::string>{"fake"};
  EXPECT_EQ(open().code, ErrorCode::usage);
}

TEST_F(PackedDataset, ChildrenWithoutTheirParentsAreLeftOutAndCounted) {
  settings_.values["origins"] = std::vector<std::string>{"augmented", "synthetic"};
  const auto source = open_filled(settings_);
  EXPECT_EQ(seen(*source), (std::vector<std::string>{"1 gan/images 20"}));
  EXPECT_EQ(source->listing().notes,
            (std::vector<std::string>{"left out 3 augmented images whose parents are not among the images"}));
}

TEST_F(PackedDataset, CopiesOfEachOtherAreLeftOut) {
  manifest_.shards.clear();
  manifest_.splits.clear();
  add(Split::train, 0, 1, {row(1, 0), row(7, 0, Origin::augmented, 8), row(8, 0, Origin::augmented, 7)});
  finish();
  EXPECT_EQ(open_filled(settings_)->listing().items.size(), 1u);
}

// As `patches` makes them: all of one path and row.
TEST_F(PackedDataset, PartsOfAnImageAreToldApart) {
  manifest_.shards.clear();
  manifest_.splits.clear();
  std::vector<Row> rows{row(1, 0), row(2, 0), row(11, 0, Origin::augmented, 1)};
  for (Row& one : rows) one.source_row = 7;
  rows[0].operations = rows[1].operations = 1;
  add(Split::train, 0, 1, rows);
  finish();
  const auto source = open_filled(settings_);
  EXPECT_EQ(seen(*source), (std::vector<std::string>{"0 mnist/images#0000000000000001 7",
                                                     "0 mnist/images#0000000000000002 7",
                                                     "0 mnist/images#000000000000000b 7"}));
  const auto& kinship = source->listing().kinship;
  ASSERT_EQ(kinship.size(), 3u);
  EXPECT_EQ(kinship.at(1).operations, R"(["rotate 10"])");
  EXPECT_FALSE(kinship.at(1).parent.has_value());
  EXPECT_EQ(kinship.at(2).parent, 0u);
}

TEST_F(PackedDataset, KeepsItsSidecars) {
  const std::uint64_t state = open_filled(settings_)->listing().state;
  for (const std::string name : {"sidecar-0.jsonl", "sidecar-1.jsonl", "quarantine.jsonl"}) {
    const std::string text = "{\"file\":\"" + name + "\"}";
    write_file(folder_.path() / name, text);
    manifest_.files.push_back(
        {.name = name, .bytes = text.size(), .sha256 = sha256_hex(std::as_bytes(std::span(text)))});
  }
  finish();
  const auto source = open_filled(settings_);
  EXPECT_EQ(source->listing().sidecar, "{\"file\":\"sidecar-0.jsonl\"}\n{\"file\":\"sidecar-1.jsonl\"}\n");
  EXPECT_NE(source->listing().state, state);
  write_file(folder_.path() / "sidecar-1.jsonl", "{\"file\":\"sidecar-2.jsonl\"}");
  EXPECT_EQ(open().code, ErrorCode::integrity);
}

TEST_F(PackedDataset, DamageIsSeenWhenItIsOpened) {
  const std::filesystem::path path = folder_.path() / manifest_.shards[1].name;
  std::string bytes = read_text(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  put_bytes(path, bytes);
  EXPECT_EQ(open().code, ErrorCode::integrity);
  std::filesystem::remove(path);
  EXPECT_EQ(open().code, ErrorCode::integrity);
  std::filesystem::remove(folder_.path() / shard::kManifestName);
  EXPECT_NE(open().message.find("a folder, but not of a dataset"), std::string::npos);
}

TEST_F(PackedDataset, AShardThatIsDamagedLaterIsReadOnce) {
  const auto source = open_filled(settings_);
  const std::filesystem::path path = folder_.path() / manifest_.shards[1].name;
  const std::string bytes = read_text(path);
  std::filesystem::remove(path);
  for (const std::size_t row : {3, 4, 3}) {
    EXPECT_NE(outcome([&] { source->read(row); }).message, "nothing was thrown");
    put_bytes(path, bytes);  // too late
  }
  EXPECT_EQ(read(*source, 0), pixels_of(1));
}

TEST_F(PackedDataset, KeysOfFilesAreRefused) {
  settings_.values["images"] = std::string("images");
  EXPECT_EQ(open().code, ErrorCode::usage);
}

TEST_F(PackedDataset, IsReadFromManyThreads) {
  const auto source = open_filled(settings_);
  std::vector<std::string> found(8);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < found.size(); ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t i = 0; i < 9; ++i) found[t] += read(*source, (i + t) % 9);
      });
    }
  }
  for (std::size_t t = 0; t < found.size(); ++t) {
    const std::string once = found[0].substr(t * kShape.bytes()) + found[0].substr(0, t * kShape.bytes());
    EXPECT_EQ(found[t], once);
  }
}

TEST_F(PackedDataset, AShardAloneIsRefused) {
  settings_.path /= manifest_.shards[1].name;
  const Outcome found = open();
  EXPECT_EQ(found.code, ErrorCode::usage);
  EXPECT_NE(found.message.find("pack its folder instead"), std::string::npos) << found.message;
}

}  // namespace
}  // namespace titrate::source
