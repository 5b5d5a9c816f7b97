#include "titrate/train/safetensors.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "support/outcome.hpp"

namespace titrate::train {
namespace {

// A file with this header and so many bytes of data.
std::string file_of(const std::string& header, std::size_t data) {
  std::string bytes(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + std::string(data, 'x');
}

std::string array_header(const std::string& type, const std::string& shape, const std::string& offsets) {
  return R"({"a":{"dtype":)" + type + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

Outcome parsing(const std::string& bytes) {
  return outcome([&] { parse_safetensors(bytes, "some.safetensors"); });
}

void expect_refused(const std::string& bytes, const std::string& part, const std::string& what) {
  const Outcome refused = parsing(bytes);
  EXPECT_EQ(refused.code, ErrorCode::integrity) << what << ": " << refused.message;
  EXPECT_TRUE(refused.message.starts_with("some.safetensors: ")) << refused.message;
  EXPECT_NE(refused.message.find(part), std::string::npos) << what << ": " << refused.message;
}

const std::vector<float> kFloats{1, -2.5f, 3e-20f, 4, 5, 6};
const std::int64_t kCount = -7;

std::string example() {
  return write_safetensors(
      {{.name = "b", .type = "F32", .shape = {2, 3}, .bytes = std::as_bytes(std::span(kFloats))},
       {.name = "a", .type = "I64", .shape = {}, .bytes = std::as_bytes(std::span(&kCount, 1))},
       {.name = "empty", .type = "F32", .shape = {0}}},
      {{"format", "pt"}, {"note", "a \"quoted\" one"}});
}

TEST(SafeTensors, AreLaidOutAsTheFormatSays) {
  const std::string bytes = example();
  const std::string checksum = parse_safetensors(bytes, "f").metadata.at("checksum");
  EXPECT_EQ(checksum.size(), 16u);
  const std::string header = R"({"__metadata__":{"checksum":")" + checksum +
                             R"(","format":"pt","note":"a \"quoted\" one"},)"
                             R"("b":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                             R"("a":{"dtype":"I64","shape":[],"data_offsets":[24,32]},)"
                             R"("empty":{"dtype":"F32","shape":[0],"data_offsets":[32,32]}})";
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0u);
  EXPECT_EQ(bytes.size(), 8 + length + 32);
  EXPECT_EQ(bytes.substr(8, header.size()), header);
  EXPECT_EQ(bytes.substr(8 + header.size(), length - header.size()),
            std::string(length - header.size(), ' '));
  EXPECT_EQ(std::memcmp(bytes.data() + 8 + length, kFloats.data(), 24), 0);
}

TEST(SafeTensors, AFlippedBitOfAnArrayIsSeen) {
  std::string bytes = example();
  bytes[bytes.size() - 20] = static_cast<char>(bytes[bytes.size() - 20] ^ 1);
  const Outcome damaged = outcome([&] { parse_safetensors(bytes, "f"); });
  EXPECT_EQ(damaged.code, ErrorCode::integrity);
  EXPECT_NE(damaged.message.find("f: damaged"), std::string::npos) << damaged.message;
}

TEST(SafeTensors, AreReadBack) {
  const std::string bytes = example();
  const SafeTensors file = parse_safetensors(bytes, "f");
  EXPECT_EQ(file.arrays.size(), 3u);
  EXPECT_EQ(file.metadata.at("note"), "a \"quoted\" one");
  EXPECT_EQ(file.floats("b", 6), kFloats);
  EXPECT_EQ(file.floats("empty", 0), std::vector<float>{});
  EXPECT_EQ(file.arrays.at("b").shape, (std::vector<std::int64_t>{2, 3}));
  const NamedArray& scalar = file.arrays.at("a");
  EXPECT_EQ(scalar.type, "I64");
  EXPECT_TRUE(scalar.shape.empty());
  EXPECT_EQ(std::memcmp(scalar.bytes.data(), &kCount, 8), 0);
}

TEST(SafeTensors, AnArrayIsOnlyGivenAsWhatItIs) {
  const std::string bytes = example();
  const SafeTensors file = parse_safetensors(bytes, "f");
  for (const auto& [name, count] :
       std::vector<std::pair<std::string, std::size_t>>{{"c", 6}, {"b", 5}, {"b", 7}, {"a", 1}, {"a", 2}}) {
    const Outcome refused = outcome([&, n = name, c = count] { file.floats(n, c); });
    EXPECT_EQ(refused.code, ErrorCode::integrity) << name << " " << count;
    EXPECT_NE(refused.message.find(name), std::string::npos) << refused.message;
  }
}

TEST(SafeTensors, RefuseAnyCutFile) {
  const std::string bytes = example();
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_EQ(parsing(bytes.substr(0, length)).code, ErrorCode::integrity) << length;
}

TEST(SafeTensors, RefuseBadHeaders) {
  expect_refused("", "cut short", "nothing");
  expect_refused(std::string(8, '\xff'), "cut short", "a header of 2^64 - 1 bytes");
  expect_refused(file_of("", 0), "no safetensors file", "no header");
  for (const char* header : {"{", "nothing", "{} {}", "3", "\"text\"", "[1]", R"({"a":3})", R"({"a":{}})",
                             R"({"__metadata__":{"a":1}})", R"({"__metadata__":[1]})", "\xff\xfe"})
    expect_refused(file_of(header, 8), "no safetensors file", header);
  expect_refused(file_of(std::string(100000, '['), 0), "no safetensors file", "deep");
}

TEST(SafeTensors, RefuseArraysThatLieOutside) {
  for (const char* offsets : {"[0,9]", "[8,12]", "[6,2]", "[-4,0]", "[-8,-4]", "[18446744073709551612,0]",
                              "[4,18446744073709551615]", "[0]", "[]", "{}", R"(["0","4"])"})
    expect_refused(file_of(array_header(R"("F32")", "[1]", offsets), 8), "no safetensors file", offsets);
}

TEST(SafeTensors, RefuseShapesOfOtherSizes) {
  for (const char* shape :
       {"[2]", "[0]", "[-1]", "[1,-1,-1]", "[4611686018427387904,4]", "[2147483648,2147483648,4]",
        "[9223372036854775807]", "[65536,65536,65536,65536]", R"(["1"])", "{}"})
    expect_refused(file_of(array_header(R"("F32")", shape, "[0,4]"), 8), "no safetensors file", shape);
  expect_refused(file_of(array_header("32", "[1]", "[0,4]"), 8), "no safetensors file", "a type");
}

// Of a type that we do not know, the length is its own affair.
TEST(SafeTensors, TakeArraysOfOtherTypes) {
  const std::string bytes = file_of(array_header(R"("F8_E4M3")", "[3]", "[1,4]"), 8);
  EXPECT_EQ(parse_safetensors(bytes, "f").arrays.at("a").bytes.size(), 3u);
}

}  // namespace
}  // namespace titrate::train
