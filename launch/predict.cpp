#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "titrate/codec/codec.hpp"
#include "titrate/core/file.hpp"
#include "titrate/image/transform.hpp"
#include "titrate/sweep/classifier.hpp"
#include "verbs.hpp"

namespace titrate {
namespace {

struct Options {
  std::string run{}, trial{};
  std::vector<std::string> images{}, transforms{};
};

int run(const Options& options) {
  const sweep::Classifier classifier(sweep::read_weights(sweep::find_weights(options.run, options.trial)));
  std::vector<image::Transform> transforms{image::parse_transform(classifier.colour(), "predict")};
  for (const std::string& text : options.transforms)
    transforms.push_back(image::parse_transform(text, "--transform"));
  for (const std::string& file : options.images) {
    const image::Image picture =
        image::transform(transforms, codec::decode(read_file(file), codec::DecodeSettings{}, file));
    const sweep::Classifier::Answer answer = classifier.classify(picture, file);
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
