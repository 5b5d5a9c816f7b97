#include "../../../src/source/npy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "../../../src/prep/npz_writer.hpp"
#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/file.hpp"
#include "unit/source/array_files.hpp"
#include "unit/source/open_filled.hpp"

namespace titrate::source {
namespace {

void expect_refused(const Outcome& found, const std::vector<std::string>& parts,
                    ErrorCode code = ErrorCode::integrity) {
  EXPECT_EQ(found.code, code) << found.message;
  for (const std::string& part : parts) {
    EXPECT_NE(found.message.find(part), std::string::npos) << found.message << "\nlacks: " << part;
  }
}

NpyHeader parse(const std::string& bytes) {
  std::size_t at = 0;
  return read_npy_header(
      [&](std::span<std::byte> out) {
        const std::size_t count = std::min(out.size(), bytes.size() - at);
        std::memcpy(out.data(), bytes.data() + at, count);
        at += count;
        return count;
      },
      "x.npy");
}

TEST(NpyHeader, IsReadInEveryVersionAndOrderOfKeys) {
  for (const char version : {1, 2, 3}) {
    const NpyHeader header = parse(npy_bytes(npy_dictionary(">i4", "2, 3"), "", version));
    EXPECT_EQ(shard::to_string(header.type), "int32 (big-endian)");
    EXPECT_EQ(header.extent, (std::vector<std::uint64_t>{2, 3}));
    EXPECT_EQ(header.data_bytes, 24u);
  }
  const NpyHeader header = parse(npy_bytes(R"({"shape":(5L,),"fortran_order":False,"descr":"|b1"})", ""));
  EXPECT_EQ(header.extent, (std::vector<std::uint64_t>{5}));
  EXPECT_EQ(header.type.kind, shard::ElementKind::boolean);
  EXPECT_TRUE(parse(npy_array("<f8", "", "")).extent.empty());
  EXPECT_EQ(parse(npy_array("<f8", "", "")).data_bytes, 8u);
  EXPECT_EQ(parse(npy_array("<U7", "3,", "")).data_bytes, 84u);
  EXPECT_EQ(parse(npy_array("|u1", "0, 9223372036854775807, 9223372036854775807", "")).data_bytes, 0u);
}

TEST(NpyHeader, WhatIsNoneIsRefused) {
  const std::string good = npy_dictionary("|u1", "2, 3");
  const auto replaced = [&](const std::string& from, const std::string& to) {
    return std::string(good).replace(good.find(from), from.size(), to);
  };
  for (const std::string& text : {std::string(),
                                  std::string("{}"),
                                  replaced("2, 3", "-2, 3"),
                                  replaced("2, 3", "2 3"),
                                  replaced("2, 3", "6"),
                                  replaced("2, 3", "2.0, 3"),
                                  replaced("2, 3", "9223372036854775807, 3"),
                                  replaced("2, 3", "99999999999999999999, 3"),
                                  replaced("2, 3", "1,1,1,1,1,1,1,1,1"),
                                  replaced("False", "0"),
                                  replaced("|u1", "|u3"),
                                  replaced("|u1", "|u"),
                                  replaced("|u1", "u1"),
                                  replaced("|u1", "<M8"),
                                  replaced("'|u1'", "[('a', '|u1')]"),
                                  replaced("shape", "descr"),
                                  replaced("shape", "form"),
                                  replaced("}", "'more': 1}"),
                                  replaced("}", "} + 1"),
                                  replaced("}", ""),
                                  good + good}) {
    expect_refused(outcome([&] { parse(npy_bytes(text, "")); }), {"x.npy"});
  }
  expect_refused(outcome([&] { parse(npy_bytes(replaced("False", "True"), "")); }), {"Fortran order"});
  expect_refused(outcome([&] { parse(npy_array("|O", "2,", "")); }), {"pickles, which run code when read"});
  expect_refused(outcome([&] { parse("\x80\x04\x95" + good); }), {"a pickle, which runs code"});
  expect_refused(outcome([&] { parse(npy_bytes(good, "", 4)); }), {"another version"});
  const std::string whole = npy_bytes(good, "");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    expect_refused(outcome([&] { parse(whole.substr(0, size)); }), {"cut off"});
  }
}

class NpyFolder : public testing::Test {
 protected:
  Outcome open() {
    return outcome([&] { open_filled(settings_); });
  }
  void put_pair(const std::string& split, int count, unsigned salt) {
    const std::string n = std::to_string(count);
    put_bytes(folder_.path() / ("X_" + split + ".npy"),
              npy_array("|u1", n + ", 4, 5", made_bytes(static_cast<std::size_t>(count) * 20, salt)));
    std::string labels;
    for (int i = 0; i < count; ++i) labels += little_endian(static_cast<std::uint64_t>(i % 3), 2);
    put_bytes(folder_.path() / ("y_" + split + ".npy"), npy_array("<i2", n + ", 1", labels));
  }

