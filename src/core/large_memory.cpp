#include "titrate/core/large_memory.hpp"

#include <sys/mman.h>

#include <cstdint>

namespace titrate {
namespace {

constexpr std::size_t kHugePage = 2 << 20;

}  // namespace

void prefer_huge_pages(void* memory, std::size_t bytes) {
#ifdef MADV_HUGEPAGE
  const std::size_t place = reinterpret_cast<std::uintptr_t>(memory);
  const std::size_t begin = (place + kHugePage - 1) / kHugePage * kHugePage;
  const std::size_t end = (place + bytes) / kHugePage * kHugePage;
  if (begin < end) ::madvise(static_cast<char*>(memory) + (begin - place), end - begin, MADV_HUGEPAGE);
#endif
}

}  // namespace titrate
