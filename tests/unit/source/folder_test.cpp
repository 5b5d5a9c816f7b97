#include "../../../src/source/folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/error.hpp"
#include "unit/source/open_filled.hpp"
#include "unit/source/picture_files.hpp"

namespace titrate::source {
namespace {

using shard::Split;
using Names = std::vector<std::string>;

class FolderSource : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }
  image::Image picture(const std::string& name, std::uint32_t seed = 0) { return put_png(file(name), seed); }

  const Listing& open() {
    source_ = open_filled(settings_);
    return source_->listing();
  }

  Outcome refused() {
    return outcome([&] { open(); });
  }

  // "class split path" of every item.
  Names items() {
    Names lines;
    for (const Item& item : source_->listing().items) {
      lines.push_back(source_->listing().class_names[static_cast<std::size_t>(item.label)] + ' ' +
                      std::string(name_of(item.split)) + ' ' + item.path);
    }
    return lines;
  }

  // "path: why" of every refusal.
  Names refusals() {
    Names lines;
    for (const Refusal& refusal : source_->listing().refused)
      lines.push_back(refusal.path + ": " + refusal.why);
    return lines;
  }

  TemporaryFolder folder_;
  SourceSettings settings_{.kind = "folder", .where = "recipe.toml:1", .path = folder_.path()};
  std::unique_ptr<Source> source_;
};

TEST_F(FolderSource, TakesFoldersAsClasses) {
  const image::Image second = picture("dog/2.png", 7);
  picture("cat/10.PNG");
  picture("cat/9.png");
  put(file("Zebra/a.pgm"), pgm_bytes(3, 2, "abcdef"));
  const Listing& listing = open();
  EXPECT_EQ(listing.class_names, (Names{"Zebra", "cat", "dog"}));
  EXPECT_EQ(items(), (Names{"Zebra train Zebra/a.pgm", "cat train cat/10.PNG", "cat train cat/9.png",
                            "dog train dog/2.png"}));
  EXPECT_TRUE(listing.refused.empty() && listing.notes.empty() && listing.sidecar.empty());
  EXPECT_EQ(listing.items[0].shape, (image::Shape{2, 3, 1}));
  EXPECT_EQ(listing.items[3].shape, second.shape);
  EXPECT_EQ(listing.items[3].row, 0u);
  EXPECT_EQ(source_->read(3).pixels, second.pixels);
  const std::vector<std::uint8_t> pixels = source_->read(0).pixels;
  EXPECT_EQ(std::string(pixels.begin(), pixels.end()), "abcdef");
}

// Whatever order the file system has: it differs between file systems, and with the order of creation.
TEST_F(FolderSource, OrderIsThatOfTheBytesOfNames) {
  Names names{"b", "B", "a", "\xc3\xa9", "aa", "a-b", "10", "2"};
  Names expected;
  for (int turn = 0; turn < 3; ++turn) {
    std::rotate(names.begin(), names.begin() + 3, names.end());
    for (const std::string& name : names) {
      for (const std::string& image : names) picture(name + '/' + image + ".png");
    }
    const Listing& listing = open();
    Names sorted = names;
    std::sort(sorted.begin(), sorted.end(), [](const std::string& a, const std::string& b) {
      return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return static_cast<unsigned char>(x) < static_cast<unsigned char>(y);
      });
    });
    EXPECT_EQ(listing.class_names, sorted);
    if (turn == 0) expected = items();
    EXPECT_EQ(items(), expected);
    EXPECT_EQ(items().size(), names.size() * names.size());
    for (const std::string& name : names) std::filesystem::remove_all(file(name));
  }
}

TEST_F(FolderSource, TakesNestedFolders) {
  picture("cat/more/deep/1.png");
  picture("cat/2.png");
  std::filesystem::create_directories(file("cat/x.png"));
  std::filesystem::create_directories(file("cat/more/nothing"));
  open();
  EXPECT_EQ(items(), (Names{"cat train cat/2.png", "cat train cat/more/deep/1.png"}));
  EXPECT_EQ(refusals(),
            (Names{"cat/more/nothing: a folder without images", "cat/x.png: a folder without images"}));
}