  TemporaryFolder folder_;
  SourceSettings settings_{.kind = "npy", .where = "recipe.toml:1", .path = folder_.path()};
};

TEST_F(NpyFolder, ListsAndReadsItsSplits) {
  put_pair("train", 6, 1);
  put_pair("val", 3, 2);
  put_pair("test", 4, 3);
  const auto source = open_filled(settings_);
  const Listing& listing = source->listing();
  ASSERT_EQ(listing.items.size(), 13u);
  EXPECT_EQ(listing.class_names, (std::vector<std::string>{"0", "1", "2"}));
  const std::string expected = made_bytes(120, 1) + made_bytes(60, 2) + made_bytes(80, 3);
  for (std::size_t i = 13; i-- > 0;) {
    const std::vector<std::uint8_t> pixels = source->read(i).pixels;
    EXPECT_EQ(std::string(pixels.begin(), pixels.end()), expected.substr(i * 20, 20)) << i;
  }
  EXPECT_EQ(listing.items[6].path, "X_val.npy");
  EXPECT_EQ(listing.items[6].split, shard::Split::validation);
  EXPECT_EQ(listing.items[8].row, 2u);
  EXPECT_EQ(listing.items[8].label, 2);
  settings_.split = shard::Split::test;
  EXPECT_EQ(open_filled(settings_)->listing().items.size(), 4u);
}

TEST_F(NpyFolder, IsReadNoFurtherThanItsLength) {
  put_pair("train", 6, 1);
  const std::filesystem::path path = folder_.path() / "X_train.npy";
  const std::string bytes = read_text(path);
  put_bytes(path, bytes + "x");
  expect_refused(open(), {"X_train.npy", "bytes after the last element"});
  put_bytes(path, bytes.substr(0, bytes.size() - 1));
  expect_refused(open(), {"X_train.npy", "cut off"});
  put_bytes(path, bytes);
  const auto source = open_filled(settings_);
  std::filesystem::resize_file(path, bytes.size() - 1);
  EXPECT_NO_THROW(source->read(4));
  expect_refused(outcome([&] { source->read(5); }), {"shorter than it was"});
}

TEST_F(NpyFolder, NamesWhatItLacks) {
  expect_refused(open(), {"no array has a name that is known", "got none"});
  put_pair("train", 6, 1);
  std::filesystem::remove(folder_.path() / "y_train.npy");
  expect_refused(open(), {"no labels", "y_train"});
  settings_.values["labels"] = std::string("y");
  expect_refused(open(), {"recipe.toml:1", "no images"}, ErrorCode::usage);
  settings_.values["images"] = std::string("X_trian");
  settings_.values["labels"] = std::string("X_train");
  expect_refused(open(), {"did you mean \"X_train\"?"});
  settings_.path /= "none";
  expect_refused(open(), {"neither a folder"});
}

TEST_F(NpyFolder, StateTellsThatAFileChanged) {
  put_pair("train", 6, 1);
  const std::uint64_t before = open_filled(settings_)->listing().state;
  EXPECT_EQ(open_filled(settings_)->listing().state, before);
  std::filesystem::last_write_time(folder_.path() / "y_train.npy", std::filesystem::file_time_type{});
  EXPECT_NE(open_filled(settings_)->listing().state, before);
}

class NpzFiles : public NpyFolder {
 protected:
  NpzFiles() {
    settings_.path = folder_.path() / "data.npz";
    prep::NpzWriter writer(settings_.path);
    writer.add("train_images", {5, 2, 3, 3}, std::as_bytes(std::span(pixels_)), "|u1");
    writer.add("train_labels", {5, 1}, std::as_bytes(std::span(labels_)), "<i8");
    EXPECT_FALSE(std::filesystem::exists(settings_.path));
    writer.finish();
  }

