#include "titrate/train/validation.hpp"

namespace titrate::train {

bool ValidationWatch::update(double loss, std::uint32_t epoch, const study::TrainSettings& settings) {
  if (settings.schedule == study::Schedule::plateau) plateau.update(loss, settings);
  if (!(loss < best_loss)) {
    ++bad_epochs;
    return false;
  }
  best_loss = loss;
  best_epoch = epoch;
  bad_epochs = 0;
  return true;
}

}  // namespace titrate::train
