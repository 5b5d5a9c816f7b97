// Learning curves: a chart of lines over epochs whose axes suit the lines of every cell, so that cells can be
// compared by eye and the page's script can put the lines of another one into it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "titrate/page/chart.hpp"

namespace titrate::page {

using CurveLine = std::vector<double>;  // by epoch, from the first

struct ColouredLine {
  CurveLine line{};
  std::size_t colour = 0;
};

struct CurveAxes {
  std::string title{}, y_label{};
  std::size_t epochs = 0;
  double low = 0, high = 1;
  Scale scale = Scale::linear;

  // Coordinates.
  double x(std::size_t epoch) const;
  double dx() const;  // from one epoch to the next
  double y(double value) const;
};

// Around all lines that may be shown, logarithmic where they are positive and spread over a factor of 4 or
// more. Shares, which are in %, are shown linearly and within 0 and 100.
CurveAxes fit_curve_axes(std::string title, bool shares, std::span<const CurveLine> lines);

// The svg element with this id. A line ends before what cannot be drawn.
std::string curve_svg(const std::string& id, const CurveAxes& axes, std::span<const ColouredLine> lines);

// The coordinates y of a line for the script: numbers with spaces between them.
std::string curve_heights(const CurveAxes& axes, const CurveLine& line);

}  // namespace titrate::page
