#include "titrate/data/selection.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "titrate/core/error.hpp"
#include "titrate/core/random.hpp"
#include "titrate/core/text.hpp"

namespace titrate::data {
namespace {

std::vector<std::uint64_t> available(const Dataset& dataset, Origin origin) {
  std::vector<std::uint64_t> counts(dataset.catalog().classes);
  for (std::uint32_t c = 0; c < counts.size(); ++c)
    counts[c] = dataset.rows_of(Split::train, origin, c).size();
  return counts;
}

std::vector<std::uint32_t> count_classes(const std::vector<std::uint32_t>& sequence, std::size_t classes) {
  std::vector<std::uint32_t> counts(classes);
  for (std::uint32_t c : sequence) ++counts[c];
  return counts;
}

// Each synthetic image goes to the class that has the fewest images so far.
std::vector<std::uint32_t> fill_sequence(std::vector<std::uint32_t> counts, std::uint32_t size) {
  std::vector<std::uint32_t> sequence(size);
  for (std::uint32_t& next : sequence) {
    next = static_cast<std::uint32_t>(std::min_element(counts.begin(), counts.end()) - counts.begin());
    ++counts[next];
  }
  return sequence;
}

// The first `count` rows of one class in the order of hash(sample, seed).
std::vector<std::uint32_t> first_of_class(const Catalog& catalog, std::span<const std::uint32_t> rows,
                                          std::uint32_t count, std::uint64_t key) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> keyed;
  keyed.reserve(rows.size());
  for (std::uint32_t row : rows) keyed.emplace_back(hash_words(key, catalog.sample_id[row]), row);
  const auto end = keyed.begin() + count;
  if (end != keyed.end()) std::nth_element(keyed.begin(), end, keyed.end());
  std::sort(keyed.begin(), end);
  std::vector<std::uint32_t> first;
  for (auto it = keyed.begin(); it != end; ++it) first.push_back(it->second);
  return first;
}

[[noreturn]] void refuse_size(const Dataset& dataset, Origin origin, const std::string& what,
                              std::uint64_t asked, std::uint64_t there) {
  throw Error({.code = ErrorCode::usage,
               .where = origin == Origin::synthetic ? "data.synthetic_ratio" : "data.size",
               .what = "dataset \"" + dataset.manifest().name + "\" has too few " +
                       std::string(shard::name_of(origin)) + " training images" + what,
               .expected = "at most " + std::to_string(there),
               .got = std::to_string(asked)});
}

std::vector<std::uint32_t> draw(const Dataset& dataset, Origin origin,
                                const std::vector<std::uint32_t>& sequence, std::uint64_t seed) {
  const Catalog& catalog = dataset.catalog();
  const Purpose purpose = origin == Origin::real ? Purpose::selection_real : Purpose::selection_synthetic;
  const std::uint64_t key = hash_words(seed, static_cast<std::uint64_t>(purpose));
  const std::vector<std::uint32_t> wanted = count_classes(sequence, catalog.classes);
  std::vector<std::vector<std::uint32_t>> of_class(catalog.classes);
  for (std::uint32_t c = 0; c < catalog.classes; ++c) {
    const auto rows = dataset.rows_of(Split::train, origin, c);
    if (wanted[c] > rows.size()) {
      refuse_size(dataset, origin, " of class \"" + dataset.manifest().class_names[c] + "\"", wanted[c],
                  rows.size());
    }
    of_class[c] = first_of_class(catalog, rows, wanted[c], key);
  }
  std::vector<std::uint32_t> result, taken(catalog.classes);
  result.reserve(sequence.size());
  for (std::uint32_t c : sequence) result.push_back(of_class[c][taken[c]++]);
  return result;
}

struct Counts {
  std::uint32_t real = 0, synthetic = 0;
};

double synthetic_images(const SelectionRequest& request) { return request.size * request.synthetic_ratio; }

Counts counts_of(const SelectionRequest& request) {
  const auto synthetic = static_cast<std::uint32_t>(std::llround(synthetic_images(request)));
  return request.mode == MixMode::add ? Counts{request.size, synthetic}
                                      : Counts{request.size - synthetic, synthetic};
}

void check(const SelectionRequest& request) {
  const auto refuse = [](const char* key, const char* rule, double got) {
    throw Error({.code = ErrorCode::usage,
                 .where = key,
                 .what = "out of range",
                 .expected = rule,
                 .got = shortest(got)});
  };
  if (request.size == 0) refuse("data.size", "1 or more", 0);
  if (!(request.synthetic_ratio >= 0)) refuse("data.synthetic_ratio", "0 or more", request.synthetic_ratio);
  if (synthetic_images(request) > 4e9) {
    refuse("data.synthetic_ratio", "at most 4e9 synthetic images", request.synthetic_ratio);
  }
  if (request.mode == MixMode::replace && request.synthetic_ratio > 1) {
    refuse("data.synthetic_ratio", "0 to 1 where data.mode is \"replace\"", request.synthetic_ratio);
  }
  if (!(request.validation_fraction >= 0 && request.validation_fraction < 1)) {
    refuse("train.validation_fraction", "0 or more and below 1", request.validation_fraction);
  }
}

std::vector<std::uint32_t> draw_real(const Dataset& dataset, std::uint32_t size, std::uint64_t seed) {
  const std::vector<std::uint64_t> there = available(dataset, Origin::real);
  const std::uint64_t total = std::accumulate(there.begin(), there.end(), std::uint64_t{0});
  if (size > total) refuse_size(dataset, Origin::real, "", size, total);
  return draw(dataset, Origin::real, class_sequence(there, size), seed);
}

std::vector<std::uint32_t> draw_synthetic(const Dataset& dataset, const SelectionRequest& request,
                                          std::uint32_t size, const std::vector<std::uint32_t>& real) {
  if (size == 0) return {};
  const std::uint32_t total = dataset.count(Split::train, Origin::synthetic);
  if (size > total) refuse_size(dataset, Origin::synthetic, "", size, total);
  const std::size_t classes = dataset.catalog().classes;
  std::vector<std::uint32_t> sequence;
  if (request.synthetic_classes == SyntheticClasses::as_real) {
    if (dataset.count(Split::train, Origin::real) == 0) {
      throw Error({.code = ErrorCode::usage,
                   .where = "data.synthetic_classes",
                   .what = "\"as_real\" needs real training images, and the dataset has none",
                   .hint = "use \"uniform\""});
    }
    sequence = class_sequence(available(dataset, Origin::real), size);
  } else if (request.synthetic_classes == SyntheticClasses::uniform) {
    sequence = class_sequence(std::vector<std::uint64_t>(classes, 1), size);
  } else {
    std::vector<std::uint32_t> counts(classes);
    for (std::uint32_t row : real) ++counts[static_cast<std::size_t>(dataset.catalog().label[row])];
    sequence = fill_sequence(std::move(counts), size);
  }
  return draw(dataset, Origin::synthetic, sequence, request.seed);
}

[[noreturn]] void refuse_fraction(const SelectionRequest& request, std::string what, std::string expected,
                                  std::string hint) {
  throw Error({.code = ErrorCode::usage,
               .where = "train.validation_fraction",
               .what = std::move(what),
               .expected = std::move(expected),
               .got = shortest(request.validation_fraction),
               .hint = std::move(hint)});
}

// Moves a stratified share of `rows` to `validation`, whole families.
void carve_validation(const Catalog& catalog, const SelectionRequest& request,
                      std::vector<std::uint32_t>& rows, std::vector<std::uint32_t>& validation) {
  if (request.validation_fraction == 0) return;
  std::vector<std::uint64_t> counts(catalog.classes);
  for (std::uint32_t row : rows) ++counts[static_cast<std::size_t>(catalog.label[row])];
  const auto size = static_cast<std::uint32_t>(
      std::llround(request.validation_fraction * static_cast<double>(rows.size())));
  if (size == 0) {
    refuse_fraction(request, "no image of " + std::to_string(rows.size()) + " is left for validation",
                    "0, or a fraction of one image or more", "");
  }
  const std::vector<std::uint32_t> wanted = count_classes(class_sequence(counts, size), catalog.classes);
  const std::uint64_t key = hash_words(request.seed, static_cast<std::uint64_t>(Purpose::validation));
  std::unordered_set<std::uint64_t> families;
  for (std::uint32_t c = 0; c < catalog.classes; ++c) {
    std::vector<std::uint32_t> of_class;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(of_class),
                 [&](std::uint32_t row) { return catalog.label[row] == static_cast<std::int32_t>(c); });
    for (std::uint32_t row : first_of_class(catalog, of_class, wanted[c], key))
      families.insert(catalog.family_id[row]);
  }
  const auto split = std::stable_partition(rows.begin(), rows.end(), [&](std::uint32_t row) {
    return !families.contains(catalog.family_id[row]);
  });
  validation.assign(split, rows.end());
  rows.erase(split, rows.end());
}

