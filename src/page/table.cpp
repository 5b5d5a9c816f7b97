#include "titrate/page/table.hpp"

#include "titrate/page/markup.hpp"

namespace titrate::page {
namespace {

std::string header(const Table& table) {
  std::string html = "<thead>";
  if (!table.columns_title.empty()) {
    html += "<tr><th></th><th colspan=\"" + std::to_string(table.columns.size()) + "\">" +
            escape(table.columns_title) + "</th></tr>";
  }
  html += "<tr><th>" + escape(table.corner) + "</th>";
  for (const std::string& column : table.columns) html += "<th>" + escape(column) + "</th>";
  return html + "</tr></thead>";
}

}  // namespace

std::string table_html(const Table& table) {
  std::string html = table.title.empty() ? "<div>" : "<div><h3>" + escape(table.title) + "</h3>";
  html += std::string("<div class=\"scroll\"><table") + (table.names ? " class=\"names\">" : ">") +
          header(table) + "<tbody>";
  for (const TableRow& row : table.rows) {
    html += "<tr><td>" + escape(row.label) + "</td>";
    for (const TableSquare& square : row.squares)
      html += "<td class=\"" + square.style + "\">" + square.html + "</td>";
    html += "</tr>";
  }
  return html + "</tbody></table></div></div>";
}

std::string tables_html(const std::vector<Table>& tables, bool wide) {
  std::string html = wide ? "<div class=\"grid narrow\">" : "<div class=\"grid\">";
  for (const Table& table : tables) html += table_html(table);
  return html + "</div>";
}

}  // namespace titrate::page
