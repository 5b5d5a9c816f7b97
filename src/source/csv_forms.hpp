// The two forms of a CSV file, once its header is known; private to this module.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "csv_reader.hpp"
#include "titrate/source/source.hpp"

namespace titrate::source {

struct CsvTable {
  std::filesystem::path path{};
  CsvReader reader;                   // before the first row
  std::vector<std::string> header{};  // empty: there is none
  std::size_t columns = 0;
  std::size_t label = 0;  // column of the label

  std::optional<std::size_t> column(const std::string& name) const;
  std::optional<std::size_t> path_column() const;     // where rows name picture files
  std::string column_text(std::size_t column) const;  // for messages: `column 2 ("pixel1")`

  // Splits the record that the reader gave last. Throws Error (integrity) for another number of fields than
  // there are columns.
  void split(std::string_view record, std::vector<std::string>& fields) const;

  [[noreturn]] void refuse_no_rows() const;  // Error (integrity)
};

// Reads all of it. Throw Error: integrity for rows that are damaged, usage for what does not fit the
// settings.
std::unique_ptr<Source> open_csv_pixels(const SourceSettings& settings, CsvTable& table);
std::unique_ptr<Source> open_csv_paths(const SourceSettings& settings, CsvTable& table);

// What is wrong with a label; empty: nothing.
std::string fault_of_label(std::string_view text);

}  // namespace titrate::source
