#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <functional>
#include <string>

#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/shard/manifest.hpp"
#include "titrate/shard/reader.hpp"
#include "titrate/shard/writer.hpp"

namespace titrate::shard {
namespace {

constexpr image::Shape kShape{3, 4, 2};

ShardContent example(std::uint32_t rows, Split split = Split::train) {
  ShardContent content{.dataset = "example", .split = split, .index = 0, .count = 1, .shape = kShape};
  content.class_names = {"cat", "größe"};
  content.sources = {R"({"name":"a"})"};
  content.operations = {"[]", R"(["rotate 10"])"};
  for (std::uint32_t i = 0; i < rows; ++i) {
    Row row{.sample_id = 100 + i, .parent_id = 100, .family_id = 100, .source_row = i};
    row.source_path = std::string(i, 'p');
    row.label = static_cast<std::int32_t>(i % 2);
    row.operations = i % 2;
    row.origin = static_cast<Origin>(i % 3);
    for (std::size_t j = 0; j < kShape.bytes(); ++j) {
      content.images.push_back(static_cast<std::uint8_t>(i * 31 + j * 7));
    }
    row.content_hash = xxh3(std::as_bytes(std::span(content.images).last(kShape.bytes())));
    content.rows.push_back(row);
  }
  return content;
}

void write_bytes(const std::filesystem::path& path, const std::vector<std::byte>& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// Puts the shard into `folder`; the manifest describes it.
Manifest publish(const std::filesystem::path& folder, const ShardContent& content) {
  const std::vector<std::byte> bytes = build_shard(content);
  const std::string name = shard_file_name(content.split, content.index, content.count);
  write_bytes(folder / name, bytes);
  Manifest manifest{.name = content.dataset, .fingerprint = "0011223344556677", .shape = content.shape};
  manifest.class_names = content.class_names;
  manifest.mean = {0.1, 0.25};
  manifest.deviation = {0.3, 1.0 / 3};
  manifest.sources = {{.name = "a", .kind = "idx"}};
  manifest.shards = {{.name = name,
                      .split = content.split,
                      .rows = content.rows.size(),
                      .bytes = bytes.size(),
                      .sha256 = sha256_hex(bytes)}};
  SplitCounts counts{.split = content.split};
  counts.counts.resize(content.class_names.size());
  for (const Row& row : content.rows) {
    ++counts.counts[static_cast<std::size_t>(row.label)][static_cast<std::size_t>(row.origin)];
  }
  manifest.splits = {counts};
  return manifest;
}

Outcome open_outcome(const std::filesystem::path& folder, const Manifest& manifest) {
  return outcome([&] { Shard(folder, manifest, manifest.shards[0]); });
}

void expect_refused(const Outcome& found, const std::string& part) {
  EXPECT_EQ(found.code, ErrorCode::integrity) << found.message;
  EXPECT_NE(found.message.find(part), std::string::npos) << found.message;
}

TEST(Shard, ReadsWhatWasWritten) {
  const TemporaryFolder folder;
  const ShardContent content = example(7);
  const Manifest manifest = publish(folder.path(), content);
  const Shard shard(folder.path(), manifest, manifest.shards[0]);
  EXPECT_TRUE(
      std::equal(shard.pixels().begin(), shard.pixels().end(), content.images.begin(), content.images.end()));
  EXPECT_EQ(shard.content().class_names, content.class_names);
  EXPECT_EQ(shard.content().sources, content.sources);
  EXPECT_EQ(shard.content().operations, content.operations);
  ASSERT_EQ(shard.rows().size(), content.rows.size());
  for (std::size_t i = 0; i < content.rows.size(); ++i) {
    const Row &a = shard.rows()[i], &b = content.rows[i];
    EXPECT_EQ(std::tie(a.sample_id, a.parent_id, a.family_id, a.content_hash, a.source_row, a.source_path),
              std::tie(b.sample_id, b.parent_id, b.family_id, b.content_hash, b.source_row, b.source_path));
    EXPECT_EQ(std::tie(a.label, a.source, a.operations, a.origin),
              std::tie(b.label, b.source, b.operations, b.origin));
  }
}

TEST(Shard, OfNoRowsIsAShard) {
  const TemporaryFolder folder;
  const Manifest manifest = publish(folder.path(), example(0, Split::test));
  const Shard shard(folder.path(), manifest, manifest.shards[0]);
  EXPECT_TRUE(shard.rows().empty());
  EXPECT_TRUE(shard.pixels().empty());
}

TEST(Shard, TakesManyLongClassNames) {
  const TemporaryFolder folder;
  ShardContent content = example(2);
  for (int i = 0; i < 2000; ++i) content.class_names.push_back(std::string(60, 'c') + std::to_string(i));
  const Manifest manifest = publish(folder.path(), content);
  EXPECT_EQ(Shard(folder.path(), manifest, manifest.shards[0]).content().class_names, content.class_names);
}

TEST(Shard, BytesAreAFunctionOfTheContent) {
  const std::vector<std::byte> first = build_shard(example(50));
  // Other memory beneath: what HDF5 leaves unwritten would show.
  const std::vector<std::byte> dirt(1 << 22, std::byte{0xa5});
  EXPECT_EQ(build_shard(example(50)), first);
  EXPECT_NE(build_shard(example(51)), first);
}

TEST(Shard, OneFlippedBitAnywhereIsSeen) {
  const TemporaryFolder folder;
  const Manifest manifest = publish(folder.path(), example(3));
  const std::filesystem::path path = folder.path() / manifest.shards[0].name;
  const std::vector<std::byte> bytes = read_file(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto put = [&](std::size_t place, std::byte value) {
    file.seekp(static_cast<std::streamoff>(place)).put(static_cast<char>(value)).flush();
  };
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    put(i, bytes[i] ^ static_cast<std::byte>(1u << i % 8));
    const Outcome found = open_outcome(folder.path(), manifest);
    put(i, bytes[i]);
    ASSERT_EQ(found.code, ErrorCode::integrity) << "byte " << i << ": " << found.message;
    ASSERT_NE(found.message.find(manifest.shards[0].name), std::string::npos);
  }
  EXPECT_EQ(open_outcome(folder.path(), manifest).message, "nothing was thrown");
}

// What a writer with a bug could publish: the hash is right, the numbers are not.
TEST(Shard, ValuesOutOfRangeAreRefusedBehindAMatchingHash) {
  const TemporaryFolder folder;
  Manifest manifest = publish(folder.path(), example(3));
  const std::filesystem::path path = folder.path() / manifest.shards[0].name;
  const std::vector<std::byte> bytes = read_file(path);
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::vector<std::byte> changed = bytes;
    const auto pattern = std::as_bytes(std::span(from));
    const auto place = std::search(changed.begin(), changed.end(), pattern.begin(), pattern.end());
    EXPECT_NE(place, changed.end());
    std::ranges::copy(std::as_bytes(std::span(to)), place);
    write_bytes(path, changed);
    manifest.shards[0].sha256 = sha256_hex(changed);
    return open_outcome(folder.path(), manifest);
  };
  using namespace std::string_literals;
  expect_refused(replaced("\0\0\0\0\1\0\0\0\0\0\0\0\0\1\2"s, "\0\0\0\0\2\0\0\0\0\0\0\0\0\1\2"s),
                 "row 1: the label");
  expect_refused(replaced("\0\1\2"s + "\x64\0\0\0\0\0\0\0"s, "\0\1\3"s), "row 2: the origin");
}

TEST(Shard, MissingOrTruncatedOrForeignIsRefusedByName) {
  const TemporaryFolder folder;
  const Manifest manifest = publish(folder.path(), example(3));
  const std::filesystem::path path = folder.path() / manifest.shards[0].name;
  std::vector<std::byte> bytes = read_file(path);
  bytes.pop_back();
  write_bytes(path, bytes);
  expect_refused(open_outcome(folder.path(), manifest), "another size");
  std::filesystem::remove(path);
  expect_refused(open_outcome(folder.path(), manifest), "train-00000-of-00001.h5: the shard is missing");
}

TEST(Shard, OfAnotherDatasetSplitOrPlaceIsRefused) {
  const TemporaryFolder folder;
  const Manifest manifest = publish(folder.path(), example(3));
  Manifest other = manifest;
  other.name = "other";
  expect_refused(open_outcome(folder.path(), other), "another dataset; expected other, got example");
  other = manifest;
  other.shards[0].split = Split::test;
  expect_refused(open_outcome(folder.path(), other), "another split");
  other = manifest;
  other.shards.push_back(other.shards[0]);
  other.shards[1].name = "train-00001-of-00002.h5";
  expect_refused(open_outcome(folder.path(), other), "another place");
  other = manifest;
  other.class_names[0] = "dog";
  expect_refused(open_outcome(folder.path(), other), "other classes");
  other = manifest;
  other.shape.width = 5;
  expect_refused(open_outcome(folder.path(), other), "3 x 3 x 5 x 2, got 3 x 3 x 4 x 2");
  other = manifest;
  other.shards[0].rows = 2;
  expect_refused(open_outcome(folder.path(), other), "another extent");
}

TEST(Shard, WriterRefusesContentThatDoesNotAgree) {
  ShardContent content = example(3);
  content.images.pop_back();
  EXPECT_EQ(outcome([&] { build_shard(content); }).code, ErrorCode::internal);
  content = example(3);
  content.rows[1].label = 2;
  EXPECT_NE(outcome([&] { build_shard(content); }).message.find("label"), std::string::npos);
}

TEST(Manifest, ReadsWhatWasWritten) {
  const TemporaryFolder folder;
  Manifest manifest = publish(folder.path(), example(5));
  manifest.recipe = R"({"name":"example","seed":3})";
  manifest.seed = 0xffffffffffffffff;
  manifest.sources[0].origin = Origin::synthetic;
  manifest.sources[0].generator = "g";
  write_file(folder.path() / kManifestName, to_json(manifest));
  const Manifest found = read_manifest(folder.path());
  EXPECT_EQ(to_json(found), to_json(manifest));
  EXPECT_EQ(found.seed, manifest.seed);
  EXPECT_EQ(found.deviation, manifest.deviation);
  EXPECT_EQ(found.splits[0].counts, manifest.splits[0].counts);
  EXPECT_EQ(found.sources[0].origin, Origin::synthetic);
}

TEST(Manifest, NoFlippedBitPasses) {
  const TemporaryFolder folder;
  const std::string text = to_json(publish(folder.path(), example(5)));
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = text;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      std::ofstream(folder.path() / kManifestName, std::ios::binary) << damaged;
      const Outcome found = outcome([&] { EXPECT_EQ(to_json(read_manifest(folder.path())), text); });
      if (found.message != "nothing was thrown") {
        ASSERT_EQ(found.code, ErrorCode::integrity) << found.message;
      }
    }
  }
}

