// Inline SVG, drawn here: colours come from the page's style (classes c0 to c7), so it reads in light and
// dark.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "titrate/report/plot.hpp"

namespace titrate::report {

// One panel of a plot: every seed a dot, the mean a line (or a short bar), its 95 % t interval a band (or a
// bar). Where lines are drawn, each is named at its right end.
std::string panel_svg(const Plot& plot, const PlotPanel& panel);

// Rows are the true classes, columns what they were called. `counts` has classes x classes numbers.
std::string confusion_svg(std::span<const std::uint64_t> counts, const std::vector<std::string>& class_names);

}  // namespace titrate::report
