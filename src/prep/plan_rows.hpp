// The rows of a plan: to which split each image goes, and which children it has. Private to this module.
#pragma once

#include <optional>
#include <span>

#include "plan.hpp"

namespace titrate::prep {

// Fills plan.rows, and plan.refused with what may not enter it. Throws Error (usage).
void plan_rows(const Recipe& recipe, const Sources& sources, std::span<const Planned> images,
               const std::optional<Survey>& survey, PackPlan& plan);

}  // namespace titrate::prep
