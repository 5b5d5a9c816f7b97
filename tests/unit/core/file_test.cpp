#include "titrate/core/file.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/json_lines.hpp"

namespace titrate {
namespace {

TEST(File, WritesWholeAndLeavesNothingElse) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.txt", "hello");
  write_file(folder.path() / "a.txt", "world");
  EXPECT_EQ(read_text(folder.path() / "a.txt"), "world");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(File, RefusesWhatItCannotWrite) {
  EXPECT_EQ(outcome([] { write_file("/proc/titrate", "x"); }).code, ErrorCode::io);
  EXPECT_EQ(outcome([] { read_file("/nonexistent"); }).code, ErrorCode::io);
}

TEST(JsonLines, ReadsBackAndDropsTornLines) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "j.jsonl";
  JsonLinesWriter(path).append(R"({"a":1})");
  std::ofstream(path, std::ios::app) << R"({"a":2,"crc":"0000)";
  JsonLinesWriter(path).append(R"({"a":3})");
  const JsonLines lines = read_json_lines(path);
  EXPECT_EQ(lines.objects, (std::vector<std::string>{R"({"a":1})", R"({"a":3})"}));
  EXPECT_EQ(lines.damaged_lines, std::vector<std::size_t>{2});
}

TEST(JsonLines, SeesAChangedByte) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "j.jsonl";
  JsonLinesWriter(path).append(R"({"accuracy":0.5})");
  std::string text = read_text(path);
  text[text.find('5')] = '6';
  write_file(path, text);
  EXPECT_EQ(read_json_lines(path).damaged_lines.size(), 1u);
}

}  // namespace
}  // namespace titrate
