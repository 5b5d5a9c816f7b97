// Many numbers of one random stream at once: what RandomStream::block() gives, block after block.
#pragma once

#include <cstddef>
#include <cstdint>

#include "titrate/core/random.hpp"
#include "titrate/core/simd_dispatch.hpp"

namespace titrate::image {

struct RandomWords {
  PhiloxKey key;
  PhiloxCounter counter;  // word 2 is the draw
  // With what they are made and worked on; a test asks for others than the best.
  Instructions instructions = best_instructions();

  RandomWords(std::uint64_t seed, Purpose purpose, std::uint64_t sample, std::uint32_t epoch = 0);

  // Blocks first .. first + count - 1, four words each. `words` has room for count rounded up to eight.
  void fill(std::uint32_t first, std::size_t count, std::uint32_t* words) const;
};

constexpr std::size_t room_for_blocks(std::size_t count) { return (count + 7) / 8 * 8 * 4; }

}  // namespace titrate::image
