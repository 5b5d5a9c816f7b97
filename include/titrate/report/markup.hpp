// Text that goes into HTML and SVG.
#pragma once

#include <string>
#include <string_view>

namespace titrate::report {

// For text and for attributes in double quotes: & < > " ' become entities, control characters spaces.
std::string escape(std::string_view text);

// A coordinate: at most two digits after the point.
std::string coordinate(double value);

}  // namespace titrate::report
