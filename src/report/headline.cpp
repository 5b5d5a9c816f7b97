#include "comparison_text.hpp"
#include "labels.hpp"
#include "titrate/core/text.hpp"

namespace titrate::report {
namespace {

std::string accuracy(const study::Estimate& estimate) {
  return fixed(100 * estimate.mean, digits_for(estimate)) + " % (" + interval_text(estimate) + ")";
}

std::string about_accuracy(const Summary& summary) {
  const Cell *best = nullptr, *worst = nullptr;
  for (const Cell& cell : summary.cells) {
    if (cell.accuracy().n == 0) continue;
    if (best == nullptr || cell.accuracy().mean > best->accuracy().mean) best = &cell;
    if (worst == nullptr || cell.accuracy().mean < worst->accuracy().mean) worst = &cell;
  }
  if (best == nullptr) return "No trial has a result yet.";
  if (summary.cells.size() == 1) return "Test accuracy is " + accuracy(best->accuracy()) + ".";
  std::string text =
      "Test accuracy is highest with " + cell_phrase(summary, *best) + ": " + accuracy(best->accuracy());
  if (worst != best) {
    text += ", and lowest with " + cell_phrase(summary, *worst) + ": " + accuracy(worst->accuracy());
  }
  return text + ".";
}

}  // namespace

std::string headline(const Summary& summary) {
  const study::Comparison* comparison = summary.main_comparison();
  const std::string sentence = comparison == nullptr ? "" : comparison_sentence(summary, *comparison);
  return sentence.empty() ? about_accuracy(summary) : sentence;
}

}  // namespace titrate::report
