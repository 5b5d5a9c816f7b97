// An image in each row: its label and its pixels.

#include <algorithm>
#include <cmath>

#include "csv_forms.hpp"
#include "csv_labels.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/random.hpp"
#include "titrate/core/text.hpp"

namespace titrate::source {
namespace {

constexpr unsigned kWhite = 255;

std::uint64_t root_of(std::uint64_t value) {
  const auto root = static_cast<std::uint64_t>(std::llround(std::sqrt(static_cast<double>(value))));
  return root * root == value ? root : 0;
}

[[noreturn]] void refuse_shape(const SourceSettings& settings, const std::string& what,
                               const std::string& expected) {
  throw Error({.code = ErrorCode::usage,
               .where = settings.where,
               .what = "\"" + settings.path.string() + "\" has " + what,
               .expected = expected,
               .hint = "give height, width and channels; every column but the label's is a pixel"});
}

image::Shape shape_of(const SourceSettings& settings, std::uint64_t values) {
  const auto given = [&](const char* key) {
    return settings.values.has(key) ? static_cast<std::uint64_t>(settings.values.integer(key)) : 0;
  };
  const std::string have = std::to_string(values) + " columns of pixels";
  const std::uint64_t channels = std::max<std::uint64_t>(given("channels"), 1), pixels = values / channels;
  std::uint64_t height = given("height"), width = given("width");
  if (channels == 2) refuse_shape(settings, "images of 2 channels", "1 or 3");
  if (height == 0 && width == 0) {
    height = width = root_of(pixels);
    if (height == 0) refuse_shape(settings, have, "as many as a square image has");
  }
  if (height == 0) height = pixels / width;
  if (width == 0) width = pixels / height;
  if (height == 0 || width == 0 || height * width * channels != values) {
    refuse_shape(settings, have,
                 std::to_string(height) + " x " + std::to_string(width) + " x " + std::to_string(channels));
  }
  if (height * width > static_cast<std::uint64_t>(settings.values.integer("most_pixels")))
    refuse_shape(settings, have,
                 "at most most_pixels = " + std::to_string(settings.values.integer("most_pixels")));
  return {static_cast<std::uint32_t>(height), static_cast<std::uint32_t>(width),
          static_cast<std::uint32_t>(channels)};
}

// Reads values with commas between them, and one behind the last unless it is the record's. Returns where it
// stopped; null where something else stands there.
const char* read_values(const char* at, const char* end, std::span<std::uint8_t> out, bool ends_record) {
  const auto digit = [&] { return static_cast<unsigned>(static_cast<unsigned char>(*at)) - '0'; };
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (at == end || digit() > 9) return nullptr;
    unsigned value = 0;
    while (at != end && digit() <= 9) {
      value = value * 10 + digit();
      if (value > kWhite) return nullptr;
      ++at;
    }
    out[i] = static_cast<std::uint8_t>(value);
    if (ends_record && i + 1 == out.size()) return at == end ? at : nullptr;
    if (at == end || *at != ',') return nullptr;
    ++at;
  }
  return at;
}

// The way of nearly every row. Returns false for any that needs a closer look, to be split or to be refused.
bool read_plain_row(std::string_view record, std::size_t label_column, std::span<std::uint8_t> out,
                    std::string_view& label) {
  const char *at = record.data(), *const end = at + record.size();
  const std::span<std::uint8_t> after = out.subspan(label_column);
  at = read_values(at, end, out.first(label_column), false);
  if (at == nullptr) return false;
  const char* const stop = std::find(at, end, ',');
  label = std::string_view(at, static_cast<std::size_t>(stop - at));
  if (label.find('"') != std::string_view::npos) return false;
  if (after.empty()) return stop == end;
  return stop != end && read_values(stop + 1, end, after, true) != nullptr;
}

class CsvPixels : public Source {
 public:
  CsvPixels(const SourceSettings& settings, CsvTable& table) : shape_(shape_of(settings, table.columns - 1)) {
    listing_.state = hash_words(0, file_state(settings.path));
    // The same whether the file is compressed or not, so that packing either gives the same dataset.
    std::string name = settings.path.filename().string();
    if (name.ends_with(".gz")) name.resize(name.size() - 3);
    CsvLabels labels;
    while (const auto record = table.reader.next()) {
      const std::int32_t label = labels.number(read_row(*record, table), table.reader.line());
      listing_.items.push_back({.label = label,
                                .split = settings.split.value_or(shard::Split::train),
                                .shape = shape_,
                                .row = listing_.items.size(),
                                .path = name});
    }
    if (listing_.items.empty()) table.refuse_no_rows();
    const std::size_t count = listing_.items.size();
    const CsvLabels::Classes classes =
        labels.classes(settings.classes, std::vector<bool>(count, true), settings.path.string());
    listing_.class_names = classes.names;
    for (Item& item : listing_.items) item.label = classes.label[static_cast<std::size_t>(item.label)];
  }

  image::Image read(std::size_t index) const override {
    const std::size_t bytes = shape_.bytes();
    return image::Image(image::View{shape_, std::span(pixels_).subspan(index * bytes, bytes)});
  }

 private:
  // Keeps the pixels, and returns the label until the next row is read.
  std::string_view read_row(std::string_view record, const CsvTable& table) {
    const std::size_t bytes = shape_.bytes();
    pixels_.resize(pixels_.size() + bytes);
    const std::span<std::uint8_t> out = std::span(pixels_).last(bytes);
    std::string_view label;
    if (!read_plain_row(record, table.label, out, label)) {
      read_split_row(record, table, out);
      label = fields_[table.label];
    }
    if (const std::string fault = fault_of_label(label); !fault.empty())
      throw Error({.code = ErrorCode::integrity, .where = table.reader.where(), .what = fault});
    return label;
  }

  void read_split_row(std::string_view record, const CsvTable& table, std::span<std::uint8_t> out) {
    table.split(record, fields_);
    std::size_t next = 0;
    for (std::size_t column = 0; column < fields_.size(); ++column) {
      if (column == table.label) continue;
      const auto value = parse_integer(fields_[column]);
      if (!value || *value < 0 || *value > kWhite) refuse_value(table, column);
      out[next++] = static_cast<std::uint8_t>(*value);
    }
  }

  [[noreturn]] void refuse_value(const CsvTable& table, std::size_t column) const {
    const bool maybe_header = listing_.items.empty() && table.header.empty();
    throw Error({.code = ErrorCode::integrity,
                 .where = table.reader.where(),
                 .what = table.column_text(column) + " is no pixel",
                 .expected = "an integer from 0 to 255",
                 .got = '"' + fields_[column] + '"',
                 .hint = maybe_header             ? "set header = \"yes\" if this line names the columns"
                         : listing_.items.empty() ? "where rows name picture files, call that column \"path\""
                                                  : ""});
  }

  image::Shape shape_;
  std::vector<std::uint8_t> pixels_;
  std::vector<std::string> fields_;  // of the row that was split last
};

}  // namespace

std::unique_ptr<Source> open_csv_pixels(const SourceSettings& settings, CsvTable& table) {
  return std::make_unique<CsvPixels>(settings, table);
}

}  // namespace titrate::source
