#include "titrate/prep/inspect.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "verbs.hpp"

namespace titrate::prep {
namespace {

struct Options {
  std::filesystem::path folder{};
  bool json = false;
};

int run_inspect(const Options& options) {
  const shard::Manifest manifest = shard::read_manifest(options.folder);
  std::printf("%s", (options.json ? describe_json(manifest) : describe(manifest)).c_str());
  return 0;
}

}  // namespace

void add_inspect(CLI::App& app, Run& run) {
  CLI::App* verb = app.add_subcommand("inspect", "Show what a dataset holds");
  const auto options = std::make_shared<Options>();
  verb->add_option("folder", options->folder, "the dataset")->required()->type_name("DIR");
  verb->add_flag("--json", options->json, "as one JSON object");
  verb->callback([options, &run] { run = [options] { return run_inspect(*options); }; });
}

}  // namespace titrate::prep
