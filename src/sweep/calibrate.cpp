#include "calibrate.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "cost.hpp"
#include "titrate/comm/agreement.hpp"
#include "titrate/net/cost.hpp"
#include "titrate/train/setup.hpp"

namespace titrate::sweep {
namespace {

constexpr double kProbeSeconds = 0.1;
// Speed of a rank that could not be measured: roughly that of one core.
constexpr double kNominalFlops = 2e10;

// The speed classes, each with a trial that stands for it.
std::map<std::string, const study::Trial*> kinds_of(std::span<const study::Trial> trials) {
  std::map<std::string, const study::Trial*> kinds;
  for (const study::Trial& trial : trials) kinds.try_emplace(study::speed_class(trial.settings), &trial);
  return kinds;
}

double flops_per_image(const study::Trial& trial, const Workplace& place) {
  return net::training_flops(train::make_setup(trial.settings, place.dataset.manifest()).network);
}

// 0 where the probe fails: the trial reports the reason when its turn comes.
double seconds_per_image(const study::Trial& trial, const Workplace& place, const comm::Device& device) {
  try {
    return probe_seconds_per_image(train::make_setup(trial.settings, place.dataset.manifest()), place.dataset,
                                   place.engines, device, kProbeSeconds);
  } catch (const std::exception&) {
    return 0;
  }
}

bool order_is_enough(std::span<const study::Trial> trials, std::size_t kinds, int ranks) {
  return kinds == 1 &&
         (ranks == 1 || std::all_of(trials.begin(), trials.end(), [](const study::Trial& trial) {
            return trial.settings.train.micro_batches == 1;
          }));
}

}  // namespace

std::vector<dispatch::PlannedJob> calibrate(const comm::Communicator& world,
                                            std::span<const study::Trial> trials, const Workplace& workplace,
                                            const Probers& probers, const std::function<bool()>& goes_on) {
  const std::map<std::string, const study::Trial*> kinds = kinds_of(trials);
  const auto place = std::find(probers.ranks.begin(), probers.ranks.end(), world.rank());
  const auto own = static_cast<std::size_t>(place - probers.ranks.begin());  // none's: not a prober
  std::vector<double> seconds(kinds.size());                                 // in the order of the kinds
  if (!order_is_enough(trials, kinds.size(), world.size())) {
    comm::together(world, [&] {
      for (std::size_t number = 0; const auto& [kind, trial] : kinds) {
        if (number % probers.ranks.size() == own && goes_on())
          seconds[number] = seconds_per_image(*trial, workplace, probers.device);
        ++number;
      }
    });
    world.sum(std::span(seconds));
  }
  double slowest = 0;  // seconds per operation
  for (std::size_t number = 0; const auto& [kind, trial] : kinds)
    slowest = std::max(slowest, seconds[number++] / flops_per_image(*trial, workplace));
  if (slowest == 0) slowest = 1 / kNominalFlops;
  std::map<std::string, double> seconds_of;
  for (std::size_t number = 0; const auto& [kind, trial] : kinds) {
    const double probed = seconds[number++];
    seconds_of[kind] = probed > 0 ? probed : slowest * flops_per_image(*trial, workplace);
  }
  std::vector<dispatch::PlannedJob> planned;
  for (const study::Trial& trial : trials) {
    planned.push_back(planned_trial(trial, train::make_setup(trial.settings, workplace.dataset.manifest()),
                                    workplace.dataset.manifest(),
                                    seconds_of[study::speed_class(trial.settings)]));
  }
  return planned;
}

}  // namespace titrate::sweep