TEST_F(FolderSource, TakesSplitFolders) {
  for (const char* name : {"train/cat/1.png", "train/dog/1.png", "val/cat/2.png", "validation/cat/3.png",
                           "test/emu/4.png", "test/cat/5.png"}) {
    picture(name);
  }
  open();
  EXPECT_EQ(items(), (Names{"cat test test/cat/5.png", "emu test test/emu/4.png", "cat train train/cat/1.png",
                            "dog train train/dog/1.png", "cat validation val/cat/2.png",
                            "cat validation validation/cat/3.png"}));
  settings_.split = Split::test;
  EXPECT_EQ(open().class_names, (Names{"cat", "dog", "emu"}));
  EXPECT_EQ(items(), (Names{"cat test test/cat/5.png", "emu test test/emu/4.png"}));
  EXPECT_TRUE(refusals().empty());
}

TEST_F(FolderSource, OtherFoldersBesideMakeSplitFoldersClasses) {
  for (const char* name : {"train/1.png", "test/2.png", "car/3.png"}) picture(name);
  open();
  EXPECT_EQ(items(), (Names{"car train car/3.png", "test train test/2.png", "train train train/1.png"}));
  settings_.split = Split::test;
  open();
  EXPECT_EQ(items(), (Names{"car test car/3.png", "test test test/2.png", "train test train/1.png"}));
}

TEST_F(FolderSource, ValidationFoldersAloneAreClasses) {
  picture("val/1.png");
  EXPECT_EQ(open().class_names, Names{"val"});
}

TEST_F(FolderSource, ASplitThatIsNotThereIsRefused) {
  picture("train/cat/1.png");
  settings_.split = Split::validation;
  const Outcome found = refused();
  EXPECT_EQ(found.code, ErrorCode::usage);
  EXPECT_NE(found.message.find("split = \"validation\", but there is no such folder"), std::string::npos)
      << found.message;
}

TEST_F(FolderSource, WhatIsHiddenIsPassedOverAloud) {
  for (const char* name : {"cat/1.png", ".cache/cat/1.png", "__MACOSX/cat/1.png", "cat/.hidden.png"})
    picture(name);
  put(file("cat/Thumbs.db"), "x");
  for (const char* name : {".a", ".b"}) put(file(name), "x");
  const Listing& listing = open();
  EXPECT_EQ(listing.class_names, Names{"cat"});
  EXPECT_EQ(listing.items.size(), 1u);
  EXPECT_TRUE(listing.refused.empty());
  EXPECT_EQ(listing.notes, (Names{"hidden folder .cache skipped", "hidden folder __MACOSX skipped",
                                  "4 hidden files skipped: .a, .b, cat/.hidden.png, ..."}));
}

TEST_F(FolderSource, HiddenFoldersDoNotHideTheSplits) {
  picture("train/cat/1.png");
  picture(".git/1.png");
  open();
  EXPECT_EQ(items(), Names{"cat train train/cat/1.png"});
}

TEST_F(FolderSource, EmptyClassesAreLeftOutByName) {
  picture("cat/1.png");
  std::filesystem::create_directories(file("dog"));
  put(file("emu/notes.txt"), "x");
  EXPECT_EQ(open().class_names, Names{"cat"});
  EXPECT_EQ(refusals(),
            (Names{"dog: no images in this class", "emu: no images in this class: not an image file",
                   "emu/notes.txt: not an image file"}));
  settings_.classes = {"emu", "dog", "cat"};
  EXPECT_EQ(open().class_names, settings_.classes);
  EXPECT_EQ(items(), Names{"cat train cat/1.png"});
  EXPECT_EQ(source_->listing().items[0].label, 2);
}

TEST_F(FolderSource, FormatsThatAreNotReadAreNamed) {
  picture("cat/1.png");
  for (const char* name : {"cat/2.webp", "cat/3.GIF", "cat/4.tif", "cat/5.heic", "cat/6.avif", "loose.svg"})
    put(file(name), "x");
  open();
  const std::string rest = " is not read; save it as PNG or JPEG";
  EXPECT_EQ(refusals(),
            (Names{"cat/2.webp: WebP" + rest, "cat/3.GIF: GIF" + rest, "cat/4.tif: TIFF" + rest,
                   "cat/5.heic: HEIC" + rest, "cat/6.avif: AVIF" + rest, "loose.svg: SVG" + rest}));
}

