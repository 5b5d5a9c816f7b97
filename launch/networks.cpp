#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "engine_lines.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/net/cost.hpp"
#include "titrate/net/zoo.hpp"
#include "titrate/shard/manifest.hpp"
#include "titrate/study/network.hpp"
#include "titrate/study/study.hpp"
#include "verbs.hpp"

namespace titrate {
namespace {

struct Options {
  std::string name{}, study{}, images{};
  std::optional<std::size_t> classes{};
};

// What a layer table is made for.
struct Task {
  image::Shape images{};
  std::size_t classes = 0;
};

void list_zoo() {
  std::size_t width = 0;
  for (const net::ZooEntry& entry : net::zoo()) width = std::max(width, entry.name.size());
  for (const net::ZooEntry& entry : net::zoo()) {
    const std::string gap(width + 2 - entry.name.size(), ' ');
    std::printf("%s%s%s\n", entry.name.c_str(), gap.c_str(), entry.origin.c_str());
  }
}

// "28x28x1": height, width, channels.
image::Shape parse_shape(const std::string& text) {
  std::vector<std::uint32_t> sides;
  for (const std::string& part : split(text, 'x')) {
    const auto side = parse_integer(part);
    sides.push_back(side && *side >= 1 && *side <= 65535 ? static_cast<std::uint32_t>(*side) : 0);
  }
  if (sides.size() != 3 || sides[2] > 3 || std::count(sides.begin(), sides.end(), 0u) > 0) {
    throw Error({.code = ErrorCode::usage,
                 .where = "--images",
                 .what = "not a shape",
                 .expected = "HEIGHTxWIDTHxCHANNELS, such as 28x28x1",
                 .got = text});
  }
  return {.height = sides[0], .width = sides[1], .channels = sides[2]};
}

net::Network show(const std::string& title, const study::NetworkSettings& settings, const Task& task) {
  net::Network network = study::make_network(settings, task.images, task.classes);
  std::printf("%s\nimages of %s, %zu classes\n\n%s\n", title.c_str(), image::to_string(task.images).c_str(),
              task.classes, net::layer_table(network).c_str());
  return network;
}

void show_of_zoo(const Options& options) {
  const net::ZooEntry& entry = net::zoo_entry(options.name);
  const image::Shape usual{entry.images.height, entry.images.width, entry.images.channels};
  show(entry.name + ": " + entry.origin, {.name = entry.name},
       {options.images.empty() ? usual : parse_shape(options.images), options.classes.value_or(10)});
}

// A trial of each cell, together with those of the same network.
std::vector<std::vector<study::Trial>> trials_by_network(const study::Study& study) {
  std::vector<std::vector<study::Trial>> networks;
  for (const study::Trial& trial : study::one_of_each_cell(study::grid(study))) {
    const study::NetworkSettings& own = trial.settings.network;
    const auto same = std::find_if(networks.begin(), networks.end(), [&](const auto& trials) {
      const study::NetworkSettings& network = trials.front().settings.network;
      return network.name == own.name && network.layers == own.layers && network.side == own.side;
    });
    (same == networks.end() ? networks.emplace_back() : *same).push_back(trial);
  }
  return networks;
}

// What the dataset of a study has, where it is there, else 28 x 28 digits; --images and --classes come before
// both.
Task task_of(const study::Study& study, const Options& options) {
  Task task{{.height = 28, .width = 28, .channels = 1}, 10};
  if (std::filesystem::exists(std::filesystem::path(study.dataset) / shard::kManifestName)) {
    const shard::Manifest manifest = shard::read_manifest(study.dataset);
    task = {manifest.shape, manifest.class_names.size()};
  } else if (options.images.empty()) {
    const std::string dataset =
        study.dataset.empty() ? "The study names no dataset" : "There is no dataset " + study.dataset;
    std::printf("%s: as if for digits.\n\n", dataset.c_str());
  }
  if (!options.images.empty()) task.images = parse_shape(options.images);
  return {task.images, options.classes.value_or(task.classes)};
}

void show_of_study(const Options& options) {
  const study::Study study = study::read_study(options.study);
  const Task task = task_of(study, options);
  for (const std::vector<study::Trial>& trials : trials_by_network(study)) {
    const study::Settings& settings = trials.front().settings;
    const net::Network network = show(study::network_text(settings), settings.network, task);
    std::printf("%s\n", engine_lines(network, trials).c_str());
  }
}

int run(const Options& options) {
  if (!options.study.empty()) {
    show_of_study(options);
  } else if (options.name.empty()) {
    list_zoo();
  } else {
    show_of_zoo(options);
  }
  return 0;
}

}  // namespace

void add_networks(CLI::App& app, Verb& verb) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("networks", "lists the zoo; with a name or a study, layer tables");
  CLI::Option* name = command->add_option("name", options->name, "a network of the zoo")->type_name("NAME");
  command->add_option("--study", options->study, "the networks that a study sweeps, instead")
      ->type_name("STUDY.toml")
      ->excludes(name);
  command
      ->add_option("--images", options->images,
                   "shape of the images; the usual ones of the network, or those of the study's dataset")
      ->type_name("HxWxC");
  command->add_option("--classes", options->classes, "how many; 10, or those of the study's dataset")
      ->check(CLI::Validator(CLI::PositiveNumber).description(""))
      ->type_name("N");
  command->footer([] { return "Layers, as a study's [networks.NAME] has them:\n" + net::layers_help(); });
  command->callback([options, &verb] { verb = [options] { return run(*options); }; });
}

}  // namespace titrate