TEST(Manifest, NestedTooDeeplyIsRefused) {
  const TemporaryFolder folder;
  for (const std::string& open : {std::string("["), std::string(R"({"a":)")}) {
    std::string text = R"({"format":"titrate-dataset","recipe":)";
    for (int i = 0; i < 1'000'000; ++i) text += open;
    std::ofstream(folder.path() / kManifestName, std::ios::binary) << text;
    expect_refused(outcome([&] { read_manifest(folder.path()); }), "nested too deeply");
  }
}

TEST(Manifest, AFolderWithoutOneIsNoDataset) {
  const TemporaryFolder folder;
  EXPECT_EQ(outcome([&] { read_manifest(folder.path()); }).code, ErrorCode::usage);
  EXPECT_EQ(outcome([&] { read_manifest(folder.path() / "nowhere"); }).code, ErrorCode::usage);
}

TEST(Manifest, CountsAndShardsMustAgree) {
  const TemporaryFolder folder;
  Manifest manifest = publish(folder.path(), example(5));
  manifest.shards[0].rows = 6;
  write_file(folder.path() / kManifestName, to_json(manifest));
  expect_refused(outcome([&] { read_manifest(folder.path()); }), "manifest.json");
  manifest.shards[0] = {.name = "../train-00000-of-00001.h5", .rows = 5};
  write_file(folder.path() / kManifestName, to_json(manifest));
  expect_refused(outcome([&] { read_manifest(folder.path()); }), "wrong place");
}