TEST_F(FolderSource, AnExportThatTellsOfOtherOriginsIsRefused) {
  picture("train/cat/1.png");
  const std::string head = "path,label,split,origin,generator\ntrain/cat/1.png,cat,train,";
  put(file("images.csv"), head + "real,\n");
  EXPECT_EQ(open().items.size(), 1u);
  EXPECT_TRUE(refusals().empty());
  for (const char* origin : {"synthetic", "augmented"}) {
    put(file("images.csv"), head + "real,\ntrain/cat/2.png,cat,train," + origin + ",\n");
    const Outcome found = refused();
    EXPECT_EQ(found.code, ErrorCode::usage);
    EXPECT_NE(found.message.find(std::string("tells of ") + origin), std::string::npos) << found.message;
    EXPECT_NE(found.message.find("pack \"" + file("images.csv").string()), std::string::npos)
        << found.message;
  }
  put(file("images.csv"), "path,label\ntrain/cat/1.png,cat\n");
  EXPECT_EQ(open().items.size(), 1u);
  EXPECT_EQ(refusals(), Names{"images.csv: not an image file"});
}

TEST_F(FolderSource, WhatIsNoImageIsRefusedByName) {
  picture("cat/1.png");
  picture("loose.png");
  put(file("README.md"), "x");
  put(file("cat/data"), "x");
  put(file("cat/empty.png"), "");
  put(file("cat/text.png"), "this is no picture");
  put(file("cat/grey.png"), pgm_bytes(1, 1, "a"));
  const std::string png = png_bytes(small_picture(4, 3, 1));
  put(file("cat/cut.png"), png.substr(0, 20));
  put(file("cat/photo.jpg"), png);
  open();
  EXPECT_EQ(items(), Names{"cat train cat/1.png"});
  const Names found = refusals();
  ASSERT_EQ(found.size(), 8u);
  EXPECT_EQ(found[0], "README.md: not an image file");
  EXPECT_TRUE(found[1].starts_with("cat/cut.png: ")) << found[1];
  EXPECT_EQ(found[2], "cat/data: not an image file");
  EXPECT_EQ(found[3], "cat/empty.png: the file is empty");
  EXPECT_EQ(found[4], "cat/grey.png: a PNM file whose name ends as that of a PNG file");
  EXPECT_EQ(found[5], "cat/photo.jpg: a PNG file whose name ends as that of a JPEG file");
  EXPECT_TRUE(found[6].starts_with("cat/text.png: ")) << found[6];
  EXPECT_EQ(found[6].find(folder_.path().string()), std::string::npos) << found[6];
  EXPECT_EQ(found[7], "loose.png: not in a class folder");
}

TEST_F(FolderSource, WhatIsNoFileIsRefusedAndNeverWaitedFor) {
  picture("cat/1.png");
  ASSERT_EQ(::mkfifo(file("cat/pipe.png").c_str(), 0600), 0);
  std::filesystem::create_symlink("pipe.png", file("cat/to_pipe.png"));
  std::filesystem::create_symlink("nowhere.png", file("cat/dangling.png"));
  std::filesystem::create_symlink("self.png", file("cat/self.png"));
  std::filesystem::create_symlink("1.png", file("cat/2.png"));
  open();
  EXPECT_EQ(items(), (Names{"cat train cat/1.png", "cat train cat/2.png"}));
  EXPECT_EQ(source_->read(1).pixels, source_->read(0).pixels);
  const Names found = refusals();
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0], "cat/dangling.png: a link that leads nowhere");
  EXPECT_EQ(found[1], "cat/pipe.png: not a regular file");
  EXPECT_TRUE(found[2].starts_with("cat/self.png: cannot be looked at; got ")) << found[2];
  EXPECT_EQ(found[3], "cat/to_pipe.png: not a regular file");
}

