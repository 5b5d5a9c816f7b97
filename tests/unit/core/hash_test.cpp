#include "titrate/core/hash.hpp"

#include <gtest/gtest.h>

namespace titrate {
namespace {

TEST(Hash, KnownAnswers) {
  const std::string_view abc = "abc";
  EXPECT_EQ(sha256_hex(std::as_bytes(std::span(abc))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(xxh3(std::string_view("")), 0x2d06800538d394c2ull);
  EXPECT_EQ(hex(0xabc, 8), "00000abc");
}

}  // namespace
}  // namespace titrate
