#include "titrate/prep/inspect.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>

#include "titrate/codec/codec.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/prep/montage.hpp"
#include "verbs.hpp"

namespace titrate::prep {
namespace {

struct Options {
  std::filesystem::path folder{};
  bool json = false;
  std::optional<std::filesystem::path> montage{};
};

int run_inspect(const Options& options) {
  if (options.montage && options.montage->extension() != ".png") {
    throw Error({.code = ErrorCode::usage,
                 .where = "--montage",
                 .what = "the sheet is a PNG file",
                 .expected = "a name that ends in .png",
                 .got = options.montage->string()});
  }
  const shard::Manifest manifest = shard::read_manifest(options.folder);
  const Contents contents = read_contents(options.folder, manifest);
  std::printf("%s",
              (options.json ? describe_json(manifest, contents) : describe(manifest, contents)).c_str());
  if (options.montage) {
    const image::Image sheet = make_montage(options.folder, manifest);
    write_file(*options.montage, codec::encode_png(sheet.view()));
  }
  return 0;
}

}  // namespace

void add_inspect(CLI::App& app, Verb& verb) {
  CLI::App* command = app.add_subcommand("inspect", "Show what a dataset holds");
  const auto options = std::make_shared<Options>();
  command->add_option("folder", options->folder, "the dataset")->required()->type_name("DIR");
  command->add_flag("--json", options->json, "as one JSON object");
  command
      ->add_option("--montage", options->montage,
                   "also a contact sheet: a line of examples for each class and origin")
      ->type_name("FILE.png");
  command->callback([options, &verb] { verb = [options] { return run_inspect(*options); }; });
}

}  // namespace titrate::prep
