#include "titrate/prep/pack.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <system_error>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/prep/inspect.hpp"
#include "titrate/prep/recipe.hpp"
#include "verbs.hpp"

namespace titrate::prep {
namespace {

struct Options {
  PackOptions pack{};
  std::optional<std::uint64_t> seed{};
};

// Words that were not found, and a folder that would hold both the images and what is made of them.
void check_paths(const PackOptions& options) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::exists(options.recipe, error)) {
    const bool windows = options.recipe.string().find('\\') != std::string::npos;
    throw Error(
        {.code = ErrorCode::usage,
         .where = options.recipe.string(),
         .what = "there is no such recipe, file or folder",
         .hint = windows ? "write the path with / instead of \\"
                         : "the path begins at the working directory, " + fs::current_path(error).string()});
  }
  if (!fs::is_directory(options.recipe, error)) return;
  const fs::path images = fs::weakly_canonical(options.recipe, error),
                 relative = fs::weakly_canonical(options.out, error).lexically_relative(images);
  if (relative.empty() || *relative.begin() == "..") return;
  throw Error({.code = ErrorCode::usage,
               .where = options.out.string(),
               .what = "--out lies in the folder of the images, where it would be taken for images itself",
               .hint = "choose a folder outside " + options.recipe.string()});
}

int run_pack(const Options& options) {
  check_paths(options.pack);
  PackOptions pack_options = options.pack;
  if (options.seed) pack_options.overrides.push_back("seed=" + std::to_string(*options.seed));
  const PackResult result = pack(pack_options);
  const shard::Manifest& manifest = result.manifest;
  for (const std::string& note : result.notes) std::fprintf(stderr, "titrate-prep: %s\n", note.c_str());
  for (const std::string& warning : result.warnings)
    std::fprintf(stderr, "titrate-prep: warning: %s\n", warning.c_str());
  std::printf("%s", splits_table(manifest).c_str());
  std::printf("%s: %s, %zu classes, fingerprint %s\n", manifest.name.c_str(),
              image::to_string(manifest.shape).c_str(), manifest.class_names.size(),
              manifest.fingerprint.c_str());
  if (manifest.quarantined > 0) {
    std::printf("left out %s that cannot be packed: %s\n", with_commas(manifest.quarantined).c_str(),
                (options.pack.out / shard::kQuarantineName).c_str());
  }
  std::printf("packed into %s in %s s\n", options.pack.out.c_str(), fixed(result.seconds, 1).c_str());
  return 0;
}

}  // namespace

void add_pack(CLI::App& app, Verb& verb) {
  CLI::App* command = app.add_subcommand("pack", "Pack images into a dataset folder");
  const auto options = std::make_shared<Options>();
  PackOptions& pack = options->pack;
  command
      ->add_option(
          "recipe-or-images", pack.recipe,
          "a recipe; or images that need none: a folder of pictures with a folder for each class, of IDX or "
          "CIFAR files, a .npz, .csv or .h5 file, a dataset")
      ->required()
      ->type_name("RECIPE.toml|IMAGES");
  command->add_option("--out", pack.out, "the folder to make")->required()->type_name("DIR");
  command
      ->add_option("--data-root", pack.data_root,
                   "where the paths of sources begin (default: TITRATE_DATA, else the working directory)")
      ->type_name("DIR");
  command->add_option("--seed", options->seed, "instead of the recipe's seed")->type_name("N");
  command->add_option("--threads", pack.threads, "default: all processors; the result is the same")
      ->check(CLI::Range(1, 4096))
      ->type_name("N");
  command->add_option("--set", pack.overrides, "a value of the recipe, as in source.0.per_class=100")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command->add_flag("--allow-leaks", pack.allow_leaks,
                    "go on when a held-out image is in training too; the manifest says how many");
  command->add_flag("--force", pack.force, "replace the dataset that is in the folder");
  command->add_flag("--quiet", pack.quiet, "no progress line");
  command->footer(recipe_help());
  command->callback([options, &verb] { verb = [options] { return run_pack(*options); }; });
}

}  // namespace titrate::prep
