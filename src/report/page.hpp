// The page's style, script, tables and sections, for html.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "titrate/report/layout.hpp"
#include "titrate/report/summary.hpp"

namespace titrate::report {

extern const char* const kPageStyle;   // what stands in <style>
extern const char* const kPageScript;  // shows the confusion matrix and the learning curve of the chosen cell

// Rows are the levels of x, columns the series; one table per panel.
std::string result_tables(const study::Study& study, const Summary& summary, const Layout& layout,
                          std::size_t metric);
std::string gain_tables(const study::Study& study, const Summary& summary, const Layout& layout);

// Sections with a list of cells to choose from; the last one shows. A page holds so many numbers of each at
// most, and evenly spread cells where that is not all.
inline constexpr std::size_t kMostNumbers = 300'000, kMostCells = 2'000;

std::string confusion_section(const study::Study& study, const Summary& summary);
std::string curve_section(const study::Study& study, const Summary& summary);

// Which of `count` cells with so many numbers each are held, ascending; the last one always.
std::vector<std::size_t> held_cells(std::size_t count, std::size_t numbers_each);

// The list, by the id of the element; the last option is chosen.
std::string cell_list(const std::string& id, const std::vector<std::string>& options);

// "" where all are held, else a sentence that says how many are.
std::string held_text(std::size_t held, std::size_t all);

// JSON for the page's script, by the id of its element.
std::string data_script(const std::string& id, const std::string& json);

// What was run and with what; what failed, and why.
std::string provenance_section(const study::Study& study, const Summary& summary);
std::string problem_section(const study::Study& study, const Summary& summary);

}  // namespace titrate::report
