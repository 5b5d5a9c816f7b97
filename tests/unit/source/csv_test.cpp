#include "../../../src/source/csv.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/error.hpp"
#include "unit/source/open_filled.hpp"
#include "unit/source/picture_files.hpp"

namespace titrate::source {
namespace {

using shard::Split;
using Names = std::vector<std::string>;

class CsvSource : public testing::Test {
 protected:
  const Listing& open(const std::string& text, const std::string& name = "train.csv") {
    settings_.path = folder_.path() / name;
    put(settings_.path, text);
    source_ = open_filled(settings_);
    return source_->listing();
  }

  void expect_refused(const std::string& text, ErrorCode code, const Names& parts) {
    const Outcome found = outcome([&] { open(text); });
    EXPECT_EQ(found.code, code) << text;
    for (const std::string& part : parts) {
      EXPECT_NE(found.message.find(part), std::string::npos) << found.message << "\nlacks: " << part;
    }
  }

  // The labels' names, in order.
  Names labels() const {
    Names names;
    for (const Item& item : source_->listing().items)
      names.push_back(source_->listing().class_names[static_cast<std::size_t>(item.label)]);
    return names;
  }

  std::vector<int> pixels(std::size_t index) const {
    const image::Image image = source_->read(index);
    EXPECT_EQ(image.shape, source_->listing().items[index].shape);
    return {image.pixels.begin(), image.pixels.end()};
  }

  Names refusals() const {
    Names lines;
    for (const Refusal& refusal : source_->listing().refused)
      lines.push_back(refusal.path + ": " + refusal.why);
    return lines;
  }

