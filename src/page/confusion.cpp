#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "titrate/core/text.hpp"
#include "titrate/page/confusion.hpp"
#include "titrate/page/markup.hpp"

namespace titrate::page {
namespace {

std::string c(double value) { return coordinate(value); }

struct Shape {
  std::size_t classes = 0;
  double side = 0, left = 0, top = 0;
  bool slanted = false;  // column names too long to stand upright
  bool numbers = true;

  double x(std::size_t column) const { return left + side * static_cast<double>(column); }
  double y(std::size_t row) const { return top + side * static_cast<double>(row); }
};

Shape shape_of(const std::vector<std::string>& names) {
  std::size_t longest = 0;
  for (const std::string& name : names) longest = std::max(longest, width_of(name));
  Shape shape{.classes = names.size()};
  shape.side = std::clamp(460.0 / static_cast<double>(std::max<std::size_t>(names.size(), 1)), 4.0, 44.0);
  shape.numbers = shape.side >= 22;
  shape.slanted = 6.2 * static_cast<double>(longest) > shape.side;
  const double name_width = 6.2 * static_cast<double>(std::min<std::size_t>(longest, 16));
  shape.left = 26 + name_width;
  shape.top = 26 + (shape.slanted ? 0.72 * name_width + 4 : 12);
  return shape;
}

std::string class_labels(const Shape& shape, const std::vector<std::string>& names) {
  std::string svg;
  const std::size_t every = shape.side >= 11 ? 1 : static_cast<std::size_t>(std::ceil(11 / shape.side));
  for (std::size_t i = 0; i < names.size(); i += every) {
    const std::string name = escape(shortened(names[i], 16));
    const double middle = shape.side / 2;
    svg += fmt::format("<text class=\"tick\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
                       c(shape.left - 6), c(shape.y(i) + middle + 4), name);
    const double x = shape.x(i) + middle, y = shape.top - 6;
    svg += shape.slanted
               ? fmt::format("<text class=\"tick\" transform=\"translate({} {}) rotate(-45)\">{}</text>",
                             c(x + 3), c(y), name)
               : fmt::format("<text class=\"tick\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>", c(x),
                             c(y), name);
  }
  const double end = shape.side * static_cast<double>(shape.classes);
  svg += fmt::format("<text class=\"title\" x=\"{}\" y=\"13\" text-anchor=\"middle\">called</text>",
                     c(shape.left + end / 2));
  return svg + fmt::format(
                   "<text class=\"title\" transform=\"translate(12 {}) rotate(-90)\" "
                   "text-anchor=\"middle\">true</text>",
                   c(shape.top + end / 2));
}

}  // namespace

std::string confusion_svg(std::span<const std::uint64_t> counts,
                          const std::vector<std::string>& class_names) {
  const Shape shape = shape_of(class_names);
  const double end = shape.side * static_cast<double>(shape.classes);
  const double width = shape.left + end + (shape.slanted ? 30 : 8);
  std::string svg = fmt::format(
      "<svg id=\"confusion\" class=\"matrix\" viewBox=\"0 0 {} {}\" style=\"max-width:{}px\" role=\"img\" "
      "aria-label=\"Confusion matrix\">",
      c(width), c(shape.top + end + 8), c(width * 1.15));
  svg += class_labels(shape, class_names);
  for (std::size_t row = 0; row < shape.classes; ++row) {
    std::uint64_t of_class = 0;
    for (std::size_t column = 0; column < shape.classes; ++column)
      of_class += counts[row * shape.classes + column];
    for (std::size_t column = 0; column < shape.classes; ++column) {
      const std::uint64_t count = counts[row * shape.classes + column];
      const double share = of_class == 0 ? 0 : static_cast<double>(count) / static_cast<double>(of_class);
      svg += fmt::format(
          "<g class=\"k {}\" style=\"--root:{}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
          row == column ? "right" : "wrong", fixed(std::sqrt(share), 3), c(shape.x(column)), c(shape.y(row)),
          c(shape.side - 1), c(shape.side - 1));
      if (shape.numbers) {
        svg += fmt::format("<text x=\"{}\" y=\"{}\">{}</text>", c(shape.x(column) + shape.side / 2 - 0.5),
                           c(shape.y(row) + shape.side / 2 + 3), count == 0 ? "" : std::to_string(count));
      }
      svg += fmt::format("<title>true {}, called {}: {}</title></g>", escape(class_names[row]),
                         escape(class_names[column]), count);
    }
  }
  return svg + "</svg>";
}

}  // namespace titrate::page
