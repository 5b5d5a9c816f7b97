// The learning curve of a trial as JSON, exact: in the journal and in checkpoints.
#pragma once

#include <string>
#include <vector>

#include "titrate/study/outcome.hpp"

namespace titrate::study {

// An array of one object per epoch; doubles are hex floats.
std::string epochs_json(const std::vector<EpochRecord>& epochs);

// Throws what the JSON library throws for other text.
std::vector<EpochRecord> parse_epochs(const std::string& json);

}  // namespace titrate::study
