#include "titrate/image/operation.hpp"

#include <array>

#include "titrate/core/error.hpp"
#include "titrate/core/random.hpp"
#include "titrate/core/text.hpp"
#include "titrate/image/warp.hpp"

namespace titrate::image {
namespace {

[[noreturn]] void refuse(std::string_view where, std::string_view text, std::string what,
                         std::string hint = "") {
  throw Error({.code = ErrorCode::usage,
               .where = std::string(where),
               .what = "operation \"" + std::string(text) + "\": " + what,
               .hint = std::move(hint)});
}

struct Words {
  std::string name;
  std::vector<double> numbers;
};

Words read_words(std::string_view text, std::string_view where) {
  Words words;
  for (const std::string& part : split(trim(text), ' ')) {
    if (part.empty()) continue;
    if (words.name.empty()) {
      words.name = part;
    } else if (const auto number = parse_double(part)) {
      words.numbers.push_back(*number);
    } else {
      refuse(where, text, "\"" + part + "\" is not a number");
    }
  }
  return words;
}

Affine draw(const Shift& shift, RandomStream& stream) {
  const double right = stream.uniform(-shift.pixels, shift.pixels);
  return shift_by(right, stream.uniform(-shift.pixels, shift.pixels));
}
Affine draw(const Rotate& rotate, RandomStream& stream) {
  return rotate_by(stream.uniform(-rotate.degrees, rotate.degrees));
}
Affine draw(const Zoom& zoom, RandomStream& stream) { return zoom_by(stream.uniform(zoom.low, zoom.high)); }

}  // namespace

Operation parse_operation(std::string_view text, std::string_view where) {
  const Words words = read_words(text, where);
  const std::string& name = words.name;
  const std::vector<double>& numbers = words.numbers;
  const auto need = [&](std::size_t count, const char* form) {
    if (numbers.size() != count)
      refuse(where, text, "wrong number of values", std::string("write it as \"") + form + "\"");
  };
  const auto check = [&](bool good, const char* rule) {
    if (!good) refuse(where, text, std::string("out of range: ") + rule);
  };
  if (name == "shift") {
    need(1, "shift PIXELS");
    check(numbers[0] > 0 && numbers[0] <= 1000, "pixels are above 0 and at most 1000");
    return Shift{numbers[0]};
  }
  if (name == "rotate") {
    need(1, "rotate DEGREES");
    check(numbers[0] > 0 && numbers[0] <= 180, "degrees are above 0 and at most 180");
    return Rotate{numbers[0]};
  }
  if (name == "zoom") {
    need(2, "zoom LOW HIGH");
    check(numbers[0] >= 0.1 && numbers[0] <= numbers[1] && numbers[1] <= 10, "0.1 <= low <= high <= 10");
    return Zoom{numbers[0], numbers[1]};
  }
  const std::array<std::string, 3> names{"shift", "rotate", "zoom"};
  const auto near = nearest(name, names);
  refuse(where, text, "unknown", near ? "did you mean \"" + *near + "\"?" : "known are shift, rotate, zoom");
}

std::string to_text(const Operation& operation) {
  struct Writer {
    std::string operator()(const Shift& o) const { return "shift " + shortest(o.pixels); }
    std::string operator()(const Rotate& o) const { return "rotate " + shortest(o.degrees); }
    std::string operator()(const Zoom& o) const { return "zoom " + shortest(o.low) + " " + shortest(o.high); }
  };
  return std::visit(Writer{}, operation);
}

Image apply(std::span<const Operation> operations, const View& view, const AugmentKey& key) {
  RandomStream stream(key.seed, Purpose::augmentation, key.sample, key.epoch);
  Affine total;
  for (const Operation& operation : operations) {
    total = then(total, std::visit([&](const auto& o) { return draw(o, stream); }, operation));
  }
  return warp(view, total);
}

}  // namespace titrate::image
