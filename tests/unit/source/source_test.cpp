#include "titrate/source/source.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "../../../src/source/idx.hpp"
#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/draw/glyph.hpp"
#include "titrate/draw/scene.hpp"
#include "unit/source/idx_files.hpp"
#include "unit/source/open_filled.hpp"

namespace titrate::source {
namespace {

void expect_refused(const Outcome& found, const std::vector<std::string>& parts) {
  EXPECT_EQ(found.code, ErrorCode::integrity) << found.message;
  for (const std::string& part : parts) {
    EXPECT_NE(found.message.find(part), std::string::npos) << found.message << "\nlacks: " << part;
  }
}

class IdxFile : public testing::Test {
 protected:
  Outcome read(const std::string& bytes, std::uint32_t dimensions = 3) {
    put(path_, bytes);
    return outcome([&] { read_idx(path_, dimensions); });
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "images";
  std::string good_ = idx_bytes({3, 2, 2}, "abcdefghijkl");
};

TEST_F(IdxFile, IsReadPlainAndCompressed) {
  for (const std::string& bytes : {good_, gzip(good_)}) {
    put(path_, bytes);
    const IdxArray array = read_idx(path_, 3);
    EXPECT_EQ(array.extent, (std::vector<std::uint32_t>{3, 2, 2}));
    EXPECT_EQ(std::string(array.values.begin(), array.values.end()), "abcdefghijkl");
  }
}

// As cat a.gz b.gz and bgzip make them; bgzip ends in an empty member.
TEST_F(IdxFile, IsReadFromSeveralGzipMembers) {
  std::string bytes;
  for (const char value : good_) bytes += gzip(std::string(1, value));
  put(path_, bytes + gzip(""));
  const IdxArray array = read_idx(path_, 3);
  EXPECT_EQ(std::string(array.values.begin(), array.values.end()), "abcdefghijkl");
  expect_refused(read(bytes.substr(0, bytes.size() - 1)), {"cut off at byte"});
}

TEST_F(IdxFile, EveryByteOfTheHeaderCounts) {
  for (std::size_t i = 0; i < 16; ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = good_;
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
      expect_refused(read(bytes), {"images", "expected", "got"});
      expect_refused(read(gzip(bytes)), {"images", "expected", "got"});
    }
  }
  std::string bytes = good_;
  bytes[2] = 9;
  expect_refused(read(bytes), {"byte 2 (element type); expected 8, got 9"});
  expect_refused(read(good_, 1), {"byte 3 (number of dimensions); expected 1, got 3"});
}

TEST_F(IdxFile, EveryTruncationIsSeen) {
  const std::string packed = gzip(good_);
  for (std::size_t size = 0; size < good_.size(); ++size) {
    expect_refused(read(good_.substr(0, size)), {"cut off", "got " + std::to_string(size)});
    expect_refused(read(gzip(good_.substr(0, size))), {"cut off", "got " + std::to_string(size)});
  }
  for (std::size_t size = 2; size < packed.size(); ++size) {
    expect_refused(read(packed.substr(0, size)), {"cut off at byte " + std::to_string(size)});
  }
}

TEST_F(IdxFile, TrailingBytesAreSeen) {
  expect_refused(read(good_ + "x"), {"after the last element", "byte 28, got 29 bytes"});
  expect_refused(read(gzip(good_ + "x")), {"after the last element", "byte 28"});
  expect_refused(read(gzip(good_) + "x"), {"after the end of the gzip stream"});
  expect_refused(read(gzip(good_) + "\x1f"), {"after the end of the gzip stream"});
  expect_refused(read(gzip(good_) + gzip("x")), {"after the last element", "byte 28"});
  expect_refused(read(gzip(good_) + "\x1f\x8b"), {"cut off at byte"});
}

TEST_F(IdxFile, DamagedGzipIsSeen) {
  const std::string packed = gzip(good_);
  int harmless = 0;
  // Bytes 4 to 9 of a gzip header are the time and flags that nobody checks.
  for (std::size_t i = 10; i < packed.size(); ++i) {
    std::string bytes = packed;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x20);
    // A bit that pads the last code changes nothing; all others are seen.
    if (read(bytes).message == "nothing was thrown") {
      const IdxArray array = read_idx(path_, 3);
      EXPECT_EQ(std::string(array.values.begin(), array.values.end()), "abcdefghijkl");
      ++harmless;
    } else {
      expect_refused(read(bytes), {"images"});
    }
  }
  EXPECT_LE(harmless, 1);
}

TEST_F(IdxFile, GzipBombsAreRefusedBeforeTheyUnpack) {
  // A header that claims much, a body that shrinks a thousandfold: 64 MB from 64 kB.
  expect_refused(read(gzip(idx_bytes({64, 1000, 1000}, std::string(64'000'000, '\0')))),
                 {"more than the compressed file can plausibly hold", "64000000 bytes"});
  // A header that claims little, a body that goes on.
  expect_refused(read(gzip(good_ + std::string(64'000'000, '\0'))), {"after the last element"});
  // A header that claims everything.
  expect_refused(read(gzip(idx_bytes({0xffffffff, 65535, 65535}, "abc"))), {"plausibly hold"});
  expect_refused(read(idx_bytes({0xffffffff, 65535, 65535}, "abc")), {"cut off"});
  expect_refused(read(idx_bytes({1, 65536, 1}, "abc")), {"dimension 1 at byte 8 is out of range"});
}

class IdxSource : public testing::Test {
 protected:
  IdxSource() { put_idx_set(folder_.path()); }

