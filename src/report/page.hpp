// The tables and sections of the page, for html.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "layout.hpp"
#include "summary.hpp"

namespace titrate::report {

// Rows are the levels of x, columns the series; one table per panel.
std::string result_tables(const study::Study& study, const Summary& summary, const Layout& layout,
                          std::size_t metric);
std::string comparison_tables(const study::Study& study, const Summary& summary, const Layout& layout,
                              const study::Comparison& comparison);

// Sections with a list of cells to choose from; the last one shows. A page holds so many numbers of each at
// most, and evenly spread cells where that is not all.
inline constexpr std::size_t kMostNumbers = 300'000, kMostCells = 2'000;

std::string confusion_section(const study::Study& study, const Summary& summary);
std::string curve_section(const Summary& summary);

// Which of `count` cells with so many numbers each are held, ascending; the last one always.
std::vector<std::size_t> held_cells(std::size_t count, std::size_t numbers_each);

// "" where all are held, else a sentence that says how many are.
std::string held_text(std::size_t held, std::size_t all);

// What was run and with what; what failed, and why.
std::string provenance_section(const study::Study& study, const Summary& summary);
std::string problem_section(const Summary& summary);

}  // namespace titrate::report
