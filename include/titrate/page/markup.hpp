// Text that goes into HTML and SVG.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace titrate::page {

// For text and for attributes in double quotes: & < > " ' become entities, control characters spaces.
std::string escape(std::string_view text);

// A coordinate: at most two digits after the point.
std::string coordinate(double value);

// The list of an element to choose from, by the id of the element; the last option is chosen. It works once
// the page's script has found it.
std::string chooser(const std::string& id, const std::vector<std::string>& options);

// JSON for the page's script, by the id of its element.
std::string data_script(const std::string& id, const std::string& json);

}  // namespace titrate::page