  TemporaryFolder folder_;
  SourceSettings settings_{.kind = "csv", .where = "recipe.toml:1"};
  std::unique_ptr<Source> source_;
};

TEST_F(CsvSource, ReadsPixels) {
  const std::string text = "label,a,b,c,d\n1,0,1,2,3\n0,255,254,253,007\n1,9,8,7,6";
  for (const std::string& bytes : {text, gzip(text), text + "\n", "\xef\xbb\xbf" + text, text + "\n\n\r\n"}) {
    const Listing& listing = open(bytes, bytes == gzip(text) ? "train.csv.gz" : "train.csv");
    EXPECT_EQ(listing.class_names, (Names{"0", "1"}));
    ASSERT_EQ(listing.items.size(), 3u);
    EXPECT_EQ(labels(), (Names{"1", "0", "1"}));
    EXPECT_EQ(pixels(0), (std::vector<int>{0, 1, 2, 3}));
    EXPECT_EQ(pixels(1), (std::vector<int>{255, 254, 253, 7}));
    EXPECT_EQ(pixels(2), (std::vector<int>{9, 8, 7, 6}));
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(listing.items[i].shape, (image::Shape{2, 2, 1}));
      EXPECT_EQ(listing.items[i].row, i);
      EXPECT_EQ(listing.items[i].path, "train.csv");
      EXPECT_EQ(listing.items[i].split, Split::train);
    }
    EXPECT_TRUE(listing.notes.empty() && listing.refused.empty());
  }
}

TEST_F(CsvSource, ReadsQuotesAndBothLineEnds) {
  settings_.values["label"] = "la\"bel, that\nis long";
  settings_.values["width"] = std::int64_t{1};
  open("a,\"la\"\"bel, that\nis long\",b\r\n1,\"x, \"\"y\"\"\",2\r\n\"3\",plain,\"4\"\n5,\"\"\"\",6\r");
  EXPECT_EQ(labels(), (Names{"x, \"y\"", "plain", "\""}));
  EXPECT_EQ(pixels(1), (std::vector<int>{3, 4}));
  EXPECT_EQ(pixels(2), (std::vector<int>{5, 6}));
}

TEST_F(CsvSource, QuotesOutOfPlaceAreRefused) {
  expect_refused("label,a\nx\"y,1\"\n", ErrorCode::integrity, {"train.csv:2: a quote stands", "column 0"});
  expect_refused("label,a\n\"x\"y,1\n", ErrorCode::integrity, {"train.csv:2: a quote stands", "column 0"});
  expect_refused("label,a\nx,1\ny,\"2\n\n", ErrorCode::integrity, {"train.csv:3: a quoted field"});
  expect_refused("label,a\n\"x\n\ny\",1\n1,2,3\n", ErrorCode::integrity, {"train.csv:2: the label is not"});
  expect_refused("label,a\n1,\"\n\n\"\n", ErrorCode::integrity,
                 {"train.csv:2: column 1 (\"a\") is no pixel"});
}

TEST_F(CsvSource, LabelStandsAnywhere) {
  open("4,1\n3,0\n");
  EXPECT_EQ(source_->listing().class_names, (Names{"3", "4"}));
  EXPECT_EQ(labels(), (Names{"4", "3"}));
  settings_.values["label"] = "1";
  open("4,1\n3,0\n");
  EXPECT_EQ(labels(), (Names{"1", "0"}));
  EXPECT_EQ(pixels(0), std::vector<int>{4});
  settings_.values["label"] = "2";
  expect_refused("4,5,x,6,7\n1,2,y,3,4\n", ErrorCode::usage, {"may be a header or an image"});
  settings_.values["header"] = "no";
  open("4,5,x,6,7\n1,2,y,3,4\n");
  EXPECT_EQ(labels(), (Names{"x", "y"}));
  EXPECT_EQ(pixels(1), (std::vector<int>{1, 2, 3, 4}));
  settings_.values["header"] = "yes";
  open("4,5,x,6,7\n1,2,y,3,4\n");
  EXPECT_EQ(labels(), Names{"y"});
  settings_.values["label"] = "x";
  open("4,5,x,6,7\n1,2,y,3,4\n");
  EXPECT_EQ(labels(), Names{"y"});
}

// As pandas writes an array of pixels: the columns are named by numbers.
TEST_F(CsvSource, HeadersOfNumbersAreSeen) {
  std::string header = "label", row = "3";
  for (int i = 0; i < 784; ++i) {
    header += ',' + std::to_string(i);
    row += ",200";
  }
  EXPECT_EQ(open(header + '\n' + row + '\n').items.size(), 1u);
  EXPECT_EQ(pixels(0), std::vector<int>(784, 200));
  settings_.values["label"] = "0";
  EXPECT_EQ(open(header + '\n' + row + '\n').items.size(), 1u);
  header.replace(0, 5, "784");
  expect_refused(header + '\n' + row + '\n', ErrorCode::integrity,
                 {"train.csv:1: column 257 is no pixel", "got \"256\"; set header = \"yes\""});
  settings_.values["header"] = "perhaps";
  expect_refused(row, ErrorCode::usage, {"expected auto, yes or no, got \"perhaps\""});
}

TEST_F(CsvSource, MissingLabelColumnsAreRefused) {
  expect_refused("Label,a\n1,2\n", ErrorCode::usage, {"no column \"label\"", "did you mean \"Label\"?"});
  expect_refused("cat,1\ndog,2\n", ErrorCode::usage, {"expected one of cat, 1;", "header = \"no\""});
  settings_.values["label"] = "2";
  expect_refused("1,2\n", ErrorCode::usage, {"no column \"2\"", "from 0 to 1"});
  expect_refused("1;2\n", ErrorCode::integrity, {"train.csv:1: there is only one column", "commas"});
  expect_refused("", ErrorCode::integrity, {"train.csv: the file is empty"});
  expect_refused("\n\n", ErrorCode::integrity, {"train.csv: the file is empty"});
  settings_.values.erase("label");
  expect_refused("label,a\n", ErrorCode::integrity, {"no rows"});
  expect_refused("label,path\n", ErrorCode::integrity, {"no rows"});
}

TEST_F(CsvSource, ShapesAreSquareOrAsTheRecipeSays) {
  const std::string twelve = "7,1,2,3,4,5,6,7,8,9,10,11,12\n";
  const auto shape = [&](Values values) {
    settings_.values = std::move(values);
    return open(twelve).items[0].shape;
  };
  const std::int64_t two = 2, three = 3, four = 4;
  EXPECT_EQ(shape({{"channels", three}}), (image::Shape{2, 2, 3}));
  EXPECT_EQ(shape({{"height", three}}), (image::Shape{3, 4, 1}));
  EXPECT_EQ(shape({{"width", three}}), (image::Shape{4, 3, 1}));
  EXPECT_EQ(shape({{"height", four}, {"channels", three}}), (image::Shape{4, 1, 3}));
  EXPECT_EQ(pixels(0), (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  for (const Values& values : {Values{},
                               {{"height", std::int64_t{5}}},
                               {{"height", two}, {"width", three}},
                               {{"channels", two}},
                               {{"width", std::int64_t{13}}},
                               {{"height", two}, {"most_pixels", std::int64_t{11}}}}) {
    settings_.values = values;
    expect_refused(twelve, ErrorCode::usage, {"recipe.toml:1", "give height, width and channels"});
  }
}

TEST_F(CsvSource, KeysOfTheOtherFormAreRefused) {
  settings_.values = {{"images", std::string("x")}};
  expect_refused("1,2\n", ErrorCode::usage, {"images means nothing for", "whose rows are pixels"});
  settings_.values = {{"width", std::int64_t{1}}};
  expect_refused("path,label\na.png,1\n", ErrorCode::usage,
                 {"width means nothing for", "whose rows are paths"});
  settings_.values = {{"background", std::string("red")}};
  expect_refused("1,2\n", ErrorCode::usage,
                 {"background is not a colour; expected \"#rrggbb\", got \"red\""});
}

TEST_F(CsvSource, RowsThatDoNotFitAreRefused) {
  const std::string start = "label,a,b,c,d\n1,0,0,0,0\n";
  for (const char* value : {"256", "-1", "1.0", "", " 1", "1 ", "x", "9999999999999999999999", "+1", "0x1"}) {
    expect_refused(start + "1,0," + value + ",0,0\n", ErrorCode::integrity,
                   {"train.csv:3: column 2 (\"b\") is no pixel; expected an integer from 0 to 255, got \"" +
                    std::string(value) + '"'});
    expect_refused(start + "1,0,0,0," + value, ErrorCode::integrity, {"train.csv:3: column 4 (\"d\")"});
  }
  for (const char* row : {"1,0,0,0", "1,0,0,0,0,0", "1,0,0,0,0,", "1"})
    expect_refused(start + row + "\n1,0,0,0,0\n", ErrorCode::integrity,
                   {"train.csv:3: the row has another number"});
  expect_refused(start + "\n1,0,0,0,0\n", ErrorCode::integrity, {"train.csv:3: the line is empty"});
  expect_refused(start + ",0,0,0,0\n", ErrorCode::integrity, {"train.csv:3: the label is empty"});
  expect_refused(start + "\xff,0,0,0,0\n", ErrorCode::integrity, {"train.csv:3: the label is not UTF-8"});
}

TEST_F(CsvSource, ClassesAreOrderedByValueOrByBytes) {
  EXPECT_EQ(open("10,0\n9,0\n2,0\n").class_names, (Names{"2", "9", "10"}));
  EXPECT_EQ(labels(), (Names{"10", "9", "2"}));
  EXPECT_EQ(open("label,p\n10,0\n9,0\nb,0\nB,0\n").class_names, (Names{"10", "9", "B", "b"}));
}

TEST_F(CsvSource, ClassesOfTheRecipeAreNamesOrPlaces) {
  settings_.classes = {"dog", "cat", "emu"};
  EXPECT_EQ(open("label,p\ncat,1\ndog,2\n").class_names, settings_.classes);
  EXPECT_EQ(labels(), (Names{"cat", "dog"}));
  open("label,p\n2,1\n0,2\n");
  EXPECT_EQ(labels(), (Names{"emu", "dog"}));
  settings_.classes = {"1", "0"};
  open("label,p\n1,1\n0,2\n");
  EXPECT_EQ(labels(), (Names{"1", "0"}));
  EXPECT_EQ(source_->listing().items[0].label, 0);
  settings_.classes = {"dog", "cat"};
  expect_refused("label,p\ndog,1\ncats,2\n", ErrorCode::usage,
                 {"train.csv:3: the label \"cats\" is not among", "did you mean \"cat\"?"});
  expect_refused("label,p\n0,1\n2,2\n", ErrorCode::usage, {"train.csv:2: the label \"0\" is not among"});
}

TEST_F(CsvSource, SplitIsThatOfTheRecipe) {
  settings_.split = Split::test;
  EXPECT_EQ(open("1,2\n").items[0].split, Split::test);
}

TEST_F(CsvSource, BombsAreRefused) {
  std::string rows;
  for (int i = 0; i < 5'000; ++i) rows += "1," + std::string(4000, '0') + '\n';
  expect_refused(gzip(rows), ErrorCode::integrity, {"plausibly hold", "100 times its"});
  expect_refused("1,\"" + std::string(67'200'000, '0'), ErrorCode::integrity,
                 {"train.csv:1: the record is too long"});
  const std::string text = "1,2\n3,4\n";
  const std::string packed = gzip(text);
  expect_refused(packed.substr(0, packed.size() - 3), ErrorCode::integrity, {"cut off at byte"});
}

// Records that end where a buffer does, and lines longer than one.
TEST_F(CsvSource, BuffersDoNotShow) {
  std::string text;
  const std::size_t rows = 30'000;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < 26; ++j) text += std::to_string((i * 7 + j) % 256) + (j < 25 ? "," : "\n");
  }
  ASSERT_GT(text.size(), std::size_t{2} << 20);
  EXPECT_EQ(open(text).items.size(), rows);
  const Names found = labels();
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<int> expected;
    for (std::size_t j = 1; j < 26; ++j) expected.push_back(static_cast<int>((i * 7 + j) % 256));
    ASSERT_EQ(pixels(i), expected) << i;
    ASSERT_EQ(found[i], std::to_string(i * 7 % 256));
  }
  std::string longer = "1";
  for (std::size_t i = 0; i < 1000 * 1000; ++i) longer += "," + std::to_string(i % 256);
  open(longer + '\n' + longer);
  EXPECT_EQ(source_->listing().items.size(), 2u);
  EXPECT_EQ(pixels(1), pixels(0));
  EXPECT_EQ(pixels(1)[999'999], 999'999 % 256);
}

class CsvPaths : public CsvSource {
 protected:
  CsvPaths() {
    for (std::uint32_t i = 0; i < 4; ++i)
      pictures_.push_back(put_png(folder_.path() / ("img/" + std::to_string(i) + ".png"), i, i + 1));
  }

  std::vector<image::Image> pictures_;
};

TEST_F(CsvPaths, ReadsPictures) {
  const Listing& listing = open("path,label\nimg/2.png,dog\n\"img/0.png\",cat\nimg/2.png,cat");
  EXPECT_EQ(listing.class_names, (Names{"cat", "dog"}));
  EXPECT_EQ(labels(), (Names{"dog", "cat", "cat"}));
  EXPECT_EQ(listing.items[1].path, "img/0.png");
  EXPECT_EQ(listing.items[1].row, 0u);
  EXPECT_EQ(listing.items[2].row, 1u);  // the second mention
  EXPECT_EQ(listing.items[1].split, Split::train);
  EXPECT_EQ(listing.items[1].part, 0u);
  EXPECT_EQ(listing.parts.size(), 1u);
  EXPECT_EQ(listing.items[0].shape, pictures_[2].shape);
  EXPECT_EQ(source_->read(0).pixels, pictures_[2].pixels);
  EXPECT_EQ(source_->read(1).pixels, pictures_[0].pixels);
}

TEST_F(CsvPaths, OtherColumnsAndFolders) {
  settings_.values["images"] = "img";
  settings_.values["label"] = "kind";
  EXPECT_EQ(open("id,kind,file,label\n7,10,0.png,x\n8,9,1.png,y\n").class_names, (Names{"9", "10"}));
  EXPECT_EQ(labels(), (Names{"10", "9"}));
  settings_.values["images"] = (folder_.path() / "img").string();
  EXPECT_EQ(open("kind,file\n10,0.png\n").items.size(), 1u);
  settings_.values["label"] = "file";
  expect_refused("kind,file\n10,0.png\n", ErrorCode::usage, {"the labels of", "are its paths"});
}

TEST_F(CsvPaths, TakesSplits) {
  const std::string text =
      "path,label,split\nimg/0.png,a,train\nimg/1.png,b,val\nimg/2.png,c,validation\nimg/3.png,a,test\n";
  const Listing& all = open(text);
  EXPECT_EQ(all.items[1].split, Split::validation);
  EXPECT_EQ(all.items[2].split, Split::validation);
  EXPECT_EQ(all.items[3].split, Split::test);
  settings_.split = Split::test;
  const Listing& listing = open(text);
  ASSERT_EQ(listing.items.size(), 1u);
  EXPECT_EQ(listing.items[0].row, 0u);
  EXPECT_EQ(listing.class_names, (Names{"a", "b", "c"}));
  expect_refused(
      "path,label,split\nimg/0.png,a,dev\n", ErrorCode::integrity,
      {"train.csv:2: column 2 (\"split\")", "expected train, val, validation or test, got \"dev\""});
}

TEST_F(CsvPaths, OriginAndGeneratorMakeParts) {
  const Listing& listing = open(
      "path,label,origin,generator\nimg/0.png,a,,\nimg/1.png,a,synthetic,gan\nimg/2.png,a,real,\n"
      "img/3.png,a,synthetic,gan\nimg/0.png,a,real,gan\nimg/0.png,a,,vae\nimg/0.png,a,synthetic,real\n");
  std::vector<std::uint32_t> parts;
  for (const Item& item : listing.items) parts.push_back(item.part);
  EXPECT_EQ(parts, (std::vector<std::uint32_t>{0, 1, 2, 1, 3, 4, 5}));
  Names names;
  for (const Part& part : listing.parts) names.push_back(part.name + '|' + part.generator);
  EXPECT_EQ(names, (Names{"|", "gan|gan", "real|", "gan-real|gan", "vae|vae", "real-synthetic|real"}));
  EXPECT_EQ(listing.parts[1].origin, shard::Origin::synthetic);
  EXPECT_EQ(listing.parts[2].origin, shard::Origin::real);
  EXPECT_FALSE(listing.parts[4].origin.has_value());
  EXPECT_EQ(open("path,label,origin\nimg/0.png,a,augmented\nimg/1.png,a,\n").refused.size(), 1u);
  for (const char* origin : {"Augmented", "Real", "x"}) {
    expect_refused(std::string("path,label,origin\nimg/0.png,a,") + origin, ErrorCode::integrity,
                   {"train.csv:2: column 2 (\"origin\")", "expected real or synthetic"});
  }
}

TEST_F(CsvPaths, WhatCannotBeReadIsRefusedAlone) {
  put(folder_.path() / "img/broken.png", "x");
  put(folder_.path() / "img/other.jpg", png_bytes(small_picture(2, 1, 1)));
  put(folder_.path() / "img/no_ending", png_bytes(small_picture(2, 1, 1)));
  std::filesystem::create_directories(folder_.path() / "img/folder.png");
  ASSERT_EQ(::mkfifo((folder_.path() / "img/pipe.png").c_str(), 0600), 0);
  const Listing& listing = open(
      "path,label\nimg/9.png,only here\nimg/1.png,a\nimg/broken.png,a\nimg/other.jpg,a\nimg/folder.png,a\n"
      "img/pipe.png,a\nimg/no_ending,b\nimg/2.png,\n\"img/\n.png\",a\nimg/3.png,b\n");
  EXPECT_EQ(listing.class_names, (Names{"a", "b"}));
  EXPECT_EQ(labels(), (Names{"a", "b", "b"}));
  EXPECT_EQ(listing.items[2].row, 0u);
  EXPECT_EQ(source_->read(2).pixels, pictures_[3].pixels);
  const Names found = refusals();
  ASSERT_EQ(found.size(), 7u);
  EXPECT_EQ(found[0], "img/2.png: the label is empty (train.csv:9)");
  EXPECT_EQ(found[1], "img/\\x0a.png: the name is not UTF-8 without control characters (train.csv:10)");
  EXPECT_TRUE(found[2].starts_with("img/9.png: cannot open the file; got ")) << found[2];
  EXPECT_TRUE(found[3].starts_with("img/broken.png: ")) << found[3];
  EXPECT_EQ(found[4], "img/other.jpg: a PNG file whose name ends as that of a JPEG file (train.csv:5)");
  EXPECT_EQ(found[5], "img/folder.png: a folder, not a file (train.csv:6)");
  EXPECT_EQ(found[6], "img/pipe.png: not a regular file (train.csv:7)");
}

TEST_F(CsvPaths, RowsOfOneMissingFileAreToldApart) {
  put(folder_.path() / "img/a.webp", "RIFF1234WEBP");
  open("path,label\nimg/9.png,a\nimg/1.png,a\nimg/9.png,a\nimg/a.webp,a\n");
  const Names found = refusals();
  ASSERT_EQ(found.size(), 3u);
  EXPECT_TRUE(found[0].ends_with(" (train.csv:2)")) << found[0];
  EXPECT_TRUE(found[1].ends_with(" (train.csv:4)")) << found[1];
  EXPECT_EQ(found[2], "img/a.webp: WebP is not read; save it as PNG or JPEG (train.csv:5)");
}

TEST_F(CsvPaths, RowsThatDoNotFitAreRefused) {
  expect_refused("path,label\nimg/0.png\n", ErrorCode::integrity,
                 {"train.csv:2: the row has another number"});
  expect_refused("path,label\n,a\n", ErrorCode::integrity, {"train.csv:2: column 0 (\"path\")"});
}

TEST_F(CsvPaths, StateTellsThatAFileChanged) {
  const std::string text = "path,label\nimg/0.png,a\n";
  open(text);
  const auto csv = settings_.path, png = folder_.path() / "img/0.png";
  for (const auto& path : {csv, png}) {
    const std::uint64_t before = open_filled(settings_)->listing().state;
    EXPECT_EQ(open_filled(settings_)->listing().state, before);
    std::filesystem::last_write_time(path, std::filesystem::file_time_type{});
    EXPECT_NE(open_filled(settings_)->listing().state, before);
  }
}

}  // namespace
}  // namespace titrate::source
