#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "titrate/comm/session.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/text.hpp"
#include "titrate/report/evaluations.hpp"
#include "titrate/sweep/evaluate.hpp"
#include "verbs.hpp"

namespace titrate {
namespace {

struct Options {
  std::string run{}, dataset{};
  std::vector<std::string> kinds{"gaussian"};
  std::vector<double> levels{0};
  std::string device = "auto";
  bool quiet = false;
};

// Every kind at every level, each once; level 0 is the same whatever the kind.
std::vector<image::Noise> conditions_of(const Options& options) {
  std::vector<image::Noise> conditions;
  for (const std::string& text : options.kinds) {
    const image::NoiseKind kind = parse_choice<image::NoiseKind>(text, "--noise-kinds");
    for (const double level : options.levels) {
      image::check_noise({kind, level}, "--noise-levels");
      const image::Noise noise{level == 0 ? image::NoiseKind::gaussian : kind, level};
      const auto same = [&](const image::Noise& n) { return n.kind == noise.kind && n.level == noise.level; };
      if (std::none_of(conditions.begin(), conditions.end(), same)) conditions.push_back(noise);
    }
  }
  return conditions;
}

int run_under_mpi(const Options& options, const sweep::EvaluateRequest& request,
                  const comm::Session& session) {
  const Log log({.world_rank = session.world_size() > 1 ? session.world_rank() : -1, .quiet = options.quiet});
  const std::vector<study::Evaluation> found = sweep::evaluate_run(request, session, log);
  if (session.world_rank() == 0) {
    study::append_evaluations(request.run_folder, found);
    const std::filesystem::path table = request.run_folder / "evaluations.csv";
    write_file(table, report::evaluations_csv(study::read_evaluations(request.run_folder, log)));
    const study::Study study = study::read_run_study(request.run_folder);
    std::fputs(report::evaluations_table(study, found).c_str(), stdout);
    std::printf("\nall evaluations: %s\n", std::filesystem::absolute(table).c_str());
    std::fflush(stdout);
  }
  return session.world().agree(0);
}

int run(const Options& options) {
  const sweep::EvaluateRequest request{.run_folder = options.run,
                                       .dataset = options.dataset,
                                       .conditions = conditions_of(options),
                                       .device = parse_choice<comm::DeviceKind>(options.device, "--device")};
  const comm::Session session;
  return session.run("titrate", [&] { return run_under_mpi(options, request, session); });
}

}  // namespace

void add_evaluate(CLI::App& app, Verb& verb) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "evaluate", "tests the kept networks of a run under other noise or on another dataset; trains nothing");
  command->add_option("run", options->run, "the run folder, swept with --keep")->required()->type_name("DIR");
  command->add_option("--dataset", options->dataset, "another dataset, of the same classes and shape")
      ->type_name("DIR");
  command->add_option("--noise-kinds", options->kinds, join(choice_names<image::NoiseKind>(), ", "))
      ->delimiter(',')
      ->capture_default_str()
      ->type_name("KIND,...");
  command->add_option("--noise-levels", options->levels, "every kind is tested at every level")
      ->delimiter(',')
      ->capture_default_str()
      ->type_name("LEVEL,...");
  command->add_option("--device", options->device, "auto, cpu or cuda")
      ->capture_default_str()
      ->type_name("D");
  command->add_flag("--quiet", options->quiet, "warnings only");
  command->callback([options, &verb] { verb = [options] { return run(*options); }; });
}

}  // namespace titrate
