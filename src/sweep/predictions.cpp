#include "predictions.hpp"

#include "titrate/core/npy_header.hpp"

namespace titrate::sweep {
std::filesystem::path predictions_file(const std::filesystem::path& run_folder, const std::string& trial) {
  return run_folder / "predictions" / (trial + ".npy");
}

std::string encode_predictions(const std::vector<std::vector<study::Prediction>>& predictions,
                               std::uint32_t classes) {
  const bool narrow = classes <= 256;
  const std::string fields =
      std::string("[('predicted', '") + (narrow ? "|u1" : "<u2") + "'), ('probability', '<f4')]";
  const std::uint64_t shape[] = {predictions.size(), predictions.empty() ? 0 : predictions[0].size()};
  std::string bytes = npy_header(fields, shape);
  for (const auto& condition : predictions) {
    for (const study::Prediction& prediction : condition) {
      const auto predicted = static_cast<std::uint16_t>(prediction.predicted);
      bytes.append(reinterpret_cast<const char*>(&predicted), narrow ? 1 : 2);
      bytes.append(reinterpret_cast<const char*>(&prediction.probability), sizeof prediction.probability);
    }
  }
  return bytes;
}

}  // namespace titrate::sweep
