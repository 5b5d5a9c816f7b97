// IDX files made for tests: small, and wrong in every way that is asked for.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace titrate {

inline std::string big_endian(std::uint32_t value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 0xff);
  return text;
}

inline std::string idx_bytes(const std::vector<std::uint32_t>& extent, const std::string& values) {
  std::string text{'\0', '\0', '\x08', static_cast<char>(extent.size())};
  for (const std::uint32_t length : extent) text += big_endian(length);
  return text + values;
}

inline std::string gzip(const std::string& text) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2");
  std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate");
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

inline void put(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

// Pixel j of image i of a made set; different for every image.
inline std::string idx_pixels(std::uint32_t count, std::uint32_t side, std::uint32_t salt) {
  std::string pixels;
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t j = 0; j < side * side; ++j) {
      pixels += static_cast<char>((i * 2654435761u + j * 40503u + salt * 97u) >> 7 & 0xff);
    }
  }
  return pixels;
}

inline std::string idx_labels(std::uint32_t count, std::uint32_t classes = 10) {
  std::string labels;
  for (std::uint32_t i = 0; i < count; ++i) labels += static_cast<char>(i * 7 % classes);
  return labels;
}

struct IdxSet {
  std::uint32_t train = 40, test = 20, side = 6;
};

// The four files of MNIST, plain.
inline void put_idx_set(const std::filesystem::path& folder, const IdxSet& set = {}) {
  const auto put_split = [&](const std::string& prefix, std::uint32_t count, std::uint32_t salt) {
    put(folder / (prefix + "-images-idx3-ubyte"),
        idx_bytes({count, set.side, set.side}, idx_pixels(count, set.side, salt)));
    put(folder / (prefix + "-labels-idx1-ubyte"), idx_bytes({count}, idx_labels(count)));
  };
  put_split("train", set.train, 1);
  put_split("t10k", set.test, 2);
}

}  // namespace titrate
