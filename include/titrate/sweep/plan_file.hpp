// The plan as a file, which `titrate plan --out` writes and `titrate sweep --plan` runs unchanged: one JSON
// object with the resolved study, the nodes, the groups and the trials.
#pragma once

#include <string>
#include <vector>

#include "titrate/comm/device.hpp"
#include "titrate/dispatch/plan.hpp"
#include "titrate/study/study.hpp"

namespace titrate::sweep {

struct PlanFile {
  study::Study study{};  // resolved
  comm::DeviceKind device = comm::DeviceKind::cpu;
  // Ranks are positions here, 0 to ranks - 1 in the order of nodes; so are those of the plan's groups.
  std::vector<dispatch::NodeRanks> nodes{};
  dispatch::Plan plan{};
};

// Nodes with so many ranks and devices each; ranks count through.
std::vector<dispatch::NodeRanks> number_nodes(const std::vector<int>& ranks, const std::vector<int>& devices);

std::string to_json(const PlanFile& file);

// Throws Error (usage) that names `where` and what is wrong: no plan, one of another version, groups or
// trials that do not fit the nodes, the study or each other.
PlanFile parse_plan_file(const std::string& text, const std::string& where);

}  // namespace titrate::sweep
