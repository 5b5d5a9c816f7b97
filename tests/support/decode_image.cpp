// Decodes many pictures in one process, for e2e/codec_test.py. For each picture on stdin:
//
//     BYTES RED GREEN BLUE\n   then that many bytes; the colours are the background
//
// and on stdout either "HEIGHT WIDTH CHANNELS\n" and the pixels, or "error CODE MESSAGE\n". Exits with 70
// where probe() and decode() do not agree, of the whole or of its beginnings.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "titrate/codec/codec.hpp"
#include "titrate/core/error.hpp"

using titrate::codec::decode;
using titrate::codec::DecodeSettings;
using titrate::codec::probe;
using titrate::image::Image;

namespace {

void check_probe(std::span<const std::byte> bytes, const DecodeSettings& settings, const Image& image) {
  if (probe(bytes, settings, "probe") != image.shape) std::exit(70);
  for (std::size_t part = 1; part < 8; ++part) {
    const auto shape = probe(bytes.first(bytes.size() * part / 8), settings, "probe");
    if (shape && *shape != image.shape) std::exit(70);
  }
}

// Not getrusage(): its peak is inherited from the process that started this one.
std::string peak_kibibytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word == "VmHWM:" && status >> word) return word;
  }
  return "";
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::size_t size = 0;
  unsigned red = 0, green = 0, blue = 0;
  while (std::cin >> size >> red >> green >> blue) {
    std::cin.get();
    std::vector<std::byte> bytes(size);
    std::cin.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
    DecodeSettings settings;
    settings.background = {static_cast<std::uint8_t>(red), static_cast<std::uint8_t>(green),
                           static_cast<std::uint8_t>(blue)};
    try {
      const Image image = decode(bytes, settings, "stdin");
      check_probe(bytes, settings, image);
      std::cout << image.shape.height << ' ' << image.shape.width << ' ' << image.shape.channels << '\n';
      std::cout.write(reinterpret_cast<const char*>(image.pixels.data()),
                      static_cast<std::streamsize>(image.pixels.size()));
    } catch (const titrate::Error& error) {
      std::cout << "error " << static_cast<int>(error.code()) << ' ' << error.what() << '\n';
    }
  }
  std::cout.flush();
  std::cerr << peak_kibibytes() << '\n';
  return 0;
}
