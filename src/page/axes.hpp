// The axes of a chart: grid, ticks, labels and titles.
#pragma once

#include <string>
#include <vector>

namespace titrate::page {

inline constexpr double kCharacter = 6.0;  // mean width at 11 px

// Where a chart is drawn within its svg element.
struct Area {
  double width = 440, height = 290;
  double left = 40, right = 430, top = 26, bottom = 248;
};

struct AxisTick {
  double at = 0;  // coordinate
  std::string label{};
  bool zero = false;  // of an axis whose 0 says something
};

struct Axes {
  Area area{};
  double x_end = 430;  // of the axis: what stands apart is beyond it
  std::vector<AxisTick> x{}, y{};
  std::string x_title{}, y_title{};
};

// A label of x that would overlap the one before it is left out.
std::string axes_svg(const Axes& axes);

}  // namespace titrate::page
