// Plans of fake sources, and what their rows say.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "../../../src/prep/survey.hpp"
#include "fake_source.hpp"

namespace titrate::prep {

inline PackPlan plan_of(const Recipe& recipe, const Sources& sources) {
  std::optional<Survey> survey;
  if (needs_survey(recipe, sources)) survey = survey_images(recipe, sources, 2, [](std::size_t) {});
  return make_plan(recipe, sources, survey);
}

inline std::vector<shard::Row> rows_of(const Recipe& recipe, const Sources& sources, const PackPlan& plan,
                                       shard::Split split = shard::Split::train) {
  std::vector<shard::Row> rows;
  for (const Planned& planned : plan.rows[static_cast<std::size_t>(split)])
    rows.push_back(make_row(recipe, sources, plan, planned));
  return rows;
}

// By class and origin.
inline std::map<std::pair<std::int32_t, shard::Origin>, std::size_t> counts_of(
    const std::vector<shard::Row>& rows) {
  std::map<std::pair<std::int32_t, shard::Origin>, std::size_t> counts;
  for (const shard::Row& row : rows) ++counts[{row.label, row.origin}];
  return counts;
}

inline std::set<std::uint64_t> families_in(const std::vector<shard::Row>& rows) {
  std::set<std::uint64_t> families;
  for (const shard::Row& row : rows) families.insert(row.family_id);
  return families;
}

}  // namespace titrate::prep
