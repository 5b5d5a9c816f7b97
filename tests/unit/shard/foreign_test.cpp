// Our own shards, read as anybody's files: what HDF5 writes in other forms is in e2e/source_arrays_test.py.
#include "titrate/shard/foreign.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/file.hpp"
#include "titrate/shard/writer.hpp"

// HDF5 itself loses memory over files that are damaged; LeakSanitizer asks this.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libhdf5"; }

namespace titrate::shard {
namespace {

ShardContent example() {
  ShardContent content{.dataset = "example", .shape = {3, 4, 2}, .class_names = {"cat", "größe"}};
  content.sources = {R"({"name":"a"})"};
  content.operations = {"[]"};
  for (std::uint32_t i = 0; i < 7; ++i) {
    Row row{.sample_id = 100 + i, .source_row = i};
    row.label = static_cast<std::int32_t>(i % 2);
    content.rows.push_back(row);
    for (std::size_t j = 0; j < 24; ++j) content.images.push_back(static_cast<std::uint8_t>(i * 31 + j * 7));
  }
  return content;
}

class Foreign : public testing::Test {
 protected:
  Foreign() { put(bytes_); }

  void put(const std::vector<std::byte>& bytes) const {
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }

  Outcome read_everything() const {
    return outcome([&] {
      const ForeignFile file(path_);
      for (const std::string& name : file.datasets()) file.array(name).read_all();
      file.texts("class_names");
    });
  }

  const ShardContent content_ = example();
  const std::vector<std::byte> bytes_ = build_shard(content_);
  const TemporaryFolder folder_{};
  const std::filesystem::path path_ = folder_.path() / "file.h5";
};

TEST_F(Foreign, GivesElementsAndTexts) {
  const ForeignFile file(path_);
  const ForeignArray images = file.array("images"), labels = file.array("labels");
  EXPECT_EQ(images.type(), ElementType{});
  EXPECT_EQ(images.extent(), (std::vector<std::uint64_t>{7, 3, 4, 2}));
  EXPECT_EQ(images.row_bytes(), 24u);
  const std::vector<std::byte> pixels = images.read_all();
  ASSERT_EQ(pixels.size(), content_.images.size());
  EXPECT_EQ(std::memcmp(pixels.data(), content_.images.data(), pixels.size()), 0);
  EXPECT_EQ(to_string(labels.type()), "int32");
  std::vector<std::int32_t> numbers(7);
  std::memcpy(numbers.data(), labels.read_all().data(), 28);
  EXPECT_EQ(numbers, (std::vector<std::int32_t>{0, 1, 0, 1, 0, 1, 0}));
  EXPECT_TRUE(file.has_dataset("operations"));
  EXPECT_FALSE(file.has_dataset("class_names"));  // an attribute
  EXPECT_EQ(file.texts("class_names"), content_.class_names);
  EXPECT_EQ(file.texts("operations"), content_.operations);
}

TEST_F(Foreign, ListsItsDatasets) {
  EXPECT_EQ(ForeignFile(path_).datasets(),
            (std::vector<std::string>{"content_hash", "family_id", "images", "labels", "operation",
                                      "operations", "origin", "parent_id", "sample_id", "source",
                                      "source_path", "source_row", "sources"}));
}

TEST_F(Foreign, WhatItLacksIsNamed) {
  const ForeignFile file(path_);
  for (const char* name : {"pictures", "images/one", "", "/images", "./images"}) {
    const Outcome found = outcome([&] { file.array(name); });
    EXPECT_EQ(found.code, ErrorCode::integrity) << name;
    EXPECT_NE(found.message.find("file.h5"), std::string::npos) << found.message;
  }
  EXPECT_EQ(outcome([&] { file.array("origin"); }).code, ErrorCode::integrity);  // an enumeration
  EXPECT_EQ(outcome([&] { file.texts("labels"); }).code, ErrorCode::integrity);
  EXPECT_EQ(outcome([&] { file.texts("version"); }).code, ErrorCode::integrity);
  EXPECT_EQ(outcome([&] { ForeignFile(folder_.path() / "none.h5"); }).code, ErrorCode::integrity);
  EXPECT_EQ(outcome([&] { ForeignFile(folder_.path()); }).code, ErrorCode::io);
}

TEST_F(Foreign, EveryTruncationIsSeen) {
  for (std::size_t size = 0; size < bytes_.size(); size += 61) {
    put({bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size)});
    const Outcome found = read_everything();
    ASSERT_EQ(found.code, ErrorCode::integrity) << size << ": " << found.message;
  }
}

// Nothing says what the bytes should be: all that is asked is an Error or a result.
TEST_F(Foreign, FlippedBitsDoNoHarm) {
  for (std::size_t i = 0; i < bytes_.size(); i += 5) {
    std::vector<std::byte> flipped = bytes_;
    flipped[i] ^= static_cast<std::byte>(1u << i % 8);
    put(flipped);
    read_everything();
  }
}

}  // namespace
}  // namespace titrate::shard
