#include "titrate/core/text.hpp"
#include "titrate/report/labels.hpp"

namespace titrate::report {
namespace {

// As many digits as the interval deserves: two below half a point.
int digits_for(const study::Estimate& estimate) {
  return estimate.has_interval() && estimate.half_width < 0.005 ? 2 : 1;
}

std::string interval(const study::Estimate& estimate) {
  if (!estimate.has_interval()) return counted(estimate.n, "seed");
  const int digits = digits_for(estimate);
  return "95 % interval " + fixed(100 * estimate.low(), digits) + " to " +
         fixed(100 * estimate.high(), digits) + ", " + counted(estimate.n, "seed");
}

std::string points(const study::Estimate& difference) {
  return signed_fixed(100 * difference.mean, digits_for(difference)) + " points";
}

std::string accuracy(const study::Estimate& estimate) {
  return fixed(100 * estimate.mean, digits_for(estimate)) + " % (" + interval(estimate) + ")";
}

// The levels of a cell but for its share of synthetic images: "3,000 real images and noise level 0.3".
std::string circumstances(const study::Study& study, const Summary& summary, const Cell& cell) {
  std::vector<std::string> parts;
  if (!summary.dimension("data.size") && cell.settings.data.size > 0)
    parts.push_back(with_commas(cell.settings.data.size) + " " + axis_label(study, "data.size"));
  for (std::size_t d = 0; d < summary.dimensions.size(); ++d) {
    const Dimension& dimension = summary.dimensions[d];
    if (dimension.key == "data.synthetic_ratio") continue;
    parts.push_back(level_phrase(study, dimension, dimension.levels[cell.place[d]]));
  }
  if (parts.empty()) return "";
  const std::string last = parts.back();
  parts.pop_back();
  return parts.empty() ? last : join(parts, ", ") + " and " + last;
}

std::string treatment(const Cell& cell) {
  const double ratio = cell.settings.data.synthetic_ratio;
  if (cell.settings.data.mode == data::MixMode::replace) return shortest(100 * ratio) + " % synthetic";
  return shortest(ratio) + " synthetic per real image";
}

// "+8.4 points (95 % interval 7.1 to 9.7, 10 seeds) from 1 synthetic per real image, with 100 real images"
std::string example(const study::Study& study, const Summary& summary, const Gain& gain) {
  const Cell& cell = summary.cells[gain.cell];
  const std::string where = circumstances(study, summary, cell);
  return points(gain.accuracy) + " (" + interval(gain.accuracy) + ") from " + treatment(cell) +
         (where.empty() ? "" : ", with " + where);
}

std::string one_gain(const study::Study& study, const Summary& summary, const Gain& gain) {
  const Cell& cell = summary.cells[gain.cell];
  const std::string where = circumstances(study, summary, cell);
  const std::string verb = cell.settings.data.mode == data::MixMode::replace
                               ? "training on " + treatment(cell)
                               : "adding " + treatment(cell);
  return (where.empty() ? "" : "With " + where + ", ") + verb + " changed test accuracy by " +
         points(gain.accuracy) + " (" + interval(gain.accuracy) + "): " + to_text(gain.verdict) + ".";
}

std::string many_gains(const study::Study& study, const Summary& summary, const std::vector<Gain>& gains) {
  const Gain *best = nullptr, *worst = nullptr;
  std::size_t helped = 0, hurt = 0;
  for (const Gain& gain : gains) {
    if (gain.verdict == Verdict::help) {
      ++helped;
      if (best == nullptr || gain.accuracy.mean > best->accuracy.mean) best = &gain;
    } else if (gain.verdict == Verdict::hurt) {
      ++hurt;
      if (worst == nullptr || gain.accuracy.mean < worst->accuracy.mean) worst = &gain;
    }
  }
  const std::string of_all = " of " + counted(gains.size(), "comparison");
  if (helped + hurt == 0) return "Synthetic images made no clear difference in any" + of_all + ".";
  std::string text = "Synthetic images ";
  if (best != nullptr) {
    text += "helped in " + with_commas(helped) + of_all + ", most by " + example(study, summary, *best);
  }
  if (worst != nullptr) {
    text += best == nullptr ? "hurt in " + with_commas(hurt) + of_all : "; they hurt in " + with_commas(hurt);
    text += ", most by " + example(study, summary, *worst);
  }
  const std::size_t rest = gains.size() - helped - hurt;
  const std::string but = best == nullptr    ? ", and helped in none."
                          : worst == nullptr ? ", and hurt in none."
                                             : ".";
  return text + but + (rest == 0 ? "" : " The other " + with_commas(rest) + " show no clear difference.");
}

std::string about_accuracy(const study::Study& study, const Summary& summary) {
  const Cell *best = nullptr, *worst = nullptr;
  for (const Cell& cell : summary.cells) {
    if (cell.accuracy().n == 0) continue;
    if (best == nullptr || cell.accuracy().mean > best->accuracy().mean) best = &cell;
    if (worst == nullptr || cell.accuracy().mean < worst->accuracy().mean) worst = &cell;
  }
  if (best == nullptr) return "No trial has a result yet.";
  if (summary.cells.size() == 1) return "Test accuracy is " + accuracy(best->accuracy()) + ".";
  std::string text = "Test accuracy is highest with " + cell_phrase(study, summary, *best) + ": " +
                     accuracy(best->accuracy());
  if (worst != best) {
    text += ", and lowest with " + cell_phrase(study, summary, *worst) + ": " + accuracy(worst->accuracy());
  }
  return text + ".";
}

}  // namespace

std::string headline(const study::Study& study, const Summary& summary) {
  const std::vector<Gain> gains = summary.comparisons();
  if (gains.empty()) return about_accuracy(study, summary);
  return gains.size() == 1 ? one_gain(study, summary, gains.front()) : many_gains(study, summary, gains);
}

}  // namespace titrate::report
