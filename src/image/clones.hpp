// Hot loops are compiled twice, for AVX2 and for any x86-64, and the processor picks when the program starts.
//
// Both give the same bits: integers are exact, every float operation is one of IEEE 754's, none is contracted
// (-ffp-contract=off), and sums run over the same terms in the same order whatever the width of a register.
#pragma once

#include <algorithm>
#include <cstdint>

// Sanitizers instrument the picking function, which runs before they are ready. GCC says so by macros, clang
// by features.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TITRATE_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define TITRATE_SANITIZED
#endif
#endif

// The picking takes a loader that knows indirect functions: glibc's (<cstdint> defines __GLIBC__).
#if defined(__x86_64__) && defined(__ELF__) && defined(__GLIBC__) && !defined(TITRATE_SANITIZED) && \
    (!defined(__clang__) || __clang_major__ >= 14)
#define TITRATE_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define TITRATE_CLONES  // elsewhere one version
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
