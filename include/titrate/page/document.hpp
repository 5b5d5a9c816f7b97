// A whole HTML page in one file that needs nothing else, not even a network.
#pragma once

#include <string>

namespace titrate::page {

// With the page's style, and the script that shows the confusion matrix and the learning curves of the cell
// that is chosen. The title is plain text, the body HTML.
std::string document(const std::string& title, const std::string& body);

}  // namespace titrate::page
