#include "titrate/prep/export.hpp"

#include <set>

#include "packed_table.hpp"
#include "support/outcome.hpp"

namespace titrate::prep {
namespace {

namespace fs = std::filesystem;
using shard::Origin;

class Export : public PackedTable {
 protected:
  ExportOptions to(ExportForm form, const std::string& out, std::vector<Origin> origins = {}) const {
    return {.dataset = dataset(), .out = root_.path() / out, .form = form, .origins = std::move(origins)};
  }

  std::set<std::string> names(const fs::path& folder) const {
    std::set<std::string> found;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_directory()) found.insert(entry.path().lexically_relative(folder).string());
    }
    return found;
  }

  void expect_refused(const ExportOptions& options, ErrorCode code, const std::string& part) const {
    const std::set<std::string> before = names(root_.path());
    const Outcome found = outcome([&] { export_dataset(options); });
    EXPECT_EQ(found.code, code) << found.message;
    EXPECT_NE(found.message.find(part), std::string::npos) << found.message;
    EXPECT_EQ(names(root_.path()), before);
  }
};

constexpr const char* kTable = "a,1,0,0,0\nb,2,0,0,0\n\"c, \"\"d\"\"\",3,0,0,0\n";

TEST_F(Export, FormsHaveNames) {
  EXPECT_EQ(parse_choice<ExportForm>("npz", "--to"), ExportForm::npz);
  const Outcome found = outcome([] { parse_choice<ExportForm>("fodler", "--to"); });
  EXPECT_EQ(found.code, ErrorCode::usage);
  EXPECT_NE(found.message.find("did you mean \"folder\"?"), std::string::npos) << found.message;
}

TEST_F(Export, AFolderHasAPictureAndALineForEachImage) {
  pack_table(kTable);
  EXPECT_EQ(export_dataset(to(ExportForm::folder, "f")), 3u);
  EXPECT_EQ(names(root_.path() / "f"),
            (std::set<std::string>{"images.csv", "train/a/0000000-real.png", "train/b/0000001-real.png",
                                   "train/c, \"d\"/0000002-real.png"}));
  EXPECT_EQ(read_text(root_.path() / "f/images.csv"),
            "path,label,split,origin,generator\n"
            "train/a/0000000-real.png,a,train,real,\n"
            "train/b/0000001-real.png,b,train,real,\n"
            "\"train/c, \"\"d\"\"/0000002-real.png\",\"c, \"\"d\"\"\",train,real,\n");
}

TEST_F(Export, IdxFilesAreThoseOfMnist) {
  pack_table(kTable);
  EXPECT_EQ(export_dataset(to(ExportForm::idx, "deep/er/i/")), 3u);
  EXPECT_EQ(read_text(root_.path() / "deep/er/i/train-labels-idx1-ubyte"),
            std::string("\0\0\x08\x01\0\0\0\x03\0\x01\x02", 11));
  EXPECT_EQ(read_text(root_.path() / "deep/er/i/train-images-idx3-ubyte"),
            std::string("\0\0\x08\x03\0\0\0\x03\0\0\0\x02\0\0\0\x02\x01\0\0\0\x02\0\0\0\x03\0\0\0", 28));
}

TEST_F(Export, TakesTheOriginsThatAreAskedFor) {
  pack_table(kTable, "[[augment]]\nops = [\"shift 1\"]\ncopies = 2\n");
  EXPECT_EQ(export_dataset(to(ExportForm::folder, "all")), 9u);
  EXPECT_EQ(export_dataset(to(ExportForm::npz, "all.npz", {Origin::real, Origin::augmented})), 9u);
  EXPECT_EQ(export_dataset(to(ExportForm::npz, "some.npz", {Origin::augmented})), 6u);
  EXPECT_EQ(export_dataset(to(ExportForm::npz, "both.npz", {Origin::synthetic, Origin::real})), 3u);
  expect_refused(to(ExportForm::npz, "none.npz", {Origin::synthetic}), ErrorCode::usage, "no synthetic");
}

TEST_F(Export, FormsThatHideOriginsWantThemNamed) {
  pack_table(kTable, "[[augment]]\nops = [\"shift 1\"]\n");
  expect_refused(to(ExportForm::idx, "x"), ErrorCode::usage, "IDX files cannot tell origins apart");
  expect_refused(to(ExportForm::npz, "x.npz"), ErrorCode::usage, "it has augmented images too");
  expect_refused(to(ExportForm::npz, "x.npz"), ErrorCode::usage, "--origin real");
  EXPECT_EQ(export_dataset(to(ExportForm::idx, "x", {Origin::real})), 3u);
  EXPECT_EQ(read_text(root_.path() / "x/train-labels-idx1-ubyte").substr(0, 8),
            std::string("\0\0\x08\x01\0\0\0\x03", 8));
}

TEST_F(Export, NothingIsLeftWhereItIsRefused) {
  pack_table(kTable);
  write_file(root_.path() / "there", "mine");
  for (const ExportForm form : {ExportForm::folder, ExportForm::idx, ExportForm::npz})
    expect_refused(to(form, "there"), ErrorCode::usage, "something already");
  expect_refused(to(ExportForm::npz, "x"), ErrorCode::usage, ".npz");
  expect_refused(to(ExportForm::folder, "there/x"), ErrorCode::io, "there");
  ExportOptions none = to(ExportForm::folder, "x");
  none.dataset = root_.path();
  expect_refused(none, ErrorCode::usage, "no dataset");
  pack_table(kTable, "transforms = [\"rgb\"]\n");
  expect_refused(to(ExportForm::idx, "x"), ErrorCode::usage, "colour");
}

TEST_F(Export, ClassesThatCannotBeFoldersAreRefused) {
  for (const std::string name : {".", "..", "a/b", "/etc", ".hidden", "__MACOSX"}) {
    pack_table(name + ",1,0,0,0\nb,2,0,0,0\n");
    expect_refused(to(ExportForm::folder, "x"), ErrorCode::usage, "class \"" + name + "\"");
    EXPECT_EQ(export_dataset(to(ExportForm::idx, "idx of " + std::to_string(name.size()) + name.back())), 2u);
  }
}

TEST_F(Export, MoreThan256ClassesNeedFolders) {
  std::string text;
  for (int i = 0; i < 257; ++i)
    text += std::to_string(i) + "," + std::to_string(i % 256) + "," + std::to_string(i / 256) + ",0,0\n";
  pack_table(text);
  expect_refused(to(ExportForm::npz, "x.npz"), ErrorCode::usage, "256");
  EXPECT_EQ(export_dataset(to(ExportForm::folder, "x")), 257u);
}

TEST_F(Export, WhatAKilledExportLeftIsClearedAway) {
  pack_table(kTable);
  fs::create_directories(root_.path() / ".f.exporting/train/old");
  write_file(root_.path() / ".f.exporting/train/old/1.png", "x");
  export_dataset(to(ExportForm::folder, "f"));
  EXPECT_EQ(names(root_.path() / "f").size(), 4u);
  EXPECT_FALSE(fs::exists(root_.path() / ".f.exporting"));
}

TEST_F(Export, TwoAtOnceDoNotMix) {
  pack_table(kTable);
  fs::create_directories(root_.path() / ".f.exporting");
  const FolderLock other(root_.path() / ".f.exporting");
  const Outcome found = outcome([&] { export_dataset(to(ExportForm::folder, "f")); });
  EXPECT_EQ(found.code, ErrorCode::in_use) << found.message;
  EXPECT_TRUE(fs::exists(root_.path() / ".f.exporting/.lock"));
}

}  // namespace
}  // namespace titrate::prep
