// Hot loops are compiled twice, for AVX2 and for any x86-64, and the processor picks when the program starts.
//
// Both give the same bits: integers are exact, every float operation is one of IEEE 754's, none is contracted
// (-ffp-contract=off), and sums run over the same terms in the same order whatever the width of a register.
#pragma once

#include <algorithm>
#include <cstdint>

#if defined(__x86_64__) && defined(__ELF__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__) && (!defined(__clang__) || __clang_major__ >= 14)
#define TITRATE_CLONES __attribute__((target_clones("avx2", "default")))
#else
// Elsewhere one version. Sanitizers instrument the picking function, which runs before they are ready.
#define TITRATE_CLONES
#endif

namespace titrate::image {

// Eight floats: one register where there are such, else two. Any address will do.
typedef float Eight __attribute__((vector_size(32), aligned(4), may_alias));

inline constexpr Eight kEight{0, 1, 2, 3, 4, 5, 6, 7};

// Rounded half up and cut to 0..255. Cut as an integer: a loop over this vectorises, and |value| stays far
// below 2^31 wherever it is used.
inline std::uint8_t to_level(float value) {
  return static_cast<std::uint8_t>(std::clamp(static_cast<std::int32_t>(value + 0.5f), 0, 255));
}

}  // namespace titrate::image
