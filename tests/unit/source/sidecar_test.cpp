#include "../../../src/source/sidecar.hpp"

#include <gtest/gtest.h>

#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/error.hpp"
#include "unit/source/open_filled.hpp"
#include "unit/source/picture_files.hpp"

namespace titrate::source {
namespace {

class SidecarFile : public testing::Test {
 protected:
  SidecarFile() {
    for (const char* name : {"cat/1.png", "cat/2.png", "dog/1.png"}) put_png(folder_.path() / name);
    put(folder_.path() / "dog/broken.png", "x");
  }

  const Listing& open(const std::string& text, const std::string& name = kSidecarName) {
    put(folder_.path() / name, text);
    source_ = open_filled(settings_);
    return source_->listing();
  }

  void expect_refused(const std::string& text, const std::string& message) {
    settings_.values["sidecar"] = kSidecarName;
    const Outcome found = outcome([&] { open(text); });
    EXPECT_EQ(found.code, ErrorCode::integrity) << text;
    const std::string path = (folder_.path() / kSidecarName).string();
    EXPECT_NE(found.message.find(path + message), std::string::npos)
        << found.message << "\nlacks: " << message;
  }

  TemporaryFolder folder_;
  SourceSettings settings_{.kind = "folder", .where = "recipe.toml:1", .path = folder_.path()};
  std::unique_ptr<Source> source_;
};

constexpr const char* kGood =
    R"({"file":"cat/2.png","prompt":"a cat","seed":7,"parents":["real/1.png","real/2.png"],"steps":3})"
    "\n"
    R"({"file_name":"cat/1.png","model":"m"})"
    "\n";

TEST_F(SidecarFile, GivesParentsAndIsKept) {
  const Listing& listing = open(kGood);
  EXPECT_EQ(listing.sidecar, kGood);
  ASSERT_EQ(listing.kinship.size(), 1u);
  EXPECT_EQ(listing.items[1].path, "cat/2.png");
  EXPECT_EQ(listing.kinship.at(1).parents, (std::vector<std::string>{"real/1.png", "real/2.png"}));
  ASSERT_EQ(listing.refused.size(), 1u);
  EXPECT_EQ(listing.refused[0].path, "dog/broken.png");
}

TEST_F(SidecarFile, IsFoundByTheNameThatTheRecipeGives) {
  settings_.values["sidecar"] = "./cat/about.jsonl";
  const Listing& listing = open(kGood, "cat/about.jsonl");
  EXPECT_EQ(listing.sidecar, kGood);
  EXPECT_EQ(listing.refused.size(), 1u);
  settings_.values["sidecar"] = "other.jsonl";
  EXPECT_EQ(outcome([&] { open(kGood); }).code, ErrorCode::io);
}

TEST_F(SidecarFile, MayNameWhatIsNotPacked) {
  EXPECT_TRUE(open(R"({"file":"dog/broken.png","parents":["a"]})").kinship.empty());
  for (const char* name : {"cat", "dog"}) {
    const auto folder = folder_.path() / "train" / name;
    std::filesystem::create_directories(folder.parent_path());
    std::filesystem::rename(folder_.path() / name, folder);
  }
  put_png(folder_.path() / "test/cat/9.png");
  settings_.split = shard::Split::test;
  const Listing& listing = open(R"({"file":"train/cat/1.png"})"
                                "\n"
                                R"({"file":"test/cat/9.png","parents":["p"]})");
  ASSERT_EQ(listing.items.size(), 1u);
  EXPECT_EQ(listing.kinship.at(0).parents, std::vector<std::string>{"p"});
}

TEST_F(SidecarFile, BelongsToFlatFoldersToo) {
  std::filesystem::remove_all(folder_.path() / "cat");
  std::filesystem::remove_all(folder_.path() / "dog");
  put_png(folder_.path() / "7_1.png");
  settings_.values["pattern"] = "{label}_{index}";
  const Listing& listing = open(R"({"file":"7_1.png","parents":["p"]})");
  EXPECT_EQ(listing.kinship.at(0).parents, std::vector<std::string>{"p"});
  EXPECT_TRUE(listing.refused.empty());
}

TEST_F(SidecarFile, IsReadStrictly) {
  const std::string good = R"({"file":"cat/1.png"})";
  expect_refused(good + "\n{\"file\":", ":2: the line is not JSON");
  expect_refused(good + "\n\n\n[]", ":4: the line is not a JSON object");
  expect_refused("{\"file\":\"cat/1.png\xff\"}", ":1: the line is not JSON");
  expect_refused("[]", ":1: the line is not a JSON object");
  expect_refused(R"({"prompt":"x"})", ":1: the line does not say its \"file\"");
  expect_refused(R"({"file":3})", ":1: \"file\" has another type; expected text, got number");
  expect_refused(R"({"file":"cat/3.png"})", ":1: the folder has no such file");
  expect_refused(R"({"file":"./cat/1.png"})", ":1: the folder has no such file");
  expect_refused(good + "\n" + good, ":2: the file \"cat/1.png\" was named before");
  expect_refused(R"({"file":"cat/1.png","seed":"x"})", ":1: \"seed\" has another type; expected integer");
  expect_refused(R"({"file":"cat/1.png","model":1})", ":1: \"model\" has another type; expected text");
  expect_refused(R"({"file":"cat/1.png","prompt":null})", ":1: \"prompt\" has another type");
  expect_refused(R"({"file":"cat/1.png","parents":"x"})", ":1: \"parents\" has another type");
  expect_refused(R"({"file":"cat/1.png","parents":[1]})", ":1: \"parents\" has another type");
}

TEST_F(SidecarFile, ThatNobodyNamedIsPassedOverWithItsFault) {
  const Listing& listing = open(std::string(kGood) + R"({"file":"cat/9.png"})");
  EXPECT_EQ(listing.items.size(), 3u);
  EXPECT_TRUE(listing.sidecar.empty() && listing.kinship.empty());
  ASSERT_EQ(listing.notes.size(), 1u);
  EXPECT_TRUE(listing.notes[0].starts_with("metadata.jsonl passed over: ")) << listing.notes[0];
  EXPECT_NE(listing.notes[0].find("metadata.jsonl:3: the folder has no such file"), std::string::npos);
}

TEST_F(SidecarFile, BlankLinesAreSkipped) {
  const Listing& listing = open("\n" + std::string(kGood) + "\r\n \t\n\n");
  EXPECT_TRUE(listing.notes.empty());
  EXPECT_EQ(listing.kinship.size(), 1u);
}

TEST_F(SidecarFile, CountsForTheState) {
  const std::uint64_t before = open(kGood).state;
  const auto path = folder_.path() / kSidecarName;
  std::filesystem::last_write_time(path, std::filesystem::file_time_type{});
  EXPECT_NE(open_filled(settings_)->listing().state, before);
}

}  // namespace
}  // namespace titrate::source
