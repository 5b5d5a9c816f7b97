#include "random_words.hpp"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace titrate::image {
namespace {

constexpr std::size_t kLanes = 8;

#if defined(__x86_64__)

// Philox4x32-10 (core/random) on eight counters at once, two registers of four, a word in the lower half of
// each lane; what is in the upper half is not looked at by the multiplication. A compiler does not find
// _mm256_mul_epu32 by itself.
__attribute__((target("avx2"))) void fill_blocks_avx2(PhiloxKey first_key, PhiloxCounter counter,
                                                      std::size_t groups, std::uint32_t* words) {
  const __m256i multiplier0 = _mm256_set1_epi64x(0xD2511F53), multiplier1 = _mm256_set1_epi64x(0xCD9E8D57);
  const __m256i lower_half = _mm256_set1_epi64x(0xFFFFFFFF);
  __m256i keys[10][2];
  for (std::uint32_t round = 0; round < 10; ++round) {
    keys[round][0] = _mm256_set1_epi64x(first_key[0] + round * 0x9E3779B9u);
    keys[round][1] = _mm256_set1_epi64x(first_key[1] + round * 0xBB67AE85u);
  }
  for (std::size_t group = 0; group < groups; ++group) {
    __m256i a[2], b[2], c[2], d[2];
    for (int i = 0; i < 2; ++i) {
      a[i] = _mm256_set1_epi64x(counter[0]);
      b[i] = _mm256_set1_epi64x(counter[1]);
      const std::uint32_t draw = counter[2] + static_cast<std::uint32_t>(group * kLanes) + 4 * i;
      c[i] = _mm256_add_epi32(_mm256_set1_epi64x(draw), _mm256_setr_epi64x(0, 1, 2, 3));
      d[i] = _mm256_set1_epi64x(counter[3]);
    }
    for (const auto& key : keys) {
      for (int i = 0; i < 2; ++i) {
        const __m256i product0 = _mm256_mul_epu32(a[i], multiplier0);
        const __m256i product1 = _mm256_mul_epu32(c[i], multiplier1);
        a[i] = _mm256_xor_si256(_mm256_srli_epi64(product1, 32), _mm256_xor_si256(b[i], key[0]));
        c[i] = _mm256_xor_si256(_mm256_srli_epi64(product0, 32), _mm256_xor_si256(d[i], key[1]));
        b[i] = product1;
        d[i] = product0;
      }
    }
    for (int i = 0; i < 2; ++i, words += 16) {
      // Words of one block side by side: (a, b) and (c, d) of each lane, then lanes 0, 1, 2, 3.
      const __m256i ab = _mm256_or_si256(_mm256_and_si256(a[i], lower_half), _mm256_slli_epi64(b[i], 32));
      const __m256i cd = _mm256_or_si256(_mm256_and_si256(c[i], lower_half), _mm256_slli_epi64(d[i], 32));
      const __m256i even = _mm256_unpacklo_epi64(ab, cd), odd = _mm256_unpackhi_epi64(ab, cd);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(words), _mm256_permute2x128_si256(even, odd, 0x20));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(words + 8), _mm256_permute2x128_si256(even, odd, 0x31));
    }
  }
}

#else

void fill_blocks_avx2(PhiloxKey, PhiloxCounter, std::size_t, std::uint32_t*) {}

#endif

void fill_blocks(PhiloxKey key, PhiloxCounter counter, std::size_t count, std::uint32_t* words) {
  for (std::size_t i = 0; i < count; ++i, ++counter[2], words += 4) {
    const PhiloxCounter block = philox4x32(counter, key);
    std::memcpy(words, block.data(), sizeof block);
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
  // Too few are not worth a whole group.
  if (instructions == Instructions::avx2 && count > 2) {
    fill_blocks_avx2(key, start, (count + kLanes - 1) / kLanes, words);
  } else {
    fill_blocks(key, start, count, words);
  }
}

}  // namespace titrate::image
