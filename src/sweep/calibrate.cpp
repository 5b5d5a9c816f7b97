#include "titrate/sweep/calibrate.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "titrate/comm/agreement.hpp"
#include "titrate/core/text.hpp"
#include "titrate/net/cost.hpp"
#include "titrate/sweep/cost.hpp"
#include "titrate/sweep/setup.hpp"

namespace titrate::sweep {
namespace {

constexpr double kProbeSeconds = 0.1;
// Of a rank whose speed is not known: one core's, roughly.
constexpr double kNominalFlops = 2e10;

// The kinds, each with a trial that stands for it.
std::map<std::string, const Trial*> kinds_of(std::span<const Trial> trials) {
  std::map<std::string, const Trial*> kinds;
  for (const Trial& trial : trials) kinds.try_emplace(speed_class(trial.settings), &trial);
  return kinds;
}

double nominal_seconds_per_image(const train::TrialSetup& setup) {
  return net::training_flops(setup.network) / kNominalFlops;
}

// A trial that cannot run says so when its turn comes.
double seconds_per_image(const Trial& trial, const Workplace& place, const comm::Device& device) {
  const train::TrialSetup setup = make_setup(trial.settings, place.dataset.manifest());
  try {
    return probe_seconds_per_image(setup, place.dataset, place.engines, device, kProbeSeconds);
  } catch (const std::exception&) {
    return nominal_seconds_per_image(setup);
  }
}

bool order_is_enough(std::span<const Trial> trials, std::size_t kinds, int ranks) {
  return kinds == 1 && (ranks == 1 || std::all_of(trials.begin(), trials.end(), [](const Trial& trial) {
                          return trial.settings.train.micro_batches == 1;
                        }));
}

}  // namespace

std::vector<PlannedTrial> calibrate(const comm::Communicator& world, std::span<const Trial> trials,
                                    const Workplace& workplace, const comm::Device& device) {
  const std::map<std::string, const Trial*> kinds = kinds_of(trials);
  const bool probes = !order_is_enough(trials, kinds.size(), world.size());
  std::vector<double> seconds(kinds.size());  // in the order of the kinds
  comm::together(world, [&] {
    std::size_t number = 0;
    for (const auto& [kind, trial] : kinds) {
      if (static_cast<int>(number % static_cast<std::size_t>(world.size())) == world.rank()) {
        seconds[number] =
            probes ? seconds_per_image(*trial, workplace, device)
                   : nominal_seconds_per_image(make_setup(trial->settings, workplace.dataset.manifest()));
      }
      ++number;
    }
  });
  world.sum(std::span(seconds));
  std::map<std::string, double> seconds_of;
  for (std::size_t number = 0; const auto& [kind, trial] : kinds) seconds_of[kind] = seconds[number++];
  std::vector<PlannedTrial> planned;
  for (const Trial& trial : trials) {
    planned.push_back(planned_trial(trial, make_setup(trial.settings, workplace.dataset.manifest()),
                                    workplace.dataset.manifest(), seconds_of[speed_class(trial.settings)]));
  }
  return planned;
}

}  // namespace titrate::sweep
