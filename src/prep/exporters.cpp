#include "exporters.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <optional>
#include <set>

#include "npz_writer.hpp"
#include "titrate/codec/codec.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"

namespace titrate::prep {
namespace {

namespace fs = std::filesystem;
using shard::Origin;
using shard::Split;

constexpr std::array<const char*, 3> kShortNames{"train", "val",
                                                 "test"};  // of splits, as PyTorch's users name them
constexpr std::array<const char*, 3> kIdxNames{"train", "val", "t10k"};

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
      refuse_export("class \"" + name + '"', "it cannot be a folder's name", "export to idx or npz");
  }
}

FileDescriptor create(const fs::path& path) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0) {
    throw Error({.code = ErrorCode::io,
                 .where = path.string(),
                 .what = "cannot create the file",
                 .got = system_message(errno)});
  }
  return file;
}

// Unsynced: all files of a folder are synced at once, before it gets its name.
void write_unsynced(const fs::path& path, std::span<const std::byte> bytes) {
  const FileDescriptor file = create(path);
  write_all(file.get(), {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}

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
    write_unsynced(folder_ / path, codec::encode_png({manifest_.shape, image.pixels}));
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

// For forms that hold a split in one piece. Pixels are handed on as they come; shards lie in the order of
// their splits.
class ColumnExporter : public Exporter {
 public:
  ColumnExporter(const shard::Manifest& manifest, const std::vector<Origin>& origins)
      : manifest_(manifest), wanted_(origins) {
    if (manifest.class_names.size() > 256)
      refuse_export(manifest.name, "more than 256 classes do not fit into one byte", "export to folder");
  }

  void add(const Exported& image) override {
    if (split_ != image.split) {
      end_split();
      split_ = image.split;
      rows_ = rows_of(manifest_, image.split, wanted_);
      begin(image.split, rows_);
    }
    pending_.insert(pending_.end(), image.pixels.begin(), image.pixels.end());
    labels_.push_back(static_cast<std::uint8_t>(image.row.label));
    origins_.push_back(static_cast<std::uint8_t>(image.row.origin));
    if (pending_.size() >= kMostPending) flush();
  }

  void finish() override {
    end_split();
    close();
  }

 protected:
  using Bytes = std::vector<std::uint8_t>;

  virtual void begin(Split split, std::uint64_t rows) = 0;
  virtual void write(const Bytes& pixels) = 0;
  virtual void end(Split split, const Bytes& labels, const Bytes& origins) = 0;
  virtual void close() {}

  const shard::Manifest& manifest_;

 private:
  static constexpr std::size_t kMostPending = 4 << 20;

  void flush() {
    if (!pending_.empty()) write(pending_);
    pending_.clear();
  }

  void end_split() {
    if (!split_) return;
    flush();
    if (labels_.size() != rows_) {
      throw Error({.code = ErrorCode::integrity,
                   .where = manifest_.name,
                   .what = "the shards and the manifest disagree on the number of images",
                   .expected = std::to_string(rows_),
                   .got = std::to_string(labels_.size())});
    }
    end(*split_, labels_, origins_);
    labels_.clear();
    origins_.clear();
  }

  std::vector<Origin> wanted_;
  std::optional<Split> split_;
  std::uint64_t rows_ = 0;  // of this split
  Bytes pending_, labels_, origins_;
};

std::string idx_header(const std::vector<std::uint64_t>& extent) {
  std::string text{'\0', '\0', '\x08', static_cast<char>(extent.size())};
  for (const std::uint64_t length : extent) {
    for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(length >> shift & 0xff);
  }
  return text;
}

class IdxExporter : public ColumnExporter {
 public:
  IdxExporter(const fs::path& folder, const shard::Manifest& manifest, const std::vector<Origin>& origins)
      : ColumnExporter(manifest, origins), folder_(folder) {
    if (manifest.shape.channels != 1) {
      refuse_export(manifest.name, "its images are in colour, and IDX files have one channel",
                    "export to folder or npz");
    }
  }

 private:
  fs::path path_of(Split split, const char* ending) const {
    return folder_ / (std::string(kIdxNames[static_cast<std::size_t>(split)]) + ending);
  }

  void begin(Split split, std::uint64_t rows) override {
    if (rows > std::numeric_limits<std::uint32_t>::max())
      refuse_export(manifest_.name, "it has more images than an IDX file can count",
                    "export to folder or npz");
    path_ = path_of(split, "-images-idx3-ubyte");
    const std::string header = idx_header({rows, manifest_.shape.height, manifest_.shape.width});
    file_ = create(path_);
    write_all(file_.get(), header, path_);
  }

  void write(const Bytes& pixels) override {
    write_all(file_.get(), {reinterpret_cast<const char*>(pixels.data()), pixels.size()}, path_);
  }

  void end(Split split, const Bytes& labels, const Bytes&) override {
    file_ = FileDescriptor();
    write_file(path_of(split, "-labels-idx1-ubyte"),
               idx_header({labels.size()}).append(labels.begin(), labels.end()));
  }

  fs::path folder_, path_;
  FileDescriptor file_;
};

class NpzExporter : public ColumnExporter {
 public:
  NpzExporter(const fs::path& path, const shard::Manifest& manifest, const std::vector<Origin>& origins)
      : ColumnExporter(manifest, origins), writer_(path) {}

 private:
  void begin(Split split, std::uint64_t rows) override {
    const image::Shape& shape = manifest_.shape;
    std::vector<std::uint64_t> extent{rows, shape.height, shape.width};
    if (shape.channels > 1) extent.push_back(shape.channels);
    writer_.begin(name_in(split) + "_images", extent, "|u1");
  }

  void write(const Bytes& pixels) override { writer_.append(std::as_bytes(std::span(pixels))); }

  void end(Split split, const Bytes& labels, const Bytes& origins) override {
    writer_.end();
    writer_.add(name_in(split) + "_labels", {labels.size(), 1}, std::as_bytes(std::span(labels)), "|u1");
    writer_.add(name_in(split) + "_origin", {origins.size()}, std::as_bytes(std::span(origins)), "|u1");
  }

  void close() override { writer_.finish(); }

  static std::string name_in(Split split) { return kShortNames[static_cast<std::size_t>(split)]; }

  NpzWriter writer_;
};

}  // namespace

std::unique_ptr<Exporter> make_exporter(const ExportOptions& options, const fs::path& where,
                                        const shard::Manifest& manifest) {
  switch (options.form) {
    case ExportForm::idx:
      return std::make_unique<IdxExporter>(where, manifest, options.origins);
    case ExportForm::npz:
      return std::make_unique<NpzExporter>(where, manifest, options.origins);
    default:
      return std::make_unique<FolderExporter>(where, manifest);
  }
}

std::uint64_t rows_of(const shard::Manifest& manifest, Split split, const std::vector<Origin>& origins) {
  std::uint64_t rows = 0;
  for (const shard::SplitCounts& counts : manifest.splits) {
    if (counts.split != split) continue;
    for (const auto& of_class : counts.counts) {
      for (std::size_t origin = 0; origin < of_class.size(); ++origin) {
        if (origins.empty() || std::ranges::count(origins, static_cast<Origin>(origin)) > 0)
          rows += of_class[origin];
      }
    }
  }
  return rows;
}

void refuse_export(const fs::path& where, const std::string& what, const std::string& hint) {
  throw Error({.code = ErrorCode::usage, .where = where.string(), .what = what, .hint = hint});
}

}  // namespace titrate::prep
