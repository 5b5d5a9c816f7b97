// The result as text for a terminal of 80 columns.
#pragma once

#include <string>

#include "summary.hpp"

namespace titrate::report {

// A block of rows and columns per panel of the layout: mean test accuracy in % with the half width of its 95
// % t interval and, where a treatment is compared, the change in points. Ends with what was not done.
std::string table_text(const study::Study& study, const Summary& summary);

}  // namespace titrate::report
