#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "study_options.hpp"
#include "titrate/comm/device.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/text.hpp"
#include "titrate/data/loaded_dataset.hpp"
#include "titrate/sweep/forecast.hpp"
#include "verbs.hpp"

namespace titrate {
namespace {

struct Options {
  StudyOptions study{};
  int ranks = 0, width = 0, gpus_per_node = 0;  // 0: auto
  int nodes = 1;
  std::string device = "auto", keep = "none";
  std::string out{};
};

// What to type, with a run folder named after the study.
std::string command_line(const Options& options, const sweep::Machine& machine, const std::string& name) {
  std::vector<std::string> words;
  if (options.out.empty()) {
    words.push_back(options.study.file);
    const study::StudyOverrides& overrides = options.study.overrides;
    if (!overrides.dataset.empty()) words.insert(words.end(), {"--dataset", overrides.dataset});
    for (const std::string& text : overrides.set) words.insert(words.end(), {"--set", text});
    for (const std::string& text : overrides.axes) words.insert(words.end(), {"--axis", text});
    if (options.width > 0) words.insert(words.end(), {"--width", std::to_string(options.width)});
  } else {
    words.insert(words.end(), {"--plan", options.out});
  }
  words.insert(words.end(), {"--out", "runs/" + name});
  const bool on_cpus_of_a_cluster = machine.nodes > 1 && !machine.has_gpus();
  if (options.device != "auto" || on_cpus_of_a_cluster)
    words.insert(words.end(), {"--device", on_cpus_of_a_cluster ? "cpu" : options.device});
  if (options.keep != "none") words.insert(words.end(), {"--keep", options.keep});
  const std::string ranks = std::to_string(machine.ranks_per_node);
  std::string line = "mpirun -np " + ranks + " build/titrate sweep";
  if (machine.nodes > 1) {
    line = "sbatch --nodes=" + std::to_string(machine.nodes) + " --ntasks-per-node=" + ranks;
    line += " --gpus-per-node=" + std::to_string(machine.has_gpus() ? machine.devices_per_node : 0);
    if (!machine.has_gpus()) line += " --cpus-per-task=1";
    line += " slurm/sweep.sbatch";
  }
  for (const std::string& word : words) line += " " + shell_word(word);
  return line;
}

int run(const Options& options) {
  const sweep::Machine machine =
      sweep::choose_machine({.device = parse_choice<comm::DeviceKind>(options.device, "--device"),
                             .nodes = options.nodes,
                             .ranks = options.ranks,
                             .gpus_per_node = options.gpus_per_node});
  const sweep::Keep keep = parse_choice<sweep::Keep>(options.keep, "--keep");
  const study::Study study = study::resolve_study(options.study.file, options.study.overrides);
  const data::LoadedDataset dataset(study.dataset);
  const std::vector<study::Trial> trials = study::grid(study);
  for (const std::string& key : study::keys_without_effect(study, trials))
    std::printf("no effect: %s, on any trial\n", key.c_str());
  const std::vector<sweep::Impossible> impossible = sweep::impossible_cells(trials, *dataset);
  std::fputs(to_text(impossible).c_str(), stdout);
  const sweep::Forecast forecast = sweep::forecast(study, possible_trials(trials, impossible), machine,
                                                   *dataset, {.keep = keep, .width = options.width});
  std::fputs(to_text(forecast).c_str(), stdout);
  if (!impossible.empty()) {
    std::printf("no plan is of use before all cells can run\n");
    return exit_code(ErrorCode::usage);
  }
  if (!options.out.empty()) write_file(options.out, std::string_view(to_json(forecast.file)));
  std::printf("%-18s%s\n", "run", command_line(options, machine, study.name).c_str());
  return 0;
}

}  // namespace

void add_plan(CLI::App& app, Verb& verb) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("plan", "what a study would run, and how long it would take; trains nothing");
  bind_study(*command, options->study);
  bind_count(
      *command, "--ranks", options->ranks,
      "ranks to plan for, on all nodes together; auto: on each as many as this machine has processors, "
      "or GPUs");
  command->add_option("--nodes", options->nodes, "nodes to plan for")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000))
      ->type_name("N");
  bind_count(*command, "--gpus-per-node", options->gpus_per_node, "GPUs of each node; auto: as this machine");
  bind_count(*command, "--width", options->width,
             "ranks that train a trial together; auto: one, but more for the longest trials where "
             "train.micro_batches allows it");
  command->add_option("--device", options->device, "auto, cpu or cuda")
      ->capture_default_str()
      ->type_name("D");
  command->add_option("--keep", options->keep, "weights that the sweep keeps: none, best or all")
      ->capture_default_str()
      ->type_name("WHICH");
  command->add_option("--out", options->out, "writes the plan, for titrate sweep --plan")->type_name("FILE");
  command->callback([options, &verb] { verb = [options] { return run(*options); }; });
}

}  // namespace titrate