// Every class that was selected must still have an image to train on.
void check_carved(const Dataset& dataset, const SelectionRequest& request, const Selection& selection) {
  if (selection.validation.empty()) return;
  if (selection.real.empty() && selection.synthetic.empty()) {
    refuse_fraction(request, "no image is left to train on", "", "");
  }
  const Catalog& catalog = dataset.catalog();
  std::vector<bool> trained(catalog.classes);
  for (const auto* rows : {&selection.real, &selection.synthetic}) {
    for (const std::uint32_t row : *rows) trained[static_cast<std::size_t>(catalog.label[row])] = true;
  }
  for (const std::uint32_t row : selection.validation) {
    const auto label = static_cast<std::size_t>(catalog.label[row]);
    if (trained[label]) continue;
    refuse_fraction(request,
                    "no image of class \"" + dataset.manifest().class_names[label] + "\" is left to train on",
                    "", "take a smaller fraction or a larger data.size");
  }
}

std::vector<std::uint32_t> children_of(const Dataset& dataset, const std::vector<std::uint32_t>& parents,
                                       std::uint32_t copies) {
  if (copies == 0) return {};
  const Catalog& catalog = dataset.catalog();
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> children;
  for (std::uint32_t c = 0; c < catalog.classes; ++c) {
    for (std::uint32_t row : dataset.rows_of(Split::train, Origin::augmented, c))
      children[catalog.parent_id[row]].push_back(row);
  }
  std::vector<std::uint32_t> result;
  for (std::uint32_t parent : parents) {
    const std::vector<std::uint32_t>& packed = children[catalog.sample_id[parent]];
    if (packed.size() < copies) {
      throw Error(
          {.code = ErrorCode::usage,
           .where = "data.augmented_copies",
           .what = "dataset \"" + dataset.manifest().name + "\" has too few augmented copies of an image",
           .expected = "at most " + std::to_string(packed.size()),
           .got = std::to_string(copies)});
    }
    result.insert(result.end(), packed.begin(), packed.begin() + copies);
  }
  return result;
}

}  // namespace

