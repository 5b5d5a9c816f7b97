#include "random_words.hpp"

#include "clones.hpp"

namespace titrate::image {
namespace {

constexpr std::size_t kLanes = 8;

// Philox4x32-10 (core/random) on eight counters at once.
TITRATE_CLONES void fill_blocks(PhiloxKey first_key, PhiloxCounter counter, std::size_t groups,
                                std::uint32_t* words) {
  for (std::size_t group = 0; group < groups; ++group) {
    std::uint32_t a[kLanes], b[kLanes], c[kLanes], d[kLanes];
    for (std::size_t i = 0; i < kLanes; ++i) {
      a[i] = counter[0];
      b[i] = counter[1];
      c[i] = counter[2] + static_cast<std::uint32_t>(group * kLanes + i);
      d[i] = counter[3];
    }
    PhiloxKey key = first_key;
    for (int round = 0; round < 10; ++round) {
      for (std::size_t i = 0; i < kLanes; ++i) {
        const std::uint64_t product0 = std::uint64_t{0xD2511F53} * a[i];
        const std::uint64_t product1 = std::uint64_t{0xCD9E8D57} * c[i];
        a[i] = static_cast<std::uint32_t>(product1 >> 32) ^ b[i] ^ key[0];
        b[i] = static_cast<std::uint32_t>(product1);
        c[i] = static_cast<std::uint32_t>(product0 >> 32) ^ d[i] ^ key[1];
        d[i] = static_cast<std::uint32_t>(product0);
      }
      key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
    }
    for (std::size_t i = 0; i < kLanes; ++i) {
      words[4 * i] = a[i];
      words[4 * i + 1] = b[i];
      words[4 * i + 2] = c[i];
      words[4 * i + 3] = d[i];
    }
    words += 4 * kLanes;
  }
}

}  // namespace

RandomWords::RandomWords(std::uint64_t seed, Purpose purpose, std::uint64_t sample, std::uint32_t epoch) {
  const std::uint64_t hash = hash_words(seed, static_cast<std::uint64_t>(purpose));
  key = {static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(hash >> 32)};
  counter = {static_cast<std::uint32_t>(sample), static_cast<std::uint32_t>(sample >> 32), 0, epoch};
}

void RandomWords::fill(std::uint32_t first, std::size_t count, std::uint32_t* words) const {
  PhiloxCounter start = counter;
  start[2] = first;
  fill_blocks(key, start, (count + kLanes - 1) / kLanes, words);
}

}  // namespace titrate::image
