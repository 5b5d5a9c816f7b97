// libFuzzer's entry: bytes are a picture or Error (integrity), and probe() gives decode()'s shape. Seeds:
// corpus/jpeg.
#include <cstdint>
#include <cstdlib>

#include "titrate/codec/codec.hpp"
#include "titrate/core/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace titrate::codec;
  using namespace titrate::image;
  const auto bytes = std::as_bytes(std::span(data, size));
  const DecodeSettings settings{.most_pixels = 1U << 16};
  try {
    const Image image = decode(bytes, settings, "fuzz");
    if (probe(bytes, settings, "fuzz") != image.shape) std::abort();
    const auto early = probe(bytes.first(size / 2), settings, "fuzz");
    if (early && *early != image.shape) std::abort();
  } catch (const titrate::Error& error) {
    if (error.code() != titrate::ErrorCode::integrity) std::abort();
  }
  return 0;
}
