// Random numbers that are a function of what they are for, never of what was drawn before.
//
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): the key is
// hash(seed, purpose), the counter is (sample, draw, epoch). Uniforms, normals and permutations are ours,
// because those of <random> differ between standard libraries. Every result is the same on every machine.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace titrate {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

// Ten rounds. Zero key and counter give 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
PhiloxCounter philox4x32(PhiloxCounter counter, PhiloxKey key);

// What a stream is for: two purposes never share numbers. The values are part of the numerics: append, never
// renumber.
enum class Purpose : std::uint32_t {
  selection_real = 1,
  selection_synthetic = 2,
  validation = 3,
  order = 4,
  noise = 5,
  dropout = 6,
  initial_weights = 7,
  augmentation = 8,
  glyph_writer = 9,
  glyph_image = 10,
  glyph_scene = 11,
  label_noise = 12,
  layer_noise = 13,         // of layers that add noise
  augmentation_field = 20,  // a number per pixel: elastic fields and noise
  test = 99,
};

// A well-mixed 64-bit hash of three words (the finaliser of SplitMix64, applied in a chain).
std::uint64_t hash_words(std::uint64_t a, std::uint64_t b = 0, std::uint64_t c = 0);

// The numbers that belong to one (seed, purpose, sample, epoch), read in order. A value: copy it freely; make
// a new one for every sample instead of handing one through functions.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, Purpose purpose, std::uint64_t sample = 0, std::uint32_t epoch = 0);

  // The four words of draw number `draw`, whatever was read before.
  PhiloxCounter block(std::uint32_t draw) const;

  std::uint32_t next();                     // 32 random bits
  double uniform();                         // [0, 1), 32 bits of resolution
  double uniform(double low, double high);  // [low, high)
  double normal();                          // mean 0, deviation 1, from the quantile table: |x| <= 4.33
  std::uint32_t below(std::uint32_t n);     // 0 .. n-1 without bias; n >= 1

 private:
  PhiloxKey key_;
  PhiloxCounter counter_;  // word 2 is the draw
  PhiloxCounter words_{};
  unsigned used_ = 4;
};

// quantiles[i] is the standard normal quantile of (i + 1/2) / 65536. Computed with + - * / and sqrt alone, so
// its bits do not depend on a math library (algorithm AS 241, Wichura 1988).
std::span<const float, 65536> normal_quantiles();

// A permutation of 0 .. n-1 (Fisher-Yates from the top).
std::vector<std::uint32_t> permutation(std::uint32_t n, RandomStream stream);

}  // namespace titrate
