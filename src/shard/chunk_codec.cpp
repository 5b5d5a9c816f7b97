#include "chunk_codec.hpp"

#include <zlib.h>

#include <algorithm>
#include <new>
#include <span>

#include "titrate/core/error.hpp"

namespace titrate::shard::hdf5 {
namespace {

constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kLargestStep = 1 << 30;  // zlib counts in 32 bits

[[noreturn]] void refuse(const std::string& where, const std::string& what, const std::string& expected = "",
                         const std::string& got = "") {
  throw Error({.code = ErrorCode::integrity, .where = where, .what = what, .expected = expected, .got = got});
}

struct Inflater {
  Inflater() {
    if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  }
  Inflater(Inflater&&) = delete;
  ~Inflater() { inflateEnd(&stream); }

  z_stream stream{};
};

std::vector<std::byte> inflated(const std::vector<std::byte>& stored, std::size_t bytes,
                                const std::string& where) {
  std::vector<std::byte> out(bytes);
  Inflater inflater;
  z_stream& stream = inflater.stream;
  std::size_t used = 0, done = 0;
  // The last step has no room left: a stream that goes on is told from one that ends there.
  for (int result = Z_OK; result != Z_STREAM_END;) {
    const std::size_t input = std::min(stored.size() - used, kLargestStep);
    const std::size_t room = std::min(bytes - done, kLargestStep);
    std::byte beyond{};
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(stored.data() + used));
    stream.avail_in = static_cast<uInt>(input);
    stream.next_out = reinterpret_cast<Bytef*>(room > 0 ? out.data() + done : &beyond);
    stream.avail_out = static_cast<uInt>(std::max<std::size_t>(room, 1));
    result = inflate(&stream, Z_NO_FLUSH);
    used += input - stream.avail_in;
    const std::size_t produced = std::max<std::size_t>(room, 1) - stream.avail_out;
    if (produced > room) refuse(where, "unpacks to more than it should", std::to_string(bytes) + " bytes");
    done += produced;
    if (result != Z_OK && result != Z_STREAM_END) {
      refuse(where, "the compressed bytes are damaged or cut off", "",
             stream.msg == nullptr ? "" : stream.msg);
    }
  }
  if (done != bytes) {
    refuse(where, "unpacks to less than it should", std::to_string(bytes) + " bytes", std::to_string(done));
  }
  return out;
}

std::vector<std::byte> unshuffled(const std::vector<std::byte>& stored, std::size_t element_bytes) {
  const std::size_t count = stored.size() / element_bytes;
  std::vector<std::byte> out(stored);  // bytes after the last whole element stay where they are
  for (std::size_t j = 0; j < element_bytes; ++j) {
    for (std::size_t i = 0; i < count; ++i) out[i * element_bytes + j] = stored[j * count + i];
  }
  return out;
}

// As H5_checksum_fletcher32: 16-bit words, most significant byte first; sums are folded after every 360
// words, before they can overflow.
std::uint32_t fletcher32(std::span<const std::byte> bytes) {
  std::uint32_t low = 0, high = 0;
  const auto fold = [](std::uint32_t sum) { return (sum & 0xffff) + (sum >> 16); };
  const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); };
  const std::size_t words = bytes.size() / 2;
  for (std::size_t i = 0; i < words; ++i) {
    low += at(2 * i) << 8 | at(2 * i + 1);
    high += low;
    if (i % 360 == 359 || i + 1 == words) low = fold(low), high = fold(high);
  }
  if (bytes.size() % 2 != 0) {
    low += at(bytes.size() - 1) << 8;
    high += low;
    low = fold(low), high = fold(high);
  }
  return fold(high) << 16 | fold(low);
}

std::vector<std::byte> checked(std::vector<std::byte> stored, const std::string& where) {
  if (stored.size() < kChecksumBytes) refuse(where, "is too short for its checksum");
  const std::size_t bytes = stored.size() - kChecksumBytes;
  std::uint32_t expected = 0;
  for (std::size_t i = kChecksumBytes; i-- > 0;) {
    expected = expected << 8 | std::to_integer<std::uint32_t>(stored[bytes + i]);
  }
  stored.resize(bytes);
  if (fletcher32(stored) != expected) refuse(where, "does not agree with its checksum (fletcher32)");
  return stored;
}

}  // namespace

std::vector<std::byte> unpack_chunk(std::vector<std::byte> stored, const Pipeline& pipeline,
                                    std::uint32_t skipped, std::size_t bytes, const std::string& where) {
  const auto applied = [&](std::size_t i) { return (skipped >> i & 1) == 0; };
  for (std::size_t i = pipeline.filters.size(); i-- > 0;) {
    if (!applied(i)) continue;
    switch (pipeline.filters[i]) {
      case Filter::gzip: {
        // What gzip was given: the chunk, and the checksums that were added before.
        std::size_t given = bytes;
        for (std::size_t j = 0; j < i; ++j) {
          if (applied(j) && pipeline.filters[j] == Filter::fletcher32) given += kChecksumBytes;
        }
        stored = inflated(stored, given, where);
        break;
      }
      case Filter::shuffle:
        stored = unshuffled(stored, pipeline.element_bytes);
        break;
      case Filter::fletcher32:
        stored = checked(std::move(stored), where);
        break;
    }
  }
  if (stored.size() != bytes) {
    refuse(where, "has another length than it should", std::to_string(bytes) + " bytes",
           std::to_string(stored.size()));
  }
  return stored;
}

}  // namespace titrate::shard::hdf5
