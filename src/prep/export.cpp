#include "titrate/prep/export.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
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

// A class name that would lead elsewhere is no name for a folder.
void check_folder_names(const shard::Manifest& manifest) {
  for (const std::string& name : manifest.class_names) {
    if (name == "." || name == ".." || name.find('/') != std::string::npos)
      refuse(name, "the class cannot be a folder's name", "export to idx or npz");
  }
}

class FolderExporter : public Exporter {
 public:
  FolderExporter(const fs::path& folder, const shard::Manifest& manifest)
      : folder_(folder), manifest_(manifest) {
    check_folder_names(manifest);
    make_folder(folder);
  }

  void add(const Exported& image) override {
    const std::string& name = manifest_.class_names[static_cast<std::size_t>(image.row.label)];
    const std::string split = kShortNames[static_cast<std::size_t>(image.split)];
    std::string number = std::to_string(image.number);
    number.insert(0, number.size() < 7 ? 7 - number.size() : 0, '0');
    const std::string origin(name_of(image.row.origin));
    const fs::path path = fs::path(split) / name / (number + "-" + origin + ".png");
    if (made_.insert({split + "/" + name, true}).second) make_folder(folder_ / split / name);
    write_file(folder_ / path, image::encode_png({manifest_.shape, image.pixels}));
    const std::string& generator = manifest_.sources[image.row.source].generator;
    table_ += quoted(path.string()) + "," + quoted(name) + "," + split + "," + origin + "," +
              quoted(generator) + "\n";
  }

  void finish() override { write_file(folder_ / "images.csv", table_); }

 private:
  fs::path folder_;
  const shard::Manifest& manifest_;
  std::map<std::string, bool> made_;
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
    if (manifest.shape.channels != 1) refuse(folder, "IDX files have no colours", "export to folder or npz");
    make_folder(folder);
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

std::unique_ptr<Exporter> make_exporter(ExportForm form, const fs::path& out,
                                        const shard::Manifest& manifest) {
  switch (form) {
    case ExportForm::folder:
      return std::make_unique<FolderExporter>(out, manifest);
    case ExportForm::idx:
      return std::make_unique<IdxExporter>(out, manifest);
    default:
      return std::make_unique<NpzExporter>(out, manifest);
  }
}

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
  std::error_code error;
  if (fs::exists(options.out, error))
    refuse(options.out, "there is something already", "choose another --out");
  // npz is whole or not there by itself; a folder becomes so by its last renaming.
  const fs::path target = (options.out / "").parent_path();
  const fs::path begun = options.form == ExportForm::npz ? target : fs::path(target.string() + ".partial");
  fs::remove_all(begun, error);
  try {
    const std::unique_ptr<Exporter> exporter = make_exporter(options.form, begun, manifest);
    const std::uint64_t images = write_rows(options, manifest, *exporter);
    if (begun != target) fs::rename(begun, target);
    return images;
  } catch (...) {
    fs::remove_all(begun, error);
    throw;
  }
}

}  // namespace titrate::prep