  Outcome open() {
    return outcome([&] { open_filled(settings_); });
  }
  std::filesystem::path file(const char* name) const { return folder_.path() / name; }

  TemporaryFolder folder_;
  SourceSettings settings_{.kind = "idx", .where = "recipe.toml:1", .path = folder_.path()};
};

TEST_F(IdxSource, ListsAndReadsBothSplitsInOrder) {
  const auto source = open_filled(settings_);
  const Listing& listing = source->listing();
  EXPECT_EQ(listing.class_names.size(), 10u);
  ASSERT_EQ(listing.items.size(), 60u);
  const std::string expected = idx_pixels(40, 6, 1) + idx_pixels(20, 6, 2);
  for (std::size_t i = 0; i < 60; ++i) {
    const Item& item = listing.items[i];
    EXPECT_EQ(item.split, i < 40 ? shard::Split::train : shard::Split::test);
    EXPECT_EQ(item.row, i < 40 ? i : i - 40);
    EXPECT_EQ(item.path, i < 40 ? "train-images-idx3-ubyte" : "t10k-images-idx3-ubyte");
    EXPECT_EQ(item.label, static_cast<int>(item.row * 7 % 10));
    EXPECT_EQ(item.shape, (image::Shape{6, 6, 1}));
    const std::vector<std::uint8_t> pixels = source->read(i).pixels;
    EXPECT_EQ(std::string(pixels.begin(), pixels.end()), expected.substr(i * 36, 36));
  }
}

TEST_F(IdxSource, TakesOneSplitAlone) {
  settings_.split = shard::Split::test;
  std::filesystem::remove(file("train-images-idx3-ubyte"));
  const auto source = open_filled(settings_);
  EXPECT_EQ(source->listing().items.size(), 20u);
  EXPECT_EQ(source->listing().items[0].split, shard::Split::test);
  const std::vector<std::uint8_t> pixels = source->read(19).pixels;
  EXPECT_EQ(std::string(pixels.begin(), pixels.end()), idx_pixels(20, 6, 2).substr(19 * 36));
}

TEST_F(IdxSource, TakesTheOtherNames) {
  std::filesystem::rename(file("train-images-idx3-ubyte"), file("train-images.idx3-ubyte"));
  const std::string labels = read_text(file("t10k-labels-idx1-ubyte"));
  std::filesystem::remove(file("t10k-labels-idx1-ubyte"));
  put(file("t10k-labels.idx1-ubyte.gz"), gzip(labels));
  const auto source = open_filled(settings_);
  EXPECT_EQ(source->listing().items.size(), 60u);
  EXPECT_EQ(source->listing().items[0].path, "train-images-idx3-ubyte");
}

TEST_F(IdxSource, MissingFilesAreNamed) {
  std::filesystem::remove(file("t10k-labels-idx1-ubyte"));
  expect_refused(open(), {file("t10k-labels-idx1-ubyte").string(), "missing"});
}

TEST_F(IdxSource, LabelsMustFit) {
  put(file("train-labels-idx1-ubyte"), idx_bytes({39}, idx_labels(39)));
  expect_refused(open(), {"train-labels-idx1-ubyte", "expected 40, got 39"});
  std::string labels = idx_labels(40);
  labels[5] = 10;
  put(file("train-labels-idx1-ubyte"), idx_bytes({40}, labels));
  expect_refused(open(), {"train-labels-idx1-ubyte", "the label at byte 13", "expected 0 to 9, got 10"});
  settings_.classes = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"};
  EXPECT_EQ(open().message, "nothing was thrown");
}

TEST_F(IdxSource, TransposesAsEmnistNeedsIt) {
  put(file("train-images-idx3-ubyte"), idx_bytes({40, 4, 9}, idx_pixels(40, 6, 1)));
  settings_.values["transpose"] = true;
  const auto source = open_filled(settings_);
  const image::Image image = source->read(3);
  EXPECT_EQ(image.shape, (image::Shape{9, 4, 1}));
  EXPECT_EQ(image.shape, source->listing().items[3].shape);
  const std::string stored = idx_pixels(40, 6, 1).substr(3 * 36, 36);
  for (std::size_t y = 0; y < 9; ++y) {
    for (std::size_t x = 0; x < 4; ++x)
      EXPECT_EQ(static_cast<char>(image.pixels[y * 4 + x]), stored[x * 9 + y]);
  }
}

TEST_F(IdxSource, StateTellsThatAFileChanged) {
  const std::uint64_t before = open_filled(settings_)->listing().state;
  EXPECT_EQ(open_filled(settings_)->listing().state, before);
  std::filesystem::last_write_time(file("t10k-labels-idx1-ubyte"), std::filesystem::file_time_type{});
  EXPECT_NE(open_filled(settings_)->listing().state, before);
}

SourceSettings glyphs(Values values, std::vector<std::string> classes = {}) {
  values.try_emplace("seed", std::int64_t{0});
  return {.kind = "glyphs", .where = "r:3", .classes = std::move(classes), .values = std::move(values)};
}

TEST(Glyphs, AreThoseOfTheirIndex) {
  const auto source = open_filled(
      glyphs({{"per_class", std::vector<std::int64_t>{3}}, {"size", 16}, {"seed", 5}, {"first", 7}}));
  const Listing& listing = source->listing();
  ASSERT_EQ(listing.items.size(), 30u);
  EXPECT_EQ(listing.items[13].label, 3);
  EXPECT_EQ(listing.items[13].row, 8u);
  EXPECT_EQ(listing.items[13].shape, (image::Shape{16, 16, 1}));
  EXPECT_EQ(source->read(13).pixels,
            draw::draw_glyph({.glyph_class = 3, .index = 8, .seed = 5, .size = 16}).pixels);
}

TEST(Glyphs, TakeSomeOfTheClassesAndANumberForEach) {
  const auto source = open_filled(glyphs({{"per_class", std::vector<std::int64_t>{1, 3}}}, {"7", "1"}));
  std::vector<int> labels;
  for (const Item& item : source->listing().items) labels.push_back(item.label);
  EXPECT_EQ(labels, (std::vector<int>{0, 1, 1, 1}));
  EXPECT_EQ(source->read(0).pixels, draw::draw_glyph({.glyph_class = 7}).pixels);
}

TEST(Glyphs, SymbolsAreScenesInColourUnlessInkIsAskedFor) {
  const std::vector<std::string> symbols = draw::glyph_set("symbols-37");
  const std::vector<std::int64_t> one{1};
  const auto scenes = open_filled(glyphs({{"per_class", one}, {"size", 64}}, symbols));
  ASSERT_EQ(scenes->listing().items.size(), 37u);
  EXPECT_EQ(scenes->listing().items[36].shape, (image::Shape{64, 64, 3}));
  EXPECT_EQ(scenes->read(36).pixels, draw::draw_scene({.glyph_class = 36, .size = 64}).pixels);
  const auto ink = open_filled(glyphs({{"per_class", one}, {"style", "ink"}}, symbols));
  EXPECT_EQ(ink->read(36).pixels, draw::draw_glyph({.glyph_class = 36}).pixels);
  EXPECT_EQ(outcome([&] {
              open_filled(glyphs({{"per_class", one}, {"style", "oil"}}));
            }).code,
            ErrorCode::usage);
}

TEST(Glyphs, RefuseWhatTheyCannotDraw) {
  const std::vector<std::int64_t> one{1}, three{1, 2, 3};
  const Outcome found = outcome([&] { open_filled(glyphs({{"per_class", one}}, {"cat"})); });
  EXPECT_EQ(found.code, ErrorCode::usage);
  EXPECT_NE(found.message.find("r:3: no glyphs are drawn for class \"cat\""), std::string::npos);
  EXPECT_EQ(outcome([&] { open_filled(glyphs({{"per_class", three}}, {"1", "2"})); }).code, ErrorCode::usage);
}

TEST(Source, UnknownKindNamesTheNearest) {
  const Outcome found = outcome([] { open_source({.kind = "glyph", .where = "r:2"}); });
  EXPECT_EQ(found.code, ErrorCode::usage);
  EXPECT_NE(found.message.find("did you mean \"glyphs\"?"), std::string::npos) << found.message;
}

}  // namespace
}  // namespace titrate::source
