#include "titrate/sweep/evaluate.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "titrate/comm/agreement.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/text.hpp"
#include "titrate/study/record.hpp"
#include "titrate/study/study.hpp"
#include "titrate/sweep/weights.hpp"
#include "titrate/train/engines.hpp"
#include "titrate/train/evaluation.hpp"
#include "titrate/train/node_dataset.hpp"
#include "titrate/train/preparation.hpp"

namespace titrate::sweep {
namespace {

// The kept weights of the present grid.
std::vector<std::filesystem::path> kept_files(const std::filesystem::path& run_folder,
                                              const study::Study& study) {
  std::vector<std::filesystem::path> files;
  for (const study::Trial& trial : grid(study)) {
    std::error_code unknown;
    const std::filesystem::path file = weights_file(run_folder, trial.id);
    if (std::filesystem::exists(file, unknown)) files.push_back(file);
  }
  if (files.empty()) {
    throw Error({.code = ErrorCode::usage,
                 .where = run_folder.string(),
                 .what = "no weights of the trials of its study are kept in this run",
                 .hint = "sweep with --keep all, or --keep best, into a new run folder"});
  }
  return files;
}

void check_fit(const KeptWeights& weights, const shard::Manifest& manifest) {
  if (weights.class_names != manifest.class_names) {
    throw Error({.code = ErrorCode::usage,
                 .where = manifest.name,
                 .what = "its classes are not those that trial " + weights.trial + " was trained on",
                 .expected = join(weights.class_names, ", "),
                 .got = join(manifest.class_names, ", ")});
  }
  if (weights.image != manifest.shape) {
    throw Error({.code = ErrorCode::usage,
                 .where = manifest.name,
                 .what = "its images are not like those that trial " + weights.trial + " was trained on",
                 .expected = image::to_string(weights.image),
                 .got = image::to_string(manifest.shape)});
  }
}

// One network under every condition.
std::vector<study::Evaluation> evaluate_one(const KeptWeights& weights, const data::Dataset& dataset,
                                            const EvaluateRequest& request, const train::Engines& engines,
                                            const comm::Device& device) {
  const shard::Manifest& manifest = dataset.manifest();
  check_fit(weights, manifest);
  const train::TrialSetup setup = test_setup(weights);
  const auto engine = engines.make({.dataset = &dataset,
                                    .network = setup.network,
                                    .train = setup.train,
                                    .seed = setup.seed,
                                    .initial = weights.model,
                                    .device = device});
  const std::vector<std::uint32_t> rows = train::test_rows(dataset);
  std::vector<study::Evaluation> evaluations;
  for (const image::Noise& noise : request.conditions) {
    const data::Pipeline pipeline = train::test_pipeline(setup, weights.standardisation, noise);
    const auto predictions = train::predict_rows(*engine, rows, pipeline, {.device = device});
    evaluations.push_back({.trial = weights.trial,
                           .settings = weights.settings,
                           .dataset = manifest.name,
                           .fingerprint = manifest.fingerprint,
                           .noise = noise,
                           .tally = train::tally_rows(dataset, rows, pipeline, predictions)});
  }
  return evaluations;
}

}  // namespace

std::vector<study::Evaluation> evaluate_run(const EvaluateRequest& request, const comm::Session& session,
                                            const Log& log) {
  const comm::Communicator& world = session.world();
  std::vector<std::filesystem::path> files;
  std::filesystem::path folder;
  comm::Device device;
  std::optional<train::Engines> engines;
  std::unique_ptr<FolderLock> lock;  // a sweep may remove weights
  comm::together(world, [&] {
    const study::Study study = study::read_run_study(request.run_folder);
    if (world.rank() == 0) lock = std::make_unique<FolderLock>(request.run_folder);
    files = kept_files(request.run_folder, study);
    folder = request.dataset.empty() ? std::filesystem::path(study.dataset) : request.dataset;
    device = comm::choose_device(session.node_rank(), request.device);
    engines.emplace(train::engine_folder());
  });
  const train::NodeDataset dataset(session, folder);
  if (world.rank() == 0) {
    log.info("networks: " + with_commas(files.size()) + ", conditions of each: " +
             std::to_string(request.conditions.size()) + ", dataset: " + dataset->manifest().name);
  }
  std::vector<std::string> lines;
  comm::together(world, [&] {
    const auto size = static_cast<std::size_t>(world.size());
    for (auto i = static_cast<std::size_t>(world.rank()); i < files.size(); i += size) {
      for (const study::Evaluation& done :
           evaluate_one(read_weights(files[i]), *dataset, request, *engines, device))
        lines.push_back(to_json(done));
    }
  });
  std::vector<study::Evaluation> evaluations;
  for (const std::string& text : world.gather(join(lines, "\n"), 0)) {
    for (const std::string& line : split(text, '\n'))
      evaluations.push_back(study::parse_evaluation(line, "message"));
  }
  std::map<std::filesystem::path, std::size_t> places;
  for (std::size_t i = 0; i < files.size(); ++i) places[files[i].stem()] = i;
  std::stable_sort(evaluations.begin(), evaluations.end(),
                   [&](const study::Evaluation& a, const study::Evaluation& b) {
                     return places[a.trial] < places[b.trial];
                   });
  return evaluations;
}

}  // namespace titrate::sweep
