// Picture files made for tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "titrate/codec/codec.hpp"
#include "unit/source/idx_files.hpp"

namespace titrate {

// One row of RGB pixels, or grey ones; different for every seed.
inline image::Image small_picture(std::uint32_t width, std::uint32_t channels, std::uint32_t seed) {
  image::Image image(image::Shape{1, width, channels});
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<std::uint8_t>((i + 1) * 37 + seed * 11);
  return image;
}

inline std::string png_bytes(const image::Image& image) {
  const std::vector<std::byte> bytes = codec::encode_png(image.view());
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline image::Image put_png(const std::filesystem::path& path, std::uint32_t seed = 0,
                            std::uint32_t width = 4, std::uint32_t channels = 3) {
  image::Image image = small_picture(width, channels, seed);
  put(path, png_bytes(image));
  return image;
}

inline std::string pgm_bytes(std::uint32_t width, std::uint32_t height, const std::string& pixels) {
  return "P5\n" + std::to_string(width) + ' ' + std::to_string(height) + "\n255\n" + pixels;
}

}  // namespace titrate
