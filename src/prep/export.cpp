#include "titrate/prep/export.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <set>
#include <system_error>

#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/text.hpp"
#include "titrate/image/codec.hpp"
#include "titrate/shard/reader.hpp"
#include "titrate/source/npz_writer.hpp"

namespace titrate::prep {
namespace {

namespace fs = std::filesystem;
using shard::Split;

const std::array<std::string, 3> kForms{"folder", "idx", "npz"};
constexpr std::array<const char*, 3> kShortNames{"train", "val",
                                                 "test"};  // of splits, as PyTorch's users name them
constexpr std::array<const char*, 3> kIdxNames{"train", "val", "t10k"};

[[noreturn]] void refuse(const fs::path& where, const std::string& what, const std::string& hint) {
  throw Error({.code = ErrorCode::usage, .where = where.string(), .what = what, .hint = hint});
}

// A row that is exported, with its pixels and its number among those of its split.
struct Exported {
  const shard::Row& row;
  std::span<const std::uint8_t> pixels;
  Split split;
  std::uint64_t number;
};

// One way to write them down.
class Exporter {
 public:
  virtual ~Exporter() = default;
  virtual void add(const Exported& image) = 0;
  virtual void finish() = 0;
};

std::string quoted(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string text = "\"";
  for (const char c : field) text += c == '"' ? "\"\"" : std::string(1, c);
  return text + '"';
}

// A class name that would lead elsewhere is no name for a folder; those that begin with a dot and the others
// are hidden, and no folder source would see them.
void check_folder_names(const shard::Manifest& manifest) {
  for (const std::string& name : manifest.class_names) {
    const bool hidden = name.starts_with('.') || name == "__MACOSX" || name == "Thumbs.db";
    if (hidden || name.find('/') != std::string::npos)
      refuse("class \"" + name + '"', "it cannot be a folder's name", "export to idx or npz");
  }
}

// Unsynced: all files of a folder are synced at once, before it gets its name.
void write_unsynced(const fs::path& path, std::span<const std::byte> bytes) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0) {
    throw Error({.code = ErrorCode::io,
                 .where = path.string(),
                 .what = "cannot create the file",
                 .got = system_message(errno)});
  }
  write_all(file.get(), {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}

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

class FolderExporter : public Exporter {
 public:
  FolderExporter(const fs::path& folder, const shard::Manifest& manifest)
      : folder_(folder), manifest_(manifest) {
    check_folder_names(manifest);
  }

  void add(const Exported& image) override {
    const std::string& name = manifest_.class_names[static_cast<std::size_t>(image.row.label)];
    const std::string split = kShortNames[static_cast<std::size_t>(image.split)];
    std::string number = std::to_string(image.number);
    number.insert(0, number.size() < 7 ? 7 - number.size() : 0, '0');
    const std::string origin(name_of(image.row.origin));
    const fs::path path = fs::path(split) / name / (number + "-" + origin + ".png");
    if (made_.insert(split + "/" + name).second) make_folder(folder_ / split / name);
    write_unsynced(folder_ / path, image::encode_png({manifest_.shape, image.pixels}));
    const std::string& generator = manifest_.sources[image.row.source].generator;
    table_ += quoted(path.string()) + "," + quoted(name) + "," + split + "," + origin + "," +
              quoted(generator) + "\n";
  }

  void finish() override { write_file(folder_ / "images.csv", table_); }

 private:
  fs::path folder_;
  const shard::Manifest& manifest_;
  std::set<std::string> made_;
  std::string table_ = "path,label,split,origin,generator\n";
};

// The columns of each split, for forms that hold a split in one piece.
struct Columns {
  std::vector<std::uint8_t> pixels{}, labels{}, origins{};
};

class ColumnExporter : public Exporter {
 public:
  explicit ColumnExporter(const shard::Manifest& manifest) : manifest_(manifest) {
    if (manifest.class_names.size() > 256)
      refuse(manifest.name, "more than 256 classes do not fit into one byte", "export to folder");
  }

  void add(const Exported& image) override {
    Columns& columns = splits_[static_cast<std::size_t>(image.split)];
    columns.pixels.insert(columns.pixels.end(), image.pixels.begin(), image.pixels.end());
    columns.labels.push_back(static_cast<std::uint8_t>(image.row.label));
    columns.origins.push_back(static_cast<std::uint8_t>(image.row.origin));
  }

 protected:
  const shard::Manifest& manifest_;
  std::array<Columns, 3> splits_{};
};

std::string idx_file(const std::vector<std::uint64_t>& extent, const std::vector<std::uint8_t>& values) {
  std::string text{'\0', '\0', '\x08', static_cast<char>(extent.size())};
  for (const std::uint64_t length : extent) {
    for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(length >> shift & 0xff);
  }
  text.append(values.begin(), values.end());
  return text;
}

class IdxExporter : public ColumnExporter {
 public:
  IdxExporter(const fs::path& folder, const shard::Manifest& manifest)
      : ColumnExporter(manifest), folder_(folder) {
    if (manifest.shape.channels != 1) {
      refuse(manifest.name, "its images are in colour, and IDX files have one channel",
             "export to folder or npz");
    }
  }

  void finish() override {
    for (std::size_t split = 0; split < splits_.size(); ++split) {
      const Columns& columns = splits_[split];
      if (columns.labels.empty()) continue;
      const fs::path prefix = folder_ / kIdxNames[split];
      write_file(
          prefix.string() + "-images-idx3-ubyte",
          idx_file({columns.labels.size(), manifest_.shape.height, manifest_.shape.width}, columns.pixels));
      write_file(prefix.string() + "-labels-idx1-ubyte", idx_file({columns.labels.size()}, columns.labels));
    }
  }

 private:
  fs::path folder_;
};

class NpzExporter : public ColumnExporter {
 public:
  NpzExporter(const fs::path& path, const shard::Manifest& manifest)
      : ColumnExporter(manifest), writer_(path) {}

  void finish() override {
    const image::Shape& shape = manifest_.shape;
    for (std::size_t split = 0; split < splits_.size(); ++split) {
      const Columns& columns = splits_[split];
      const std::uint64_t rows = columns.labels.size();
      if (rows == 0) continue;
      std::vector<std::uint64_t> extent{rows, shape.height, shape.width};
      if (shape.channels > 1) extent.push_back(shape.channels);
      const std::string name = kShortNames[split];
      writer_.add(name + "_images", extent, std::as_bytes(std::span(columns.pixels)), "|u1");
      writer_.add(name + "_labels", {rows, 1}, std::as_bytes(std::span(columns.labels)), "|u1");
      writer_.add(name + "_origin", {rows}, std::as_bytes(std::span(columns.origins)), "|u1");
    }
    writer_.finish();
  }

 private:
  source::NpzWriter writer_;
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

void refuse_no_images(const ExportOptions& options, const shard::Manifest& manifest) {
  if (options.origins.empty()) return;
  for (const shard::SplitCounts& split : manifest.splits) {
    for (const auto& counts : split.counts) {
      for (const shard::Origin origin : options.origins) {
        if (counts[static_cast<std::size_t>(origin)] > 0) return;
      }
    }
  }
  std::vector<std::string> names;
  for (const shard::Origin origin : options.origins) names.emplace_back(name_of(origin));
  refuse(options.dataset, "it has no " + join(names, " or ") + " images",
         "titrate-prep inspect shows what it has");
}

}  // namespace

ExportForm parse_export_form(std::string_view text, std::string_view where) {
  const auto found = std::ranges::find(kForms, text);
  if (found != kForms.end()) return static_cast<ExportForm>(found - kForms.begin());
  const auto near = nearest(text, kForms);
  throw Error({.code = ErrorCode::usage,
               .where = std::string(where),
               .what = "unknown form \"" + std::string(text) + "\"",
               .expected = join(kForms, ", "),
               .hint = near ? "did you mean \"" + *near + "\"?" : ""});
}

std::uint64_t export_dataset(const ExportOptions& options) {
  const shard::Manifest manifest = shard::read_manifest(options.dataset);
  const fs::path target = (fs::absolute(options.out) / "").lexically_normal().parent_path();
  std::error_code error;
  if (fs::symlink_status(target, error).type() != fs::file_type::not_found)
    refuse(options.out, "there is something already", "choose another --out");
  refuse_no_images(options, manifest);
  if (options.form == ExportForm::npz) {
    if (target.extension() != ".npz")
      refuse(options.out, "the file's name has to end in .npz", "--out " + options.out.string() + ".npz");
    make_folder(target.parent_path());
    NpzExporter exporter(target, manifest);
    return write_rows(options, manifest, exporter);
  }
  BegunFolder begun(target);
  std::uint64_t images = 0;
  if (options.form == ExportForm::idx) {
    IdxExporter exporter(begun.path(), manifest);
    images = write_rows(options, manifest, exporter);
  } else {
    FolderExporter exporter(begun.path(), manifest);
    images = write_rows(options, manifest, exporter);
  }
  begun.publish();
  return images;
}

}  // namespace titrate::prep
