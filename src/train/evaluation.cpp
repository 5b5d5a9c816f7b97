#include "titrate/train/evaluation.hpp"

#include <algorithm>
#include <cstring>

#include "titrate/comm/rank.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/fault.hpp"
#include "titrate/train/trainer.hpp"

namespace titrate::train {
namespace {

// The rank that predicts the batch which begins at this row: ranks take turns.
int owner_of(std::size_t start, const Group& group) {
  return static_cast<int>(start / kTestBatch) % group.size();
}

// Gives every rank the batches of all.
void share(const Group& group, std::vector<study::Prediction>& predictions) {
  const std::string_view mine(reinterpret_cast<const char*>(predictions.data()),
                              predictions.size() * sizeof(study::Prediction));
  const std::vector<std::string> all = group.communicator->all_gather(mine);
  for (std::size_t start = 0; start < predictions.size(); start += kTestBatch) {
    const std::size_t count = std::min(kTestBatch, predictions.size() - start);
    std::memcpy(&predictions[start],
                comm::at(all, owner_of(start, group)).data() + start * sizeof(study::Prediction),
                count * sizeof(study::Prediction));
  }
}

}  // namespace

std::vector<study::Prediction> predict_rows(Engine& engine, std::span<const std::uint32_t> rows,
                                            const data::Pipeline& pipeline, const Group& group,
                                            TrialObserver* observer) {
  std::vector<study::Prediction> predictions(rows.size());
  together(group, [&] {
    fault_at("predict");
    for (std::size_t start = 0; start < rows.size(); start += kTestBatch) {
      if (owner_of(start, group) != group.rank()) continue;
      if (observer != nullptr) observer->alive();
      const std::size_t count = std::min(kTestBatch, rows.size() - start);
      engine.evaluate(rows.subspan(start, count), pipeline, std::span(predictions).subspan(start, count));
    }
  });
  if (group.size() > 1) share(group, predictions);
  return predictions;
}

study::Tally tally_rows(const data::Dataset& dataset, std::span<const std::uint32_t> rows,
                        const data::Pipeline& pipeline, std::span<const study::Prediction> predictions) {
  const std::span<const std::int32_t> label_of = data::labels_of(dataset, pipeline);
  std::vector<std::int32_t> truth;
  truth.reserve(rows.size());
  for (const std::uint32_t row : rows) truth.push_back(label_of[row]);
  return tally(truth, predictions, dataset.catalog().classes);
}

std::vector<std::uint32_t> test_rows(const data::Dataset& dataset) {
  std::vector<std::uint32_t> rows = dataset.rows_of(data::Split::test);
  if (rows.empty()) {
    throw Error({.code = ErrorCode::usage,
                 .where = dataset.manifest().name,
                 .what = "the dataset has no test images"});
  }
  const auto sample = [&](std::uint32_t row) { return dataset.catalog().sample_id[row]; };
  std::sort(rows.begin(), rows.end(),
            [&](std::uint32_t a, std::uint32_t b) { return sample(a) < sample(b); });
  return rows;
}

}  // namespace titrate::train