TEST_F(FolderSource, LinksToFoldersAreFollowedButNotInCircles) {
  TemporaryFolder elsewhere;
  put_png(elsewhere.path() / "1.png");
  picture("cat/1.png");
  std::filesystem::create_directory_symlink("..", file("cat/up"));
  std::filesystem::create_directory_symlink(".", file("cat/round"));
  std::filesystem::create_directory_symlink(".", file("all"));
  std::filesystem::create_directory_symlink(elsewhere.path(), file("dog"));
  std::filesystem::create_directory_symlink(elsewhere.path(), file("cat/x"));
  std::filesystem::create_directory_symlink(elsewhere.path(), file("cat/y"));
  open();
  EXPECT_EQ(items(), (Names{"cat train cat/1.png", "cat train cat/x/1.png", "dog train dog/1.png"}));
  const std::string why = ": a link to a folder that is taken already";
  EXPECT_EQ(refusals(), (Names{"all" + why, "cat/round" + why, "cat/up" + why, "cat/y" + why}));
}

TEST_F(FolderSource, NamesThatNoDatasetCanHoldAreRefused) {
  picture("cat/1.png");
  for (const char* name :
       {"c\nt/1.png", "\xff/1.png", "\xed\xa0\x80/1.png", "cat/\xc0\xaf.png", "cat/\x7f.png"})
    picture(name);
  EXPECT_EQ(open().class_names, Names{"cat"});
  const std::string why = ": the name is not UTF-8 without control characters";
  EXPECT_EQ(refusals(), (Names{"\\xed\\xa0\\x80" + why, "\\xff" + why, "c\\x0at" + why, "cat/\\x7f.png" + why,
                               "cat/\\xc0\\xaf.png" + why}));
}

TEST_F(FolderSource, ClassesOfTheRecipeGiveOrderAndLimit) {
  picture("cat/1.png");
  picture("dog/1.png");
  settings_.classes = {"dog", "emu", "cat"};
  open();
  EXPECT_EQ(source_->listing().items[0].label, 2);
  EXPECT_EQ(source_->listing().items[1].label, 0);
  settings_.classes = {"dog", "cats"};
  const Outcome found = refused();
  EXPECT_EQ(found.code, ErrorCode::usage);
  EXPECT_NE(found.message.find(file("cat").string()), std::string::npos) << found.message;
  EXPECT_NE(found.message.find("did you mean \"cats\"?"), std::string::npos) << found.message;
}

TEST_F(FolderSource, AFolderWithoutClassesIsRefused) {
  picture("1.png");
  const Outcome found = refused();
  EXPECT_EQ(found.code, ErrorCode::usage);
  EXPECT_NE(found.message.find("give pattern"), std::string::npos) << found.message;
  settings_.path = file("nothing");
  EXPECT_EQ(refused().code, ErrorCode::integrity);
  EXPECT_NE(refused().message.find(file("nothing").string() + ": there is no such folder"),
            std::string::npos);
}

TEST_F(FolderSource, PatternsReadTheLabelFromTheName) {
  for (const char* name : {"great_white_0.png", "great_white_12.png", "7_3.png", "sub/7_4.png", "7_x.png"})
    picture(name);
  put(file("notes.txt"), "x");
  settings_.values["pattern"] = "{label}_{index}";
  EXPECT_EQ(open().class_names, (Names{"7", "great_white"}));
  EXPECT_EQ(items(), (Names{"7 train 7_3.png", "great_white train great_white_0.png",
                            "great_white train great_white_12.png", "7 train sub/7_4.png"}));
  EXPECT_EQ(refusals(), (Names{"7_x.png: the name does not fit the pattern \"{label}_{index}\"",
                               "notes.txt: not an image file"}));
}

TEST_F(FolderSource, PatternsReachBelowSplitFolders) {
  for (const char* name : {"train/img-a.1.png", "test/img-b.png"}) picture(name);
  picture("loose-c.png");
  settings_.values["pattern"] = "{any}-{label}";
  open();
  EXPECT_EQ(items(), (Names{"b test test/img-b.png", "a.1 train train/img-a.1.png"}));
  EXPECT_EQ(refusals(), Names{"loose-c.png: not in a class folder"});
}