std::vector<std::uint32_t> Selection::training() const {
  std::vector<std::uint32_t> rows = real;
  rows.insert(rows.end(), augmented.begin(), augmented.end());
  rows.insert(rows.end(), synthetic.begin(), synthetic.end());
  return rows;
}

std::vector<std::uint32_t> class_sequence(const std::vector<std::uint64_t>& available, std::uint32_t size) {
  const std::uint64_t total = std::accumulate(available.begin(), available.end(), std::uint64_t{0});
  std::vector<std::uint64_t> counts(available.size());
  std::vector<std::uint32_t> sequence(size);
  for (std::uint64_t step = 1; step <= size; ++step) {
    std::size_t best = available.size();
    for (std::size_t c = 0; c < available.size(); ++c) {
      if (counts[c] * total >= step * available[c]) continue;  // has its share already
      // Its next image is due by step (count + 1) / share.
      if (best == available.size() || (counts[c] + 1) * available[best] < (counts[best] + 1) * available[c])
        best = c;
    }
    ++counts[best];
    sequence[step - 1] = static_cast<std::uint32_t>(best);
  }
  return sequence;
}

Selection select(const Dataset& dataset, const SelectionRequest& request) {
  check(request);
  const Counts counts = counts_of(request);
  Selection selection;
  selection.real = draw_real(dataset, counts.real, request.seed);
  selection.synthetic = draw_synthetic(dataset, request, counts.synthetic, selection.real);
  carve_validation(dataset.catalog(), request, selection.real.empty() ? selection.synthetic : selection.real,
                   selection.validation);
  check_carved(dataset, request, selection);
  selection.augmented = children_of(dataset, selection.real, request.augmented_copies);
  return selection;
}

std::uint64_t validation_images(const SelectionRequest& request) {
  const Counts counts = counts_of(request);
  const double carved = counts.real > 0 ? counts.real : counts.synthetic;
  return static_cast<std::uint64_t>(std::llround(request.validation_fraction * carved));
}

std::uint64_t training_images(const SelectionRequest& request) {
  const Counts counts = counts_of(request);
  std::uint64_t real = counts.real, synthetic = counts.synthetic;
  (real > 0 ? real : synthetic) -= validation_images(request);
  return real * (1 + std::uint64_t{request.augmented_copies}) + synthetic;
}

}  // namespace titrate::data
