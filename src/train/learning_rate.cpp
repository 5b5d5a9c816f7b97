#include "titrate/train/learning_rate.hpp"

#include <cmath>
#include <numbers>

namespace titrate::train {
namespace {

constexpr double kWarmUpShare = 0.3, kStartDivisor = 25, kEndDivisor = 1e4;  // OneCycleLR's defaults
constexpr double kThreshold = 1e-4, kLeastDrop = 1e-8;                       // ReduceLROnPlateau's

double along_cosine(double from, double to, double share) {
  return to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * share));
}

double one_cycle(double highest, const Place& place) {
  const double start = highest / kStartDivisor, end = start / kEndDivisor;
  const auto step = static_cast<double>(place.step), total = static_cast<double>(place.total_steps);
  const double top = kWarmUpShare * total - 1, last = total - 1;
  if (step <= top) return along_cosine(start, highest, top > 0 ? step / top : 1);
  return along_cosine(highest, end, (step - top) / (last - top));
}

}  // namespace

double scheduled_rate(const study::TrainSettings& settings, const Place& place) {
  const double rate = settings.learning_rate;
  if (settings.schedule == study::Schedule::step)
    return rate * std::pow(settings.schedule_factor, place.epoch / settings.schedule_epochs);
  if (settings.schedule == study::Schedule::cosine) {
    return along_cosine(rate, 0, static_cast<double>(place.step) / static_cast<double>(place.total_steps));
  }
  if (settings.schedule == study::Schedule::one_cycle) return one_cycle(rate, place);
  return rate;
}

void Plateau::update(double validation_loss, const study::TrainSettings& settings) {
  if (validation_loss < best * (1 - kThreshold)) {
    best = validation_loss;
    bad_epochs = 0;
    return;
  }
  if (++bad_epochs <= settings.schedule_patience) return;
  bad_epochs = 0;
  const double lower = scale * settings.schedule_factor;
  if ((scale - lower) * settings.learning_rate > kLeastDrop) scale = lower;
}

}  // namespace titrate::train
