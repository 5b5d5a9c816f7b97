#include "titrate/comm/node_buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "mpi_main.hpp"
#include "titrate/comm/agreement.hpp"

namespace titrate::comm {
namespace {

const Communicator& node() { return session().node(); }

std::byte value_at(std::size_t i) { return static_cast<std::byte>(i * 31 % 251); }

TEST(NodeBuffer, ShowsAllRanksWhatTheLeaderWrote) {
  constexpr std::size_t kBytes = 10'000'019;
  NodeBuffer buffer(node(), kBytes);
  ASSERT_EQ(buffer.bytes().size(), kBytes);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.bytes().data()) % 64, 0U);
  int calls = 0;
  buffer.fill([&](std::span<std::byte> bytes) {
    ++calls;
    EXPECT_EQ(bytes[kBytes - 1], std::byte{0});
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = value_at(i);
  });
  EXPECT_EQ(calls, node().rank() == 0 ? 1 : 0);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < kBytes; ++i) wrong += buffer.bytes()[i] != value_at(i) ? 1U : 0U;
  EXPECT_EQ(wrong, 0U);
}

// What the kernel says of the mapping that `bytes` starts: /proc/self/smaps, from its first line to the
// next's.
std::vector<std::string> mapping_of(std::span<const std::byte> bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  std::ifstream maps("/proc/self/smaps");
  std::vector<std::string> lines;
  std::string line;
  bool inside = false;
  while (std::getline(maps, line)) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    if (std::sscanf(line.c_str(), "%zx-%zx", &begin, &end) == 2) inside = begin <= address && address < end;
    if (inside) lines.push_back(line);
  }
  return lines;
}

TEST(NodeBuffer, HoldsThePixelsOnce) {
  constexpr std::size_t kBytes = std::size_t{64} << 20;
  NodeBuffer buffer(node(), kBytes);
  buffer.fill([](std::span<std::byte> bytes) { std::fill(bytes.begin(), bytes.end(), std::byte{1}); });
  std::int64_t sum = 0;  // touches every page
  for (std::size_t i = 0; i < kBytes; i += 4096) sum += std::to_integer<int>(buffer.bytes()[i]);
  EXPECT_EQ(sum, static_cast<std::int64_t>(kBytes / 4096));
  node().barrier();
  // Proportional shares of one copy add up to one copy.
  double share_kilobytes = 0;
  for (const std::string& line : mapping_of(buffer.bytes())) {
    if (line.rfind("Pss:", 0) == 0) share_kilobytes += std::stod(line.substr(4));
  }
  node().sum(std::span(&share_kilobytes, 1));
  EXPECT_NEAR(share_kilobytes, static_cast<double>(kBytes) / 1024, 1024.0);
}

TEST(NodeBuffer, CannotBeWrittenAfterwards) {
  NodeBuffer buffer(node(), 4096);
  buffer.fill([](std::span<std::byte> bytes) { bytes[0] = std::byte{7}; });
  const std::vector<std::string> mapping = mapping_of(buffer.bytes());
  ASSERT_FALSE(mapping.empty());
  EXPECT_NE(mapping[0].find(" r--"), std::string::npos) << mapping[0];
}

TEST(NodeBuffer, TellsAllThatTheLeaderFailed) {
  NodeBuffer buffer(node(), 100);
  try {
    buffer.fill([](std::span<std::byte>) {
      throw Error({.code = ErrorCode::integrity, .where = "train-00000-of-00001.h5", .what = "is damaged"});
    });
    FAIL() << "it was filled";
  } catch (const AgreedError& error) {
    EXPECT_EQ(error.code(), ErrorCode::integrity);
    EXPECT_STREQ(error.what(), "train-00000-of-00001.h5: is damaged");
  }
}

TEST(NodeBuffer, SaysHowMuchMemoryItNeeds) {
  try {
    NodeBuffer buffer(node(), std::size_t{1} << 50);
    FAIL() << "a petabyte was had";
  } catch (const AgreedError& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_NE(std::string(error.what()).find("expected 1125899906842624 bytes"), std::string::npos)
        << error.what();
  }
}

TEST(NodeBuffer, MayBeEmptyAndMoved) {
  NodeBuffer empty(node(), 0);
  empty.fill([](std::span<std::byte> bytes) { EXPECT_TRUE(bytes.empty()); });
  EXPECT_TRUE(empty.bytes().empty());
  NodeBuffer first(node(), 10);
  const NodeBuffer second(std::move(first));
  EXPECT_EQ(second.bytes().size(), 10U);
}

}  // namespace
}  // namespace titrate::comm
