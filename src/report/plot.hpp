// What the charts of a run show.
#pragma once

#include <cstddef>

#include "layout.hpp"
#include "summary.hpp"
#include "titrate/page/chart.hpp"

namespace titrate::report {

// Of a row of study::metrics().
page::Plot metric_plot(const study::Study& study, const Summary& summary, const Layout& layout,
                       std::size_t metric);

// In points, against the baseline.
page::Plot comparison_plot(const study::Study& study, const Summary& summary, const Layout& layout,
                           const study::Comparison& comparison);

}  // namespace titrate::report
