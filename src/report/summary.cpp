#include "summary.hpp"

#include <algorithm>
#include <cmath>

#include "labels.hpp"
#include "titrate/core/text.hpp"

namespace titrate::report {
namespace {

std::vector<double> test_levels(const study::Settings& settings) {
  const std::vector<double>& levels = settings.evaluate.noise_levels;
  return levels.empty() ? std::vector<double>{settings.data.noise_level} : levels;
}

std::optional<double> number_of(const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) return static_cast<double>(*whole);
  if (const auto* number = std::get_if<double>(&value.data)) return *number;
  return std::nullopt;
}

Level level_of(const Cell& cell, const std::string& key) {
  if (key == kTestNoise) return {shortest(cell.test_noise_level), cell.test_noise_level};
  const Value value = study::all_values(cell.settings).at(key);
  return {value_text(value), number_of(value)};
}

void sort_levels(Dimension& dimension) {
  if (!dimension.numeric()) return;
  const bool zero_is_all = dimension.key == "data.size";
  const auto rank = [&](const Level& level) {
    return zero_is_all && *level.number == 0 ? std::numeric_limits<double>::infinity() : *level.number;
  };
  std::stable_sort(dimension.levels.begin(), dimension.levels.end(),
                   [&](const Level& a, const Level& b) { return rank(a) < rank(b); });
}

// Whether two values of the axis evaluate.noise_levels share a test noise, which then does not tell their
// cells apart.
bool tests_overlap(const std::vector<Cell>& cells) {
  std::map<double, std::vector<double>> lists;
  return std::any_of(cells.begin(), cells.end(), [&](const Cell& cell) {
    const std::vector<double>& list = cell.settings.evaluate.noise_levels;
    return lists.emplace(cell.test_noise_level, list).first->second != list;
  });
}

std::vector<std::string> candidate_keys(const study::Study& study, const std::vector<Cell>& cells) {
  std::vector<std::string> keys;
  for (const study::Axis& axis : study.axes) {
    const bool implied = axis.key == kTestLists && !tests_overlap(cells);
    if (axis.key != "seed" && !implied) keys.push_back(axis.key);
  }
  const bool several = std::any_of(cells.begin(), cells.end(),
                                   [](const Cell& c) { return test_levels(c.settings).size() > 1; });
  const bool swept = std::any_of(study.axes.begin(), study.axes.end(),
                                 [](const study::Axis& axis) { return axis.key == kTestLists; });
  if (several || swept) keys.emplace_back(kTestNoise);
  return keys;
}

// Finds what is swept and puts every cell in its place.
void place_cells(const study::Study& study, Summary& summary) {
  for (const std::string& key : candidate_keys(study, summary.cells)) {
    Dimension dimension{.key = key};
    std::vector<std::string> texts;
    for (const Cell& cell : summary.cells) {
      Level level = level_of(cell, key);
      texts.push_back(level.text);
      const bool known = std::any_of(dimension.levels.begin(), dimension.levels.end(),
                                     [&](const Level& other) { return other.text == level.text; });
      if (!known) dimension.levels.push_back(std::move(level));
    }
    if (dimension.levels.size() < 2) continue;
    sort_levels(dimension);
    for (std::size_t i = 0; i < summary.cells.size(); ++i) {
      const auto at = std::find_if(dimension.levels.begin(), dimension.levels.end(),
                                   [&](const Level& level) { return level.text == texts[i]; });
      summary.cells[i].place.push_back(static_cast<std::size_t>(at - dimension.levels.begin()));
    }
    summary.dimensions.push_back(std::move(dimension));
  }
}

void add_result(Cell& cell, const study::TrialRecord& record, std::size_t condition) {
  if (record.status == study::Status::diverged) {
    ++cell.diverged;
  } else if (record.status == study::Status::failed || condition >= record.outcome.conditions.size()) {
    ++cell.failed;
  } else {
    const study::Tally& tally = record.outcome.conditions[condition].tally;
    cell.seeds.push_back({.seed = record.settings.seed,
                          .metrics = study::metric_values(tally),
                          .train_images = static_cast<double>(record.outcome.train_images),
                          .steps = static_cast<double>(record.outcome.steps)});
    if (cell.confusion.size() < tally.confusion.size()) cell.confusion.resize(tally.confusion.size());
    for (std::size_t i = 0; i < tally.confusion.size(); ++i) cell.confusion[i] += tally.confusion[i];
  }
}

void add_trial(Summary& summary, const study::TrialRecord* record, std::size_t first_cell) {
  if (record == nullptr) return;
  if (record->status == study::Status::done) {
    ++summary.done;
  } else {
    ++(record->status == study::Status::diverged ? summary.diverged : summary.failed);
    summary.problems.push_back({.trial = record->trial,
                                .cell = first_cell,
                                .seed = record->settings.seed,
                                .status = record->status,
                                .reason = record->reason});
  }
  Provenance& from = summary.provenance;
  from.versions.insert(record->version);
  from.numerics.insert(record->numerics);
  HostUse& host = from.hosts[record->timing.host];
  host.world_ranks.insert(record->timing.world_rank);
  ++host.trials;
  from.compute_seconds += record->timing.total_seconds * record->timing.width;
}

// Sums, until finish() divides them.
void add_epochs(LearningCurve& curve, const std::vector<study::EpochRecord>& epochs) {
  if (curve.epochs.size() < epochs.size()) curve.epochs.resize(epochs.size());
  for (std::size_t e = 0; e < epochs.size(); ++e) {
    EpochMeans& sums = curve.epochs[e];
    ++sums.seeds;
    sums.train_loss += epochs[e].train_loss;
    sums.train_accuracy += epochs[e].train_accuracy;
    if (!epochs[e].validation_loss || !epochs[e].validation_accuracy) continue;
    sums.validation_loss = sums.validation_loss.value_or(0) + *epochs[e].validation_loss;
    sums.validation_accuracy = sums.validation_accuracy.value_or(0) + *epochs[e].validation_accuracy;
  }
}

void finish(LearningCurve& curve) {
  for (EpochMeans& means : curve.epochs) {
    const auto seeds = static_cast<double>(means.seeds);
    means.train_loss /= seeds;
    means.train_accuracy /= seeds;
    if (means.validation_loss) *means.validation_loss /= seeds;
    if (means.validation_accuracy) *means.validation_accuracy /= seeds;
  }
}

template <class ValueOf>
study::Estimate over_seeds(const Cell& cell, const ValueOf& value_of) {
  std::vector<double> values;
  for (const SeedResult& result : cell.seeds) values.push_back(value_of(result));
  return study::estimate(values);
}

void finish(Cell& cell) {
  std::sort(cell.seeds.begin(), cell.seeds.end(),
            [](const SeedResult& a, const SeedResult& b) { return a.seed < b.seed; });
  for (std::size_t m = 0; m < study::metrics().size(); ++m)
    cell.metrics.push_back(over_seeds(cell, [m](const SeedResult& result) { return result.metrics[m]; }));
  cell.train_images = over_seeds(cell, [](const SeedResult& result) { return result.train_images; });
  cell.steps = over_seeds(cell, [](const SeedResult& result) { return result.steps; });
}

// Cells of the grid in the order of their first trial, with the results of all their trials.
void collect_cells(std::span<const study::Trial> grid, const std::vector<const study::TrialRecord*>& records,
                   Summary& summary) {
  std::map<std::string, std::size_t> first_cell;
  std::map<std::size_t, LearningCurve> curves;  // by first cell
  for (const study::Trial& trial : grid) {
    ++summary.planned;
    summary.provenance.seeds.insert(trial.settings.seed);
    const std::vector<double> levels = test_levels(trial.settings);
    const auto [at, is_new] = first_cell.emplace(study::cell_key(trial.settings), summary.cells.size());
    if (is_new) {
      for (double level : levels)
        summary.cells.push_back({.settings = trial.settings, .test_noise_level = level});
    }
    const auto found =
        std::lower_bound(records.begin(), records.end(), trial.id,
                         [](const auto* record, const std::string& id) { return record->trial < id; });
    const study::TrialRecord* record =
        found == records.end() || (*found)->trial != trial.id ? nullptr : *found;
    add_trial(summary, record, at->second);
    if (record != nullptr && record->status == study::Status::done) {
      LearningCurve& curve = curves.try_emplace(at->second, LearningCurve{.cell = at->second}).first->second;
      add_epochs(curve, record->outcome.epochs);
    }
    for (std::size_t condition = 0; condition < levels.size(); ++condition) {
      Cell& cell = summary.cells[at->second + condition];
      if (record == nullptr) {
        ++cell.missing;
      } else {
        add_result(cell, *record, condition);
      }
    }
  }
  for (auto& [cell, curve] : curves) summary.curves.push_back(std::move(curve));
}

// Sorts the cells by place, and lets the problems and the learning curves follow them.
void sort_cells(Summary& summary) {
  std::vector<std::size_t> order(summary.cells.size()), position(summary.cells.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return summary.cells[a].place < summary.cells[b].place;
  });
  std::vector<Cell> sorted;
  for (std::size_t i = 0; i < order.size(); ++i) {
    position[order[i]] = i;
    sorted.push_back(std::move(summary.cells[order[i]]));
  }
  summary.cells = std::move(sorted);
  for (Problem& problem : summary.problems) problem.cell = position[problem.cell];
  std::sort(summary.problems.begin(), summary.problems.end(),
            [](const Problem& a, const Problem& b) { return a.trial < b.trial; });
  for (LearningCurve& curve : summary.curves) curve.cell = position[curve.cell];
  std::sort(summary.curves.begin(), summary.curves.end(),
            [](const LearningCurve& a, const LearningCurve& b) { return a.cell < b.cell; });
}

