// A confusion matrix as inline SVG.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace titrate::page {

// Rows are the true classes, columns what they were called. `counts` has classes x classes numbers. The
// page's script puts those of another matrix into it.
std::string confusion_svg(std::span<const std::uint64_t> counts, const std::vector<std::string>& class_names);

}  // namespace titrate::page
