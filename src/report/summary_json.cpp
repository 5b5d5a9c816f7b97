#include <cmath>
#include <nlohmann/json.hpp>

#include "comparison_text.hpp"
#include "labels.hpp"
#include "summary.hpp"
#include "titrate/core/version.hpp"

namespace titrate::report {
namespace {

using Json = nlohmann::ordered_json;

// Has fields of its own, which are older than those of all comparisons.
constexpr const char* kRatio = "data.synthetic_ratio";

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json value_json(const Value& value) { return Json::parse(titrate::to_json(value)); }

Json to_json(const study::Estimate& estimate) {
  return {{"n", estimate.n},
          {"mean", number(estimate.mean)},
          {"sd", number(estimate.sd)},
          {"low", number(estimate.low())},
          {"high", number(estimate.high())}};
}

Json to_json(const study::Settings& settings) {
  Json json = Json::object();
  for (const auto& [key, value] : study::all_values(settings)) {
    if (key != "seed") json[key] = value_json(value);
  }
  return json;
}

// Where a cell stands: the level on each axis, under the axis's whole key.
Json place_of(const Summary& summary, const Cell& cell) {
  Json json = Json::object();
  for (std::size_t d = 0; d < summary.dimensions.size(); ++d) {
    const Level& level = summary.dimensions[d].levels[cell.place[d]];
    json[summary.dimensions[d].key] = level.number ? Json::parse(level.text) : Json(level.text);
  }
  return json;
}

Json to_json(const Summary& summary, const Cell& cell) {
  Json seeds = Json::array();
  for (const SeedResult& result : cell.seeds) seeds.push_back(result.seed);
  Json json = {{"at", place_of(summary, cell)},
               {"test_noise_level", cell.test_noise_level},
               {"seeds", seeds},
               {"diverged", cell.diverged},
               {"failed", cell.failed},
               {"missing", cell.missing},
               {"train_images", number(cell.train_images.mean)},
               {"steps", number(cell.steps.mean)}};
  for (std::size_t m = 0; m < study::metrics().size(); ++m) {
    const study::Metric& metric = study::metrics()[m];
    if (metric.in_cells) json[metric.column] = to_json(cell.metrics[m]);
  }
  json["settings"] = to_json(cell.settings);
  return json;
}

// A pair over the synthetic ratio.
Json gain_json(const Summary& summary, const study::Pair& pair) {
  const Cell& cell = summary.cells[pair.cell];
  return {{"at", place_of(summary, cell)},
          {"cell", pair.cell},
          {"baseline", pair.baseline},
          {"synthetic_ratio", cell.settings.data.synthetic_ratio},
          {"steps_per_baseline_step", number(cell.steps.mean / summary.cells[pair.baseline].steps.mean)},
          {"accuracy_gain", to_json(pair.accuracy)},
          {"verdict", choice_name(pair.verdict)}};
}

Json pair_json(const Summary& summary, const study::Comparison& comparison, const study::Pair& pair) {
  const Cell& cell = summary.cells[pair.cell];
  return {{"at", place_of(summary, cell)},
          {"level", value_json(study::all_values(cell.settings).at(comparison.axis))},
          {"cell", pair.cell},
          {"baseline", pair.baseline},
          {"difference", to_json(pair.accuracy)},
          {"verdict", choice_name(pair.verdict)}};
}

Json to_json(const Summary& summary, const study::Comparison& comparison) {
  Json json = {{"axis", comparison.axis},
               {"baseline", value_json(comparison.baseline)},
               {"answer", comparison_sentence(summary, comparison)},
               {"pairs", Json::array()}};
  for (const study::Pair& pair : comparison.pairs)
    json["pairs"].push_back(pair_json(summary, comparison, pair));
  return json;
}

Json timing_of(const Provenance& provenance) {
  Json hosts = Json::object();
  for (const auto& [name, use] : provenance.hosts)
    hosts[name] = {{"world_ranks", use.world_ranks}, {"trials", use.trials}};
  return {{"compute_seconds", number(provenance.compute_seconds)}, {"hosts", hosts}};
}

}  // namespace

std::string summary_json(const study::Study& study, const Summary& summary) {
  Json json = {{"schema", 1},
               {"titrate", version()},
               {"study", study.name},
               {"dataset", study.dataset},
               {"fingerprint", study.fingerprint},
               {"class_names", study.class_names},
               {"answer", headline(summary)},
               {"budget", budget_text(study)},
               {"trials",
                {{"planned", summary.planned},
                 {"done", summary.done},
                 {"diverged", summary.diverged},
                 {"failed", summary.failed},
                 {"missing", summary.missing()}}},
               {"numerics", summary.provenance.numerics},
               {"comparison", nullptr},
               {"gains", Json::array()},
               {"comparisons", Json::array()},
               {"cells", Json::array()},
               {"problems", Json::array()}};
  for (const study::Comparison& comparison : summary.comparisons) {
    json["comparisons"].push_back(to_json(summary, comparison));
    if (comparison.axis != kRatio) continue;
    json["comparison"] = kRatio;
    for (const study::Pair& pair : comparison.pairs) json["gains"].push_back(gain_json(summary, pair));
  }
  for (const Cell& cell : summary.cells) json["cells"].push_back(to_json(summary, cell));
  for (const Problem& problem : summary.problems) {
    json["problems"].push_back({{"trial", problem.trial},
                                {"status", choice_name(problem.status)},
                                {"seed", problem.seed},
                                {"reason", problem.reason}});
  }
  json["timing"] = timing_of(summary.provenance);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace titrate::report
