// How long augmentations take, on one thread; augment_bench.py asks it and its peers in turns.
//
//   augment_bench
//
// Reads "run CASE SECONDS" lines and answers each with nanoseconds of processor time per picture. A case is
// SIDExCHANNELS and operations, with commas: "28x1,rotate 15,shift 2,zoom 0.9 1.1". Every picture is another
// sample, so every one has its own draws; 256 pictures are gone through. Ends with the input.
#include <time.h>

#include <algorithm>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "titrate/core/random.hpp"
#include "titrate/core/text.hpp"
#include "titrate/image/operation.hpp"

namespace titrate {
namespace {

constexpr std::size_t kPictures = 256;

struct Case {
  image::Shape shape;
  std::vector<image::Operation> operations;
};

Case read_case(const std::string& text) {
  const std::vector<std::string> parts = split(text, ',');
  const std::size_t cross = parts.at(0).find('x');
  const auto side = static_cast<std::uint32_t>(std::stoul(parts[0].substr(0, cross)));
  Case found{{side, side, static_cast<std::uint32_t>(std::stoul(parts[0].substr(cross + 1)))}, {}};
  for (std::size_t i = 1; i < parts.size(); ++i)
    found.operations.push_back(image::parse_operation(parts[i], "augment_bench"));
  return found;
}

// Of this process, which a busy machine disturbs less than the clock on the wall.
double processor_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double nanoseconds_per_picture(const Case& asked, double seconds) {
  const std::size_t size = asked.shape.bytes();
  std::vector<std::uint8_t> pictures(kPictures * size), out(size);
  RandomStream stream(1, Purpose::test);
  for (std::uint8_t& pixel : pictures) pixel = static_cast<std::uint8_t>(stream.next());
  image::AugmentScratch scratch;
  std::uint64_t done = 0;
  const double start = processor_seconds();
  double elapsed = 0;
  while (elapsed < seconds) {
    for (std::size_t i = 0; i < kPictures; ++i, ++done) {
      const image::View view{asked.shape, std::span(pictures).subspan(i * size, size)};
      image::apply(asked.operations, view, {.seed = 1, .sample = done}, out, scratch);
    }
    elapsed = processor_seconds() - start;
  }
  return 1e9 * elapsed / static_cast<double>(done);
}

int run() {
  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t last = line.rfind(' ');
    if (!line.starts_with("run ") || last < 4) throw std::runtime_error("expected run CASE SECONDS");
    std::cout << nanoseconds_per_picture(read_case(line.substr(4, last - 4)),
                                         std::stod(line.substr(last + 1)))
              << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace titrate

int main() {
  try {
    return titrate::run();
  } catch (const std::exception& error) {
    std::cerr << "augment_bench: " << error.what() << '\n';
    return 1;
  }
}