TEST_F(FolderSource, PatternsFitInTheFirstWay) {
  const std::map<std::string, Names> fits{{"{label}_{any}", {"a_b_c", "a"}},
                                          {"{label}{index}", {"a12", "a"}},
                                          {"{index}{label}", {"12a", "2a"}},
                                          {"x{label}", {"xyz", "yz"}}};
  for (const auto& [pattern, names] : fits) {
    const auto path = file(names[0] + ".png");
    put_png(path);
    settings_.values["pattern"] = pattern;
    EXPECT_EQ(open().class_names, Names{names[1]}) << pattern;
    std::filesystem::remove(path);
  }
  // Without a memory of what did not fit, this takes for ever.
  picture(std::string(200, 'a') + ".png");
  settings_.values["pattern"] = "{any}{any}{any}{any}{any}{any}{any}{any}{any}{any}{any}{label}b";
  EXPECT_TRUE(open().items.empty());
}

TEST_F(FolderSource, PatternsThatCannotBeReadAreRefused) {
  for (const char* pattern : {"", "x", "{label}{label}", "{label", "{lable}_{index}", "{index}"}) {
    settings_.values["pattern"] = pattern;
    EXPECT_EQ(refused().code, ErrorCode::usage) << pattern;
    EXPECT_NE(refused().message.find("recipe.toml:1: pattern: "), std::string::npos) << refused().message;
  }
}

TEST_F(FolderSource, StateTellsThatAFileChanged) {
  picture("cat/1.png");
  picture("cat/2.png");
  const std::uint64_t before = open().state;
  EXPECT_EQ(open().state, before);
  std::filesystem::last_write_time(file("cat/2.png"), std::filesystem::file_time_type{});
  EXPECT_NE(open().state, before);
  picture("cat/3.png");
  const std::uint64_t with_third = open().state;
  std::filesystem::rename(file("cat/3.png"), file("cat/4.png"));
  EXPECT_NE(open().state, with_third);
}

TEST_F(FolderSource, AFileThatChangedIsNotRead) {
  picture("cat/1.png");
  open();
  put_png(file("cat/1.png"), 0, 5);
  const Outcome found = outcome([&] { source_->read(0); });
  EXPECT_EQ(found.code, ErrorCode::integrity);
  EXPECT_NE(found.message.find(file("cat/1.png").string()), std::string::npos) << found.message;
  std::filesystem::remove(file("cat/1.png"));
  EXPECT_EQ(outcome([&] { source_->read(0); }).code, ErrorCode::io);
}

TEST_F(FolderSource, DecodesAsTheRecipeSays) {
  picture("cat/1.png");
  settings_.values["most_pixels"] = std::int64_t{3};
  EXPECT_TRUE(open().items.empty());
  settings_.values["most_pixels"] = std::int64_t{4};
  EXPECT_EQ(open().items.size(), 1u);
  for (const char* colour : {"#ff80A0", "#000000"}) {
    settings_.values["background"] = colour;
    EXPECT_EQ(refused().message, "nothing was thrown");
  }
  for (const char* colour : {"ff80a0", "#ff80a", "#ff80a00", "#gg0000", ""}) {
    settings_.values["background"] = colour;
    EXPECT_EQ(refused().code, ErrorCode::usage);
  }
}

// A comment may stand before the shape, and be longer than a first look at the file.
TEST_F(FolderSource, LooksFurtherWhereTheHeadIsLong) {
  put(file("cat/1.pgm"), "P5\n#" + std::string(300'000, 'x') + "\n2 1\n255\nab");
  put(file("cat/2.pgm"), "P5\n#" + std::string(300'000, 'x'));
  open();
  EXPECT_EQ(items(), Names{"cat train cat/1.pgm"});
  EXPECT_EQ(source_->read(0).pixels, (std::vector<std::uint8_t>{'a', 'b'}));
  EXPECT_EQ(refusals(), Names{"cat/2.pgm: the file ends, at byte 300004, before the picture's shape"});
}

}  // namespace
}  // namespace titrate::source
