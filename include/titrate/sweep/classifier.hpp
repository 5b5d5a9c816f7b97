// A trained network that is asked about one picture at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "titrate/data/batch.hpp"
#include "titrate/sweep/weights.hpp"
#include "titrate/train/engine.hpp"

namespace titrate::sweep {

class Classifier {
 public:
  explicit Classifier(KeptWeights weights);

  struct Answer {
    std::string class_name{};
    double probability = 0;
  };

  // Throws Error (usage) that names `where` for a picture of another shape than the network was trained on.
  Answer classify(const image::Image& picture, const std::string& where) const;

  // The transform that gives a picture the channels of the network: "grey" or "rgb".
  const char* colour() const { return weights_.image.channels == 1 ? "grey" : "rgb"; }

 private:
  KeptWeights weights_;
  train::TrialSetup setup_;
  data::Pipeline pipeline_;
  std::unique_ptr<train::Engine> engine_;
};

// The weights that a run kept of a trial, whose id may be shortened to its beginning. Throws Error (usage)
// where there is no run, no such trial, or it kept none.
std::filesystem::path find_weights(const std::filesystem::path& run_folder, const std::string& trial);

}  // namespace titrate::sweep
