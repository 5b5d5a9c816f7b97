// A recipe and its images in a folder of their own, to be packed.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <map>
#include <string>
#include <vector>

#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/file.hpp"
#include "titrate/prep/pack.hpp"
#include "titrate/shard/reader.hpp"
#include "unit/source/idx_files.hpp"

namespace titrate::prep {

inline constexpr const char* kExample = R"(name = "example"
seed = 4
shards = 3

[[source]]
kind = "glyphs"
origin = "synthetic"
generator = "glyphs"
per_class = 30
size = 16

[[source]]
kind = "idx"
path = "set"

[[augment]]
ops = ["rotate 10", "shift 2"]
copies = 2

[[augment]]
ops = ["zoom 0.9 1.1"]
)";

// The files of a folder, with their bytes.
inline std::map<std::string, std::string> files_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const std::filesystem::directory_entry& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name != ".lock" && !entry.is_directory()) files[name] = read_text(entry.path());
  }
  return files;
}

// A file may grow to this many bytes: a disk that is full.
struct Limit {
  rlimit before{};
  explicit Limit(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit now{bytes, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~Limit() { ::setrlimit(RLIMIT_FSIZE, &before); }
};

// 100 training and 20 test images of 16 x 16, and kExample for them: 720 rows.
class PackFolder : public testing::Test {
 protected:
  PackFolder() {
    put_idx_set(root_.path() / "set", {.train = 100, .test = 20, .side = 16});
    put(root_.path() / "recipe.toml", kExample);
  }

  PackOptions options(const std::string& out = "out") const {
    return {.recipe = root_.path() / "recipe.toml",
            .out = root_.path() / out,
            .data_root = root_.path(),
            .quiet = true};
  }
  std::filesystem::path out() const { return root_.path() / "out"; }

  void expect_refused(const PackOptions& options, ErrorCode code, const std::string& part) const {
    const Outcome found = outcome([&] { pack(options); });
    EXPECT_EQ(found.code, code) << found.message;
    EXPECT_NE(found.message.find(part), std::string::npos) << found.message;
    EXPECT_FALSE(std::filesystem::exists(options.out / "manifest.json"));
  }

  static std::vector<shard::Row> rows_in(const std::filesystem::path& folder,
                                         const shard::Manifest& manifest) {
    std::vector<shard::Row> rows;
    for (const shard::ShardFile& file : manifest.shards) {
      const shard::Shard shard(folder, manifest, file);
      rows.insert(rows.end(), shard.rows().begin(), shard.rows().end());
    }
    return rows;
  }

  TemporaryFolder root_;
};

}  // namespace titrate::prep