std::vector<study::Arm> arms_of(const std::vector<Cell>& cells) {
  std::vector<study::Arm> arms;
  for (const Cell& cell : cells) {
    study::Arm& arm =
        arms.emplace_back(study::Arm{.settings = &cell.settings, .test_noise_level = cell.test_noise_level});
    for (const SeedResult& result : cell.seeds)
      arm.accuracies.push_back({result.seed, result.metrics[study::kTestAccuracy]});
  }
  return arms;
}

}  // namespace

bool Dimension::numeric() const {
  return std::all_of(levels.begin(), levels.end(),
                     [](const Level& level) { return level.number.has_value(); });
}

std::optional<std::size_t> Summary::dimension(const std::string& key) const {
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    if (dimensions[i].key == key) return i;
  }
  return std::nullopt;
}

bool Summary::unequal_classes() const {
  for (const Cell& cell : cells) {
    const std::uint32_t classes = study::classes_of(cell.confusion);
    if (classes == 0) continue;
    std::vector<std::uint64_t> supports;
    for (const study::ClassScores& scores : study::class_scores(cell.confusion, classes)) {
      if (scores.occurs()) supports.push_back(scores.support);
    }
    const auto [least, most] = std::minmax_element(supports.begin(), supports.end());
    if (least != supports.end() && 2 * *most >= 3 * *least && *most > *least) return true;
  }
  return false;
}

std::size_t Summary::usual_seeds() const {
  std::size_t most = 0;
  for (const Cell& cell : cells) most = std::max(most, cell.seeds.size());
  return most;
}

const study::Comparison* Summary::main_comparison() const {
  return comparisons.empty() ? nullptr : &comparisons.front();
}

Summary summarise(const study::Study& study, std::span<const study::Trial> grid,
                  const std::vector<const study::TrialRecord*>& present) {
  Summary summary;
  collect_cells(grid, present, summary);
  for (Cell& cell : summary.cells) finish(cell);
  for (LearningCurve& curve : summary.curves) finish(curve);
  place_cells(study, summary);
  sort_cells(summary);
  summary.comparisons = study::compare(study, arms_of(summary.cells));
  return summary;
}

}  // namespace titrate::report
