// What is written by hand for AVX2 gives the bits of what is written for any processor.
#include "titrate/core/simd_dispatch.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "../../../src/image/displacement.hpp"
#include "../../../src/image/random_words.hpp"
#include "../../../src/image/smooth.hpp"

namespace titrate::image {
namespace {

RandomWords random_with(Instructions instructions, std::uint64_t sample) {
  RandomWords random(5, Purpose::test, sample, 7);
  random.instructions = instructions;
  return random;
}

class Instructed : public testing::Test {
 protected:
  void SetUp() override {
    if (best_instructions() == Instructions::any) GTEST_SKIP() << "this processor has no AVX2";
  }
};

TEST_F(Instructed, RandomWordsAreTheSame) {
  for (std::size_t count = 1; count <= 70; ++count) {
    for (const std::uint32_t first : {0u, 3u, 1000u, 0xFFFFFFF9u}) {
      std::vector<std::uint32_t> any(room_for_blocks(count)), avx2(any.size());
      random_with(Instructions::any, count).fill(first, count, any.data());
      random_with(Instructions::avx2, count).fill(first, count, avx2.data());
      any.resize(4 * count);
      avx2.resize(4 * count);
      ASSERT_EQ(any, avx2) << count << " from " << first;
    }
  }
}

TEST_F(Instructed, RandomWordsAreBlocksOfTheStream) {
  const RandomStream stream(5, Purpose::test, 9, 7);
  for (const Instructions instructions : {Instructions::any, Instructions::avx2}) {
    std::vector<std::uint32_t> words(room_for_blocks(21));
    random_with(instructions, 9).fill(2, 21, words.data());
    for (std::uint32_t i = 0; i < 84; ++i) ASSERT_EQ(words[i], stream.block(2 + i / 4)[i % 4]) << i;
  }
}

TEST_F(Instructed, DisplacementsAreTheSame) {
  for (const Shape& shape : {Shape{1, 1, 1}, Shape{28, 28, 1}, Shape{32, 32, 3}, Shape{7, 50, 1},
                             Shape{35, 11, 1}, Shape{2, 300, 1}, Shape{129, 1, 1}, Shape{64, 97, 1}}) {
    for (const double sigma : {0.5, 1.0, 2.3, 4.0, 9.7, 40.0, 100.0}) {
      const std::size_t stride = row_stride(shape.width), size = 2 * stride * shape.height;
      std::vector<float> any(size), avx2(size);
      AugmentScratch scratch, other;
      fill_displacement(shape, 34, sigma, random_with(Instructions::any, 1), any.data(), scratch);
      fill_displacement(shape, 34, sigma, random_with(Instructions::avx2, 1), avx2.data(), other);
      for (std::size_t i = 0; i < size; ++i) {
        const bool inside = i % stride < shape.width;
        ASSERT_TRUE(!inside || any[i] == avx2[i]) << to_string(shape) << " sigma " << sigma << " at " << i;
      }
    }
  }
}

}  // namespace
}  // namespace titrate::image
