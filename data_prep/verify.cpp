#include "titrate/prep/verify.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "titrate/core/text.hpp"
#include "titrate/prep/inspect.hpp"
#include "verbs.hpp"

namespace titrate::prep {
namespace {

int run_verify(const std::filesystem::path& folder) {
  const shard::Manifest manifest = verify(folder);
  std::printf("%s: %zu shards and %s bytes are what the manifest says, fingerprint %s\n", folder.c_str(),
              manifest.shards.size(), with_commas(total_bytes(manifest)).c_str(),
              manifest.fingerprint.c_str());
  return 0;
}

}  // namespace

void add_verify(CLI::App& app, Verb& verb) {
  CLI::App* command = app.add_subcommand("verify", "Read a dataset whole and check everything in it");
  const auto folder = std::make_shared<std::filesystem::path>();
  command->add_option("folder", *folder, "the dataset")->required()->type_name("DIR");
  command->callback([folder, &verb] { verb = [folder] { return run_verify(*folder); }; });
}

}  // namespace titrate::prep
