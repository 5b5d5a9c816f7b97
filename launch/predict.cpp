#include "predict.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include "titrate/codec/codec.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/image/transform.hpp"
#include "titrate/report/trial.hpp"
#include "titrate/study/journal.hpp"
#include "titrate/study/study.hpp"
#include "titrate/sweep/weights.hpp"
#include "titrate/train/preparation.hpp"

namespace titrate {
namespace {

struct Options {
  std::string run{}, trial{};
  std::vector<std::string> images{}, transforms{};
};

// A trained network that is asked about one picture at a time.
class Classifier {
 public:
  explicit Classifier(sweep::KeptWeights weights)
      : weights_(std::move(weights)),
        setup_(sweep::test_setup(weights_)),
        pipeline_(train::test_pipeline(setup_, weights_.standardisation, {})),
        engine_(train::EngineLibrary(train::default_engine_library())
                    .make({.network = setup_.network, .train = setup_.train, .initial = weights_.model})) {}

  struct Answer {
    std::string class_name{};
    double probability = 0;
  };

  Answer classify(const image::Image& picture, const std::string& where) {
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

  // Grey or colour as the network wants it.
  const char* colour() const { return weights_.image.channels == 1 ? "grey" : "rgb"; }

 private:
  sweep::KeptWeights weights_;
  train::TrialSetup setup_;
  data::Pipeline pipeline_;
  std::unique_ptr<train::Engine> engine_;
};

// TRIAL may be the beginning of an id.
std::filesystem::path find_weights(const Options& options) {
  study::read_run_study(options.run);  // or there is no run
  const study::Journal journal = study::read_journal(options.run);
  const study::TrialRecord& record = study::find_trial(journal.records, options.trial);
  const std::filesystem::path file = sweep::weights_file(options.run, record.trial);
  if (std::error_code unknown; std::filesystem::exists(file, unknown)) return file;
  const bool done = record.status == study::Status::done;
  throw Error({.code = ErrorCode::usage,
               .where = "trial " + record.trial,
               .what = done ? "its weights were not kept" : "it has no weights: " + record.reason,
               .hint = done ? "sweep with --keep all into another folder" : ""});
}

int run(const Options& options) {
  Classifier classifier(sweep::read_weights(find_weights(options)));
  std::vector<image::Transform> transforms{image::parse_transform(classifier.colour(), "predict")};
  for (const std::string& text : options.transforms)
    transforms.push_back(image::parse_transform(text, "--transform"));
  for (const std::string& file : options.images) {
    const image::Image picture =
        image::transform(transforms, codec::decode(read_file(file), codec::DecodeSettings{}, file));
    const Classifier::Answer answer = classifier.classify(picture, file);
    std::printf("%s\t%s\t%.4f\n", file.c_str(), answer.class_name.c_str(), answer.probability);
  }
  return 0;
}

}  // namespace

void add_predict(CLI::App& app, Verb& verb) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "predict",
      "classifies picture files by a kept network: file, class and probability, with tabs between");
  command->add_option("run", options->run, "the run folder, swept with --keep")->required()->type_name("DIR");
  command->add_option("trial", options->trial, "its id, as trials.csv has it, or the beginning of it")
      ->required()
      ->type_name("TRIAL");
  command->add_option("images", options->images, "PNG, JPEG, BMP, PGM or PPM files")
      ->required()
      ->type_name("IMAGE...");
  command
      ->add_option("--transform", options->transforms,
                   "what brings the pictures to the network's shape, as in a recipe; may be given again")
      ->type_name("TEXT")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command->callback([options, &verb] { verb = [options] { return run(*options); }; });
}

}  // namespace titrate
