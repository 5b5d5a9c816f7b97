#include "titrate/prep/export.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <system_error>

#include "exporters.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/text.hpp"
#include "titrate/shard/reader.hpp"

namespace titrate::prep {
namespace {

namespace fs = std::filesystem;
using shard::Origin;
using shard::Split;

// The folder that an export is made in, beside its target and hidden, until it is whole. What a killed export
// left in it is cleared away.
class BegunFolder {
 public:
  explicit BegunFolder(const fs::path& target)
      : target_(target), path_(target.parent_path() / ("." + target.filename().string() + ".exporting")) {
    make_folder(path_);
    lock_.emplace(path_);
    clear();
  }
  BegunFolder(BegunFolder&&) = delete;
  ~BegunFolder() {
    std::error_code error;
    if (!published_) fs::remove_all(path_, error);
  }

  const fs::path& path() const { return path_; }

  // Throws Error (io).
  void publish() {
    const FileDescriptor folder(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() < 0 || ::syncfs(folder.get()) != 0) fail("cannot sync the folder");
    lock_.reset();
    std::error_code error;
    fs::remove(path_ / ".lock", error);
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail("cannot rename the folder into place");
    published_ = true;
    sync_folder(target_.parent_path());
  }

 private:
  void clear() {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(path_)) {
      if (entry.path().filename() != ".lock") fs::remove_all(entry.path(), error);
    }
  }

  [[noreturn]] void fail(const char* what) const {
    throw Error(
        {.code = ErrorCode::io, .where = target_.string(), .what = what, .got = system_message(errno)});
  }

  fs::path target_, path_;
  std::optional<FolderLock> lock_;
  bool published_ = false;
};

std::uint64_t write_rows(const ExportOptions& options, const shard::Manifest& manifest, Exporter& exporter) {
  const std::size_t size = manifest.shape.bytes();
  std::array<std::uint64_t, 3> numbers{};
  for (const shard::ShardFile& file : manifest.shards) {
    const shard::Shard shard(options.dataset, manifest, file);
    for (std::size_t i = 0; i < shard.rows().size(); ++i) {
      const shard::Row& row = shard.rows()[i];
      if (!options.origins.empty() && std::ranges::count(options.origins, row.origin) == 0) continue;
      exporter.add({row, shard.pixels().subspan(i * size, size), file.split,
                    numbers[static_cast<std::size_t>(file.split)]++});
    }
  }
  exporter.finish();
  return numbers[0] + numbers[1] + numbers[2];
}

constexpr std::array<Split, 3> kSplits{Split::train, Split::validation, Split::test};

std::uint64_t rows_of_all(const shard::Manifest& manifest, const std::vector<Origin>& origins) {
  std::uint64_t rows = 0;
  for (const Split split : kSplits) rows += rows_of(manifest, split, origins);
  return rows;
}

void refuse_no_images(const ExportOptions& options, const shard::Manifest& manifest) {
  if (options.origins.empty() || rows_of_all(manifest, options.origins) > 0) return;
  std::vector<std::string> names;
  for (const Origin origin : options.origins) names.emplace_back(name_of(origin));
  refuse_export(options.dataset, "it has no " + join(names, " or ") + " images",
                "titrate-prep inspect shows what it has");
}

// Who reads these files would take augmented and synthetic images for real ones, unless they were asked for.
void refuse_untold_origins(const ExportOptions& options, const shard::Manifest& manifest) {
  if (options.form == ExportForm::folder || !options.origins.empty()) return;
  std::vector<std::string> others;
  for (const Origin origin : {Origin::augmented, Origin::synthetic}) {
    if (rows_of_all(manifest, {origin}) > 0) others.emplace_back(name_of(origin));
  }
  if (others.empty()) return;
  refuse_export(options.dataset,
                "it has " + join(others, " and ") + " images too, and " +
                    (options.form == ExportForm::idx ? "IDX files cannot tell origins apart"
                                                     : "few who read .npz files look at their SPLIT_origin"),
                "--origin real for the real ones alone; name each that is meant (--origin real --origin " +
                    others.front() + "), or export to folder");
}

}  // namespace

std::uint64_t export_dataset(const ExportOptions& options) {
  const shard::Manifest manifest = shard::read_manifest(options.dataset);
  const fs::path target = (fs::absolute(options.out) / "").lexically_normal().parent_path();
  std::error_code error;
  if (fs::symlink_status(target, error).type() != fs::file_type::not_found)
    refuse_export(options.out, "there is something already", "choose another --out");
  refuse_no_images(options, manifest);
  refuse_untold_origins(options, manifest);
  if (options.form == ExportForm::npz) {
    if (target.extension() != ".npz")
      refuse_export(options.out, "the file's name has to end in .npz",
                    "--out " + options.out.string() + ".npz");
    make_folder(target.parent_path());
    return write_rows(options, manifest, *make_exporter(options, target, manifest));
  }
  BegunFolder begun(target);
  const std::uint64_t images = write_rows(options, manifest, *make_exporter(options, begun.path(), manifest));
  begun.publish();
  return images;
}

}  // namespace titrate::prep