std::string fingerprint_of(const std::vector<Row>& rows, const std::string& source = "a") {
  Fingerprint fingerprint(kShape, {"x", "y"});
  for (const Row& row : rows) fingerprint.add(Fingerprint::of(row, Split::train, source));
  return fingerprint.finish();
}

TEST(Fingerprint, IsOfTheRowsAndNotOfTheirOrder) {
  const Row a{.sample_id = 1, .family_id = 1, .content_hash = 5};
  const Row b{.sample_id = 2, .family_id = 2, .content_hash = 6, .label = 1};
  const std::string expected = fingerprint_of({a, b});
  EXPECT_EQ(expected.size(), 16u);
  EXPECT_EQ(fingerprint_of({b, a}), expected);
  for (const auto& change : std::vector<std::function<void(Row&)>>{
           [](Row& r) { r.sample_id = 3; }, [](Row& r) { r.label = 0; }, [](Row& r) { r.family_id = 1; },
           [](Row& r) { r.content_hash = 7; }, [](Row& r) { r.origin = Origin::synthetic; }}) {
    Row changed = b;
    change(changed);
    EXPECT_NE(fingerprint_of({a, changed}), expected);
  }
  EXPECT_NE(fingerprint_of({a, b}, "b"), expected);
  EXPECT_NE(Fingerprint(kShape, {"x", "y"}).finish(), Fingerprint(kShape, {"xy"}).finish());
}

TEST(Format, NamesAreStrict) {
  EXPECT_EQ(parse_origin("synthetic", ""), Origin::synthetic);
  const Outcome found = outcome([] { parse_split("trian", "recipe.toml:3"); });
  EXPECT_EQ(found.code, ErrorCode::usage);
  EXPECT_EQ(found.message,
            "recipe.toml:3: unknown split \"trian\"; expected train, validation, test; did you mean "
            "\"train\"?");
  EXPECT_EQ(shard_file_name(Split::train, 0, 4), "train-00000-of-00004.h5");
}

}  // namespace
}  // namespace titrate::shard
