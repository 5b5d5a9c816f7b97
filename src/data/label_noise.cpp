#include "titrate/data/label_noise.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <utility>

#include "titrate/core/error.hpp"
#include "titrate/core/random.hpp"
#include "titrate/core/text.hpp"

namespace titrate::data {
namespace {

void check(const Catalog& catalog, const LabelNoise& noise) {
  const auto refuse = [](const char* what, const std::string& expected, const std::string& got) {
    throw Error({.code = ErrorCode::usage,
                 .where = "data.label_noise",
                 .what = what,
                 .expected = expected,
                 .got = got});
  };
  if (!(noise.share >= 0 && noise.share <= 1)) refuse("out of range", "0 to 1", shortest(noise.share));
  if (noise.share > 0 && catalog.classes < 2) refuse("there is no other class", "2 classes or more", "1");
  if (noise.towards && *noise.towards >= catalog.classes) {
    refuse("no such class", "0 to " + std::to_string(catalog.classes - 1), std::to_string(*noise.towards));
  }
}

// The images that may get another label, in the order in which they do.
std::vector<std::uint32_t> candidates(const Catalog& catalog, const Selection& selection,
                                      const LabelNoise& noise, std::uint64_t seed) {
  const std::uint64_t key = hash_words(seed, static_cast<std::uint64_t>(Purpose::label_noise));
  std::vector<std::pair<std::uint64_t, std::uint32_t>> keyed;
  for (const auto* rows : {&selection.real, &selection.synthetic, &selection.validation}) {
    for (const std::uint32_t row : *rows) {
      if (noise.towards && catalog.label[row] == static_cast<std::int32_t>(*noise.towards)) continue;
      keyed.emplace_back(hash_words(key, catalog.sample_id[row]), row);
    }
  }
  std::sort(keyed.begin(), keyed.end());
  std::vector<std::uint32_t> rows;
  rows.reserve(keyed.size());
  for (const auto& [hash, row] : keyed) rows.push_back(row);
  return rows;
}

std::int32_t another_label(std::int32_t label, std::uint32_t classes, std::uint64_t seed,
                           std::uint64_t sample) {
  const auto drawn =
      static_cast<std::int32_t>(RandomStream(seed, Purpose::label_noise, sample).below(classes - 1));
  return drawn < label ? drawn : drawn + 1;
}

// Children that were selected have a parent that was.
void pass_to_children(const Catalog& catalog, const Selection& selection, std::vector<std::int32_t>& labels) {
  std::unordered_map<std::uint64_t, std::int32_t> label_of;
  for (const std::uint32_t row : selection.real) label_of.emplace(catalog.sample_id[row], labels[row]);
  for (const std::uint32_t row : selection.augmented) labels[row] = label_of.at(catalog.parent_id[row]);
}

}  // namespace

std::vector<std::int32_t> noisy_labels(const Dataset& dataset, const Selection& selection,
                                       const LabelNoise& noise, std::uint64_t seed) {
  const Catalog& catalog = dataset.catalog();
  check(catalog, noise);
  std::vector<std::int32_t> labels(catalog.label.begin(), catalog.label.end());
  std::vector<std::uint32_t> changed = candidates(catalog, selection, noise, seed);
  changed.resize(static_cast<std::size_t>(std::llround(noise.share * static_cast<double>(changed.size()))));
  for (const std::uint32_t row : changed) {
    labels[row] = noise.towards ? static_cast<std::int32_t>(*noise.towards)
                                : another_label(labels[row], catalog.classes, seed, catalog.sample_id[row]);
  }
  if (!selection.augmented.empty()) pass_to_children(catalog, selection, labels);
  return labels;
}

}  // namespace titrate::data
