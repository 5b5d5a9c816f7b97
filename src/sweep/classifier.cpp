#include "titrate/sweep/classifier.hpp"

#include <algorithm>
#include <cmath>

#include "titrate/core/error.hpp"
#include "titrate/study/journal.hpp"
#include "titrate/study/study.hpp"
#include "titrate/train/engines.hpp"
#include "titrate/train/preparation.hpp"

namespace titrate::sweep {

Classifier::Classifier(KeptWeights weights)
    : weights_(std::move(weights)),
      setup_(test_setup(weights_)),
      pipeline_(train::test_pipeline(setup_, weights_.standardisation, {})),
      engine_(train::Engines(train::engine_folder())
                  .make({.network = setup_.network, .train = setup_.train, .initial = weights_.model})) {}

Classifier::Answer Classifier::classify(const image::Image& picture, const std::string& where) const {
  if (picture.shape != weights_.image) {
    throw Error({.code = ErrorCode::usage,
                 .where = where,
                 .what = "not the shape that the network was trained on",
                 .expected = image::to_string(weights_.image),
                 .got = image::to_string(picture.shape),
                 .hint = "give --transform, for example --transform \"resize " +
                         std::to_string(weights_.image.height) + " cover\""});
  }
  std::vector<float> input(setup_.network.input.values());
  data::fill_image(picture.view(), pipeline_, input, where);
  const std::vector<float> logits = engine_->logits(input);
  const auto best = std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - *best);
  return {weights_.class_names[static_cast<std::size_t>(best - logits.begin())], 1 / sum};
}

std::filesystem::path find_weights(const std::filesystem::path& run_folder, const std::string& trial) {
  study::read_run_study(run_folder);  // or there is no run
  const study::Journal journal = study::read_journal(run_folder);
  const study::TrialRecord& record = study::find_trial(journal.records, trial);
  const std::filesystem::path file = weights_file(run_folder, record.trial);
  if (std::error_code unknown; std::filesystem::exists(file, unknown)) return file;
  const bool done = record.status == study::Status::done;
  throw Error({.code = ErrorCode::usage,
               .where = "trial " + record.trial,
               .what = done ? "its weights were not kept" : "it has no weights: " + record.reason,
               .hint = done ? "sweep with --keep all into another folder" : ""});
}

}  // namespace titrate::sweep
