// A table of an HTML page.
#pragma once

#include <string>
#include <vector>

namespace titrate::page {

struct TableSquare {
  std::string style{};  // a class of the page's style: "help", "hurt" or none
  std::string html{};
};

struct TableRow {
  std::string label{};
  std::vector<TableSquare> squares{};  // one for each column
};

// All texts but the squares are plain and are escaped here.
struct Table {
  std::string title{};
  std::string corner{};         // over the labels of the rows
  std::string columns_title{};  // over all columns
  std::vector<std::string> columns{};
  std::vector<TableRow> rows{};
  bool names = false;  // labels of rows are words, which stand left, not numbers
};

std::string table_html(const Table& table);

// Beside each other where they are narrow.
std::string tables_html(const std::vector<Table>& tables, bool wide);

}  // namespace titrate::page
