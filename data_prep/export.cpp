#include "titrate/prep/export.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "titrate/core/text.hpp"
#include "verbs.hpp"

namespace titrate::prep {
namespace {

struct Options {
  ExportOptions exporting{};
  std::string form{};
  std::vector<std::string> origins{};
};

int run_export(const Options& options) {
  ExportOptions exporting = options.exporting;
  exporting.form = parse_choice<ExportForm>(options.form, "--to");
  for (const std::string& origin : options.origins)
    exporting.origins.push_back(shard::parse_origin(origin, "--origin"));
  const std::uint64_t images = export_dataset(exporting);
  std::printf("%s: %s images\n", exporting.out.c_str(), with_commas(images).c_str());
  return 0;
}

}  // namespace

void add_export(CLI::App& app, Verb& verb) {
  CLI::App* command = app.add_subcommand("export", "Give the images of a dataset back as files");
  const auto options = std::make_shared<Options>();
  command->add_option("folder", options->exporting.dataset, "the dataset")->required()->type_name("DIR");
  command->add_option("--to", options->form, "folder (PNG files), idx or npz")->required()->type_name("FORM");
  command->add_option("--out", options->exporting.out, "the folder to make, or the .npz file")
      ->required()
      ->type_name("PATH");
  command
      ->add_option(
          "--origin", options->origins,
          "these images alone: real, augmented or synthetic; may be repeated; idx and npz need it where "
          "not all are real")
      ->allow_extra_args(false)
      ->type_name("ORIGIN");
  command->callback([options, &verb] { verb = [options] { return run_export(*options); }; });
}

}  // namespace titrate::prep
