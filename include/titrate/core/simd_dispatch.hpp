// Dispatch of vector code: hot loops are compiled twice, for AVX2 and for any x86-64, and the processor picks
// when the program starts.
//
// Both give the same bits: integers are exact, every float operation is one of IEEE 754's, none is contracted
// (-ffp-contract=off), and sums run over the same terms in the same order whatever the width of a register.
#pragma once

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

namespace titrate {

// Which instructions the loops that are written by hand may use. They give the same bits whichever it is.
enum class Instructions { any, avx2 };

// The widest that this processor has and there are loops for.
inline Instructions best_instructions() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") != 0) return Instructions::avx2;
#endif
  return Instructions::any;
}

}  // namespace titrate
