// Which instructions the loops that are written by hand may use. They give the same bits whichever it is.
// Private to this module.
#pragma once

namespace titrate::image {

enum class Instructions { any, avx2 };

// The widest that this processor has and there are loops for.
inline Instructions best_instructions() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") != 0) return Instructions::avx2;
#endif
  return Instructions::any;
}

}  // namespace titrate::image
