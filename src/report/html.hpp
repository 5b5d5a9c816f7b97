// report.html: one file that needs nothing else, not even a network.
#pragma once

#include <string>

#include "summary.hpp"

namespace titrate::report {

// The whole page: the answer, charts, tables, a confusion matrix to choose, what was run and with what, and
// what went wrong. Every text that comes from outside is escaped.
std::string report_html(const study::Study& study, const Summary& summary);

}  // namespace titrate::report
