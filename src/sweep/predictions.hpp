// A trial's prediction for each test image, kept for paired tests and calibration: predictions/TRIAL.npy.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "titrate/study/metrics.hpp"

namespace titrate::sweep {

std::filesystem::path predictions_file(const std::filesystem::path& run_folder, const std::string& trial);

// A NumPy array of conditions x test images by ascending sample id, of the fields "predicted" (a class; one
// byte for up to 256 of them, else two) and "probability" (float32).
std::string encode_predictions(const std::vector<std::vector<study::Prediction>>& predictions,
                               std::uint32_t classes);

}  // namespace titrate::sweep
