#include "titrate/core/npy_header.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace titrate {
namespace {

using Shape = std::vector<std::uint64_t>;

TEST(NpyHeader, IsAPythonDictOnAMultipleOf64Bytes) {
  const std::string header = npy_header("'<f4'", Shape{2, 30});
  EXPECT_EQ(header.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  EXPECT_EQ(header.size(), 128u);
  EXPECT_EQ(static_cast<unsigned char>(header[8]) + 256 * static_cast<unsigned char>(header[9]), 118);
  EXPECT_TRUE(
      header.substr(10).starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 30), }  "));
  EXPECT_EQ(header.back(), '\n');
}

TEST(NpyHeader, ShapesAreTuples) {
  EXPECT_NE(npy_header("'|u1'", Shape{5}).find("'shape': (5,), }"), std::string::npos);
  EXPECT_NE(npy_header("'|u1'", Shape{}).find("'shape': (), }"), std::string::npos);
  const std::string fields = npy_header("[('a', '|u1'), ('b', '<f4')]", Shape{1, 2, 3});
  EXPECT_NE(fields.find("'descr': [('a', '|u1'), ('b', '<f4')], "), std::string::npos);
  EXPECT_NE(fields.find("(1, 2, 3)"), std::string::npos);
}

// However long the dict: also where no space is left over.
TEST(NpyHeader, IsAlwaysAligned) {
  for (std::size_t length = 1; length <= 70; ++length) {
    const std::string header = npy_header(std::string(length, 'x'), Shape{});
    EXPECT_EQ(header.size() % 64, 0u) << length;
    EXPECT_LT(header.size() - 2 - header.rfind('}'), 64u) << length;
  }
}

}  // namespace
}  // namespace titrate
