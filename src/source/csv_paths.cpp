// A picture file for each row.

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "csv_forms.hpp"
#include "csv_labels.hpp"
#include "encoded_files.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/random.hpp"

namespace titrate::source {
namespace {

// An export names them so. As real images they would count twice, and on both sides of a split.
constexpr const char* kAugmented = "augmented";
constexpr const char* kWhyNotAugmented =
    "an augmented image, and nothing says of which one: [[augment]] makes them anew";

class CsvPaths : public Source {
 public:
  CsvPaths(const SourceSettings& settings, CsvTable& table)
      : folder_(settings.path.parent_path()),
        table_(escaped(settings.path.filename().string())),
        decode_(decode_settings(settings)) {
    if (settings.values.has("images")) folder_ /= settings.values.text("images");
    path_column_ = table.path_column().value();
    split_column_ = table.column("split");
    origin_column_ = table.column("origin");
    generator_column_ = table.column("generator");
    if (path_column_ == table.label) {
      throw Error({.code = ErrorCode::usage,
                   .where = settings.where,
                   .what = "the labels of \"" + settings.path.string() + "\" are its paths",
                   .hint = "give label = the name of another column"});
    }
    read_rows(settings, table);
    listing_.state = hash_words(0, file_state(settings.path));
    add_items();
    name_classes(settings);
  }

  image::Image read(std::size_t index) const override {
    const Item& item = listing_.items[index];
    return decode_file(folder_ / item.path, item.shape, decode_);
  }

 private:
  void read_rows(const SourceSettings& settings, CsvTable& table) {
    std::vector<std::string> fields;
    std::uint64_t row = 0;
    for (; const auto record = table.reader.next(); ++row) {
      table.split(*record, fields);
      if (origin_column_ && fields[*origin_column_] == kAugmented) {
        if (!split_column_ || !settings.split || split_of(table, fields[*split_column_]) == *settings.split)
          refuse_row(escaped(fields[path_column_]), kWhyNotAugmented, table.reader.line());
        continue;
      }
      Item item{.split = settings.split.value_or(shard::Split::train)};
      if (split_column_) item.split = split_of(table, fields[*split_column_]);
      item.part = part_of(table, fields);
      std::string& path = fields[path_column_];
      if (path.empty()) refuse(table, path_column_, "a path", path);
      const std::string& label = fields[table.label];
      std::string fault = fault_of_label(label);
      if (fault.empty()) fault = fault_of_name(path);
      const bool taken = !settings.split || item.split == *settings.split;
      if (!fault.empty()) {
        if (taken) refuse_row(escaped(path), fault, table.reader.line());
        continue;
      }
      item.label = labels_.number(label, table.reader.line());
      wanted_.resize(std::max(wanted_.size(), static_cast<std::size_t>(item.label) + 1));
      if (taken) {
        // Named by its path, so that other rows of the table do not rename it; a path that stands twice is
        // told apart.
        item.row = mentions_[path]++;
        item.path = std::move(path);
        listing_.items.push_back(std::move(item));
        lines_.push_back(table.reader.line());
      } else {
        wanted_[static_cast<std::size_t>(item.label)] = true;
      }
    }
    if (row == 0) table.refuse_no_rows();
  }

  [[noreturn]] static void refuse(const CsvTable& table, std::size_t column, const std::string& expected,
                                  const std::string& got) {
    throw Error({.code = ErrorCode::integrity,
                 .where = table.reader.where(),
                 .what = table.column_text(column) + " is not as it should be",
                 .expected = expected,
                 .got = '"' + escaped(got) + '"'});
  }

  shard::Split split_of(const CsvTable& table, const std::string& text) const {
    if (text == "train") return shard::Split::train;
    if (text == "val" || text == "validation") return shard::Split::validation;
    if (text == "test") return shard::Split::test;
    refuse(table, *split_column_, "train, val, validation or test", text);
  }

  // One part for each pair of origin and generator; the first is for rows that say neither.
  std::uint32_t part_of(const CsvTable& table, const std::vector<std::string>& fields) {
    const std::string origin = origin_column_ ? fields[*origin_column_] : "";
    const std::string generator = generator_column_ ? fields[*generator_column_] : "";
    if (origin.empty() && generator.empty()) return 0;
    const auto known = parts_.find({origin, generator});
    if (known != parts_.end()) return known->second;
    Part part{.name = generator.empty() ? origin : generator, .generator = generator};
    if (origin == "real") part.origin = shard::Origin::real;
    if (origin == "synthetic") part.origin = shard::Origin::synthetic;
    if (!origin.empty() && !part.origin) refuse(table, *origin_column_, "real or synthetic", origin);
    if (!fault_of_name(generator).empty()) refuse(table, *generator_column_, "UTF-8", generator);
    const auto named_so = [&](const Part& other) { return other.name == part.name; };
    while (std::any_of(listing_.parts.begin(), listing_.parts.end(), named_so))
      part.name += origin.empty() ? "-" : '-' + origin;
    listing_.parts.push_back(std::move(part));
    const auto index = static_cast<std::uint32_t>(listing_.parts.size() - 1);
    parts_.emplace(std::pair(origin, generator), index);
    return index;
  }

  // Drops the items whose files cannot be packed.
  void add_items() {
    std::vector<std::string> paths;
    for (Item& item : listing_.items) paths.push_back(std::move(item.path));
    const std::vector<ProbedFile> probed = probe_files(folder_, paths, decode_);
    std::vector<Item> kept;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      listing_.state = hash_words(listing_.state, probed[i].state);
      if (!probed[i].fault.empty()) {
        refuse_row(std::move(paths[i]), probed[i].fault, lines_[i]);
        continue;
      }
      Item& item = listing_.items[i];
      wanted_[static_cast<std::size_t>(item.label)] = true;
      item.shape = probed[i].shape;
      item.path = std::move(paths[i]);
      kept.push_back(std::move(item));
    }
    listing_.items = std::move(kept);
    lines_ = {};
  }

  // Says the line, so that rows of one path are told apart.
  void refuse_row(std::string path, const std::string& why, std::size_t line) {
    listing_.refused.push_back(
        {.path = std::move(path), .why = why + " (" + table_ + ":" + std::to_string(line) + ")"});
  }

  void name_classes(const SourceSettings& settings) {
    const CsvLabels::Classes classes = labels_.classes(settings.classes, wanted_, settings.path.string());
    listing_.class_names = classes.names;
    for (Item& item : listing_.items) item.label = classes.label[static_cast<std::size_t>(item.label)];
  }

  std::filesystem::path folder_;
  std::string table_;  // its name, for messages
  codec::DecodeSettings decode_;
  std::size_t path_column_ = 0;
  std::optional<std::size_t> split_column_, origin_column_, generator_column_;
  std::vector<std::size_t> lines_;  // of the items, while the source is opened
  CsvLabels labels_;
  std::vector<bool> wanted_;                                 // by the number of a label: it has images
  std::unordered_map<std::string, std::uint64_t> mentions_;  // by path, so far
  std::map<std::pair<std::string, std::string>, std::uint32_t> parts_;
};

}  // namespace

std::unique_ptr<Source> open_csv_paths(const SourceSettings& settings, CsvTable& table) {
  return std::make_unique<CsvPaths>(settings, table);
}

}  // namespace titrate::source
