#include "titrate/sweep/check.hpp"

#include "titrate/core/error.hpp"
#include "titrate/train/preparation.hpp"
#include "titrate/train/setup.hpp"

namespace titrate::sweep {

std::vector<Impossible> impossible_cells(std::span<const study::Trial> trials, const data::Dataset& dataset) {
  std::vector<Impossible> impossible;
  for (const study::Trial& trial : one_of_each_cell(trials)) {
    try {
      train::prepare(dataset, train::make_setup(trial.settings, dataset.manifest()));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::usage) throw;
      impossible.push_back({trial.settings, error.what()});
    }
  }
  return impossible;
}

void check_trials(std::span<const study::Trial> trials, const data::Dataset& dataset) {
  const std::vector<Impossible> impossible = impossible_cells(trials, dataset);
  if (impossible.empty()) return;
  const std::string others =
      impossible.size() == 1 ? ""
                             : " (and " + std::to_string(impossible.size() - 1) + " more; see titrate plan)";
  throw Error({.code = ErrorCode::usage,
               .where = "cell " + describe_cell(impossible[0].settings),
               .what = impossible[0].reason + others});
}

}  // namespace titrate::sweep