  const std::string pixels_ = made_bytes(90);
  const std::vector<std::int64_t> labels_{0, 1, 2, 1, 0};
};

TEST_F(NpzFiles, AreReadAsTheyWereWritten) {
  const auto source = open_filled(settings_);
  ASSERT_EQ(source->listing().items.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    const std::vector<std::uint8_t> pixels = source->read(i).pixels;
    EXPECT_EQ(std::string(pixels.begin(), pixels.end()), pixels_.substr(i * 18, 18));
    EXPECT_EQ(source->listing().items[i].label, labels_[i]);
    EXPECT_EQ(source->listing().items[i].path, "train_images");
  }
}

TEST_F(NpzFiles, BytesAreAFunctionOfTheContent) {
  const std::string first = read_text(settings_.path);
  std::filesystem::remove(settings_.path);
  prep::NpzWriter writer(settings_.path);
  writer.add("train_images", {5, 2, 3, 3}, std::as_bytes(std::span(pixels_)), "|u1");
  writer.add("train_labels", {5, 1}, std::as_bytes(std::span(labels_)), "<i8");
  writer.finish();
  EXPECT_EQ(read_text(settings_.path), first);
}

TEST_F(NpzFiles, AreTheSameWhenTheyAreWrittenPieceByPiece) {
  const std::string first = read_text(settings_.path);
  const auto bytes = std::as_bytes(std::span(pixels_));
  const std::filesystem::path path = folder_.path() / "pieces.npz";
  prep::NpzWriter writer(path);
  writer.begin("train_images", {5, 2, 3, 3}, "|u1");
  writer.append(bytes.first(1));
  writer.append(bytes.subspan(1, 50));
  EXPECT_EQ(outcome([&] { writer.end(); }).code, ErrorCode::internal);
  EXPECT_EQ(outcome([&] { writer.begin("other", {1}, "|u1"); }).code, ErrorCode::internal);
  EXPECT_EQ(outcome([&] { writer.append(bytes); }).code, ErrorCode::internal);
  writer.append(bytes.subspan(51));
  writer.end();
  writer.add("train_labels", {5, 1}, std::as_bytes(std::span(labels_)), "<i8");
  writer.finish();
  EXPECT_EQ(read_text(path), first);
}

TEST_F(NpzFiles, ThatTellOfOtherOriginsAreRefused) {
  for (const std::uint8_t origin : {0, 1, 2}) {
    std::filesystem::remove(settings_.path);
    prep::NpzWriter writer(settings_.path);
    const std::vector<std::uint8_t> origins{0, 0, 0, 0, origin};
    writer.add("train_images", {5, 2, 3, 3}, std::as_bytes(std::span(pixels_)), "|u1");
    writer.add("train_labels", {5, 1}, std::as_bytes(std::span(labels_)), "<i8");
    writer.add("train_origin", {5}, std::as_bytes(std::span(origins)), "|u1");
    writer.finish();
    const Outcome found = outcome([&] { open_filled(settings_); });
    if (origin == 0) {
      EXPECT_EQ(found.message, "nothing was thrown");
      continue;
    }
    EXPECT_EQ(found.code, ErrorCode::usage);
    EXPECT_NE(found.message.find("--origin real"), std::string::npos) << found.message;
  }
}

TEST_F(NpzFiles, WriterRefusesWhatDoesNotFitAndLeavesNothing) {
  {
    prep::NpzWriter writer(folder_.path() / "other.npz");
    const auto add = [&](const std::vector<std::uint64_t>& shape, std::string_view dtype) {
      return outcome([&] { writer.add("a", shape, std::as_bytes(std::span(pixels_)), dtype); }).message;
    };
    EXPECT_NE(add({89}, "|u1"), "nothing was thrown");
    EXPECT_NE(add({90}, "<i2"), "nothing was thrown");
    EXPECT_EQ(add({90}, "|u1"), "nothing was thrown");
    EXPECT_NE(add({90}, "|u1"), "nothing was thrown");
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(NpzFiles, EveryTruncationAndFlippedBitIsSeenOrHarmless) {
  const std::string bytes = read_text(settings_.path);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    put_bytes(settings_.path, bytes.substr(0, size));
    expect_refused(open(), {"data.npz"});
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string flipped = bytes;
    flipped[i] = static_cast<char>(flipped[i] ^ (1 << i % 8));
    put_bytes(settings_.path, flipped);
    if (open().message == "nothing was thrown") {
      const auto source = open_filled(settings_);
      ASSERT_EQ(source->listing().items.size(), 5u) << i;
      const std::vector<std::uint8_t> pixels = source->read(4).pixels;
      ASSERT_EQ(std::string(pixels.begin(), pixels.end()), pixels_.substr(72)) << i;
    } else {
      expect_refused(open(), {"data.npz"});
    }
  }
}

}  // namespace
}  // namespace titrate::source
