#include "csv.hpp"

#include <algorithm>
#include <initializer_list>

#include "csv_forms.hpp"
#include "encoded_files.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::source {
namespace {

constexpr std::size_t kMostNamed = 12;  // columns that a message lists
constexpr std::int64_t kLargestSide = 65535, kMostChannels = 3;

bool is_number(const std::string& field) { return parse_double(field).has_value(); }

bool reads_header(const SourceSettings& settings, const std::vector<std::string>& first) {
  const std::string& header = settings.values.text("header");
  if (header == "yes") return true;
  if (header == "no") return false;
  if (header != "auto") {
    throw Error({.code = ErrorCode::usage,
                 .where = settings.where,
                 .what = "unknown header",
                 .expected = "auto, yes or no",
                 .got = '"' + header + '"'});
  }
  return !std::all_of(first.begin(), first.end(), is_number);
}

[[noreturn]] void refuse_label(const SourceSettings& settings, const CsvTable& table,
                               const std::string& label) {
  std::vector<std::string> names;
  for (const std::string& name : table.header) names.push_back(escaped(name));
  std::string expected = "a column from 0 to " + std::to_string(table.columns - 1);
  const std::vector<std::string> all = names;
  if (names.size() > kMostNamed) names.resize(kMostNamed);
  if (!names.empty())
    expected = "one of " + join(names, ", ") + (names.size() < table.columns ? ", ..." : "");
  throw Error(
      {.code = ErrorCode::usage,
       .where = settings.where,
       .what = "\"" + table.path.string() + "\" has no column \"" + label + "\" for the labels",
       .expected = expected,
       .hint = did_you_mean(label, all,
                            "give label = the name of a column or its number, from 0; header = \"no\" "
                            "where the first line is a row")});
}

// The column of the label, by name or number. Sets `by_number`.
std::size_t find_label(const SourceSettings& settings, const CsvTable& table, bool& by_number) {
  by_number = !settings.values.has("label");
  if (by_number && table.header.empty()) return 0;
  std::string label = "label";
  if (!by_number) label = settings.values.text("label");
  by_number = false;
  if (const auto column = table.column(label)) return *column;
  const auto number = parse_integer(label);
  if (!number || *number < 0 || static_cast<std::size_t>(*number) >= table.columns)
    refuse_label(settings, table, label);
  by_number = true;
  return static_cast<std::size_t>(*number);
}

// A row whose label is a text looks like a header whose other columns are named by numbers.
void refuse_doubtful_header(const SourceSettings& settings, const CsvTable& table) {
  if (table.header.empty() || settings.values.text("header") != "auto") return;
  for (std::size_t i = 0; i < table.columns; ++i) {
    const auto value = parse_integer(table.header[i]);
    if (i != table.label && (!value || *value < 0 || *value > 255)) return;
  }
  throw Error({.code = ErrorCode::usage,
               .where = settings.where,
               .what = "the first line of \"" + table.path.string() + "\" may be a header or an image",
               .hint = "set header = \"yes\" or header = \"no\""});
}

void refuse_keys(const SourceSettings& settings, std::initializer_list<const char*> keys,
                 const std::string& form) {
  for (const char* key : keys) {
    if (!settings.values.has(key)) continue;
    throw Error({.code = ErrorCode::usage,
                 .where = settings.where,
                 .what = std::string(key) + " means nothing for \"" + settings.path.string() +
                         "\", whose rows are " + form});
  }
}

std::unique_ptr<Source> open_csv(const SourceSettings& settings) {
  decode_settings(settings);  // for what it refuses, whichever form the file has
  CsvTable table{.path = settings.path, .reader = CsvReader(settings.path)};
  const auto first = table.reader.next();
  if (!first) {
    throw Error({.code = ErrorCode::integrity, .where = settings.path.string(), .what = "the file is empty"});
  }
  std::vector<std::string> fields;
  table.reader.split(*first, fields);
  table.columns = fields.size();
  if (reads_header(settings, fields)) {
    table.header = std::move(fields);
  } else {
    table.reader.unread();
  }
  if (table.columns < 2) {
    throw Error({.code = ErrorCode::integrity,
                 .where = table.reader.where(),
                 .what = "there is only one column",
                 .expected = "a label and pixels, or path and label",
                 .hint = "fields are separated by commas"});
  }
  bool by_number = false;
  table.label = find_label(settings, table, by_number);
  if (table.path_column()) {
    refuse_keys(settings, {"height", "width", "channels"}, "paths");
    return open_csv_paths(settings, table);
  }
  refuse_keys(settings, {"images"}, "pixels");
  if (by_number) refuse_doubtful_header(settings, table);
  return open_csv_pixels(settings, table);
}

DocumentKey side(const char* name, const char* help, double high) {
  return {.name = name,
          .type = KeyType::integer,
          .otherwise = "square, one channel",
          .help = help,
          .range = {.low = 1, .high = high}};
}

}  // namespace

std::optional<std::size_t> CsvTable::column(const std::string& name) const {
  const auto found = std::find(header.begin(), header.end(), name);
  return found == header.end() ? std::nullopt
                               : std::optional(static_cast<std::size_t>(found - header.begin()));
}

std::optional<std::size_t> CsvTable::path_column() const {
  for (const char* name : {"path", "file", "filename", "file_name", "filepath", "image_path", "image"}) {
    if (const auto found = column(name)) return found;
  }
  return std::nullopt;
}

std::string CsvTable::column_text(std::size_t column) const {
  std::string text = "column " + std::to_string(column);
  if (!header.empty()) text += " (\"" + escaped(header[column]) + "\")";
  return text;
}

void CsvTable::split(std::string_view record, std::vector<std::string>& fields) const {
  reader.split(record, fields);
  if (fields.size() == columns) return;
  throw Error({.code = ErrorCode::integrity,
               .where = reader.where(),
               .what = "the row has another number of fields than the first line",
               .expected = std::to_string(columns),
               .got = std::to_string(fields.size())});
}

void CsvTable::refuse_no_rows() const {
  throw Error(
      {.code = ErrorCode::integrity, .where = path.string(), .what = "the file has a header and no rows"});
}

std::string fault_of_label(std::string_view text) {
  if (text.empty()) return "the label is empty";
  return fault_of_name(text).empty() ? "" : "the label is not UTF-8 without control characters";
}

Kind csv_kind() {
  Kind kind{
      .name = "csv",
      .help = "a table of pixels, or of the paths of pictures, plain or .gz",
      .keys = {{.name = "path", .help = "the file, from the data root", .required = true},
               {.name = "label",
                .otherwise = "\"label\", without a header the first",
                .help = "the column of the labels: its name, or its number from 0"},
               {.name = "header",
                .fallback = std::string("auto"),
                .help = "whether the first line names the columns: yes, no, or auto: not all are numbers"},
               side("height", "of the images, where rows are pixels", kLargestSide),
               side("width", "as height", kLargestSide),
               side("channels", "as height; rows hold H x W x C values", kMostChannels),
               {.name = "images",
                .otherwise = "that of the file",
                .help = "the folder that paths begin at, from that of the file"}},
      .open = open_csv};
  for (DocumentKey& key : decode_keys()) kind.keys.push_back(std::move(key));
  return kind;
}

}  // namespace titrate::source
