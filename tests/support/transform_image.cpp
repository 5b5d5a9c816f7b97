// transform_image HEIGHT WIDTH CHANNELS OPERATION...: reads raw pictures of that shape from stdin and writes
// "H W C\n" and the raw pixels of every part of each to stdout. For tests/e2e/transform_test.py.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "titrate/core/error.hpp"
#include "titrate/image/transform.hpp"

namespace {

int run(int count, char** arguments) {
  using namespace titrate::image;
  if (count < 4) return 2;
  const auto number = [&](int i) {
    return static_cast<std::uint32_t>(std::strtoul(arguments[i], nullptr, 10));
  };
  const Shape shape{number(1), number(2), number(3)};
  std::vector<Transform> list;
  for (int i = 4; i < count; ++i) list.push_back(parse_transform(arguments[i], "transform_image"));
  const Shape after = shape_after(list, shape, "transform_image");
  std::printf("%u %u %u\n", after.height, after.width, after.channels);
  Image image(shape);
  while (std::fread(image.pixels.data(), 1, shape.bytes(), stdin) == shape.bytes()) {
    for (std::uint32_t part = 0; part < parts_of(list); ++part)
      std::fwrite(transform(list, image, part).pixels.data(), 1, after.bytes(), stdout);
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  return titrate::run_and_report("transform_image", run, count, arguments);
}
