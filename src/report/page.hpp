// The page's style, script and tables, for html.cpp.
#pragma once

#include <string>

#include "titrate/report/layout.hpp"
#include "titrate/report/summary.hpp"

namespace titrate::report {

extern const char* const kPageStyle;   // what stands in <style>
extern const char* const kPageScript;  // shows the confusion matrix of the chosen cell

// Rows are the levels of x, columns the series; one table per panel.
std::string result_tables(const sweep::Study& study, const Summary& summary, const Layout& layout);
std::string gain_tables(const sweep::Study& study, const Summary& summary, const Layout& layout);

// A matrix with a list of cells to choose from; the last one shows.
std::string confusion_section(const sweep::Study& study, const Summary& summary);

// What was run and with what; what failed, and why.
std::string provenance_section(const sweep::Study& study, const Summary& summary);
std::string problem_section(const sweep::Study& study, const Summary& summary);

}  // namespace titrate::report
