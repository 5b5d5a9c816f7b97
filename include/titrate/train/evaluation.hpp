// What a network says to many images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "titrate/train/engine.hpp"
#include "titrate/train/group.hpp"

namespace titrate::train {

class TrialObserver;

// The rows that an engine evaluates as one batch.
inline constexpr std::size_t kTestBatch = 250;

// In batches of a fixed size, whoever computes them, so that the numbers do not depend on the group.
// Collective over it; every rank gets all predictions, in the order of the rows. Tells `observer` of each
// batch. Throws as together() does.
std::vector<study::Prediction> predict_rows(Engine& engine, std::span<const std::uint32_t> rows,
                                            const data::Pipeline& pipeline, const Group& group,
                                            TrialObserver* observer = nullptr);

// Against the catalog's labels, or the pipeline's where it has some.
study::Tally tally_rows(const data::Dataset& dataset, std::span<const std::uint32_t> rows,
                        const data::Pipeline& pipeline, std::span<const study::Prediction> predictions);

// Every row of the test split by ascending sample id, whatever the order in which it was packed. Throws Error
// (usage) where there is none.
std::vector<std::uint32_t> test_rows(const data::Dataset& dataset);

}  // namespace titrate::train
