// libFuzzer: a file, plain or gzip, is an IDX array whose values fill its extent, or Error (integrity). The
// first byte says how many dimensions are asked for.
#include <cstdlib>

#include "../../src/source/idx.hpp"
#include "fuzz/fuzz_file.hpp"
#include "titrate/core/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace titrate;
  if (size == 0) return 0;
  const FuzzFile file(data + 1, size - 1);
  const std::uint32_t dimensions = data[0] % 2 == 0 ? 3 : 1;
  try {
    const source::IdxArray array = source::read_idx(file.path(), dimensions);
    std::size_t elements = 1;
    for (const std::uint32_t length : array.extent) elements *= length;
    if (array.extent.size() != dimensions || array.values.size() != elements) std::abort();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::integrity) std::abort();
  }
  return 0;
}
