#include "titrate/sweep/predictions.hpp"

namespace titrate::sweep {
namespace {

// NumPy's format, version 1.0: magic, length, a Python dict, a line end on a multiple of 64 bytes.
std::string npy_header(const std::string& fields, std::size_t rows, std::size_t columns) {
  std::string dict = "{'descr': " + fields + ", 'fortran_order': False, 'shape': (" + std::to_string(rows) +
                     ", " + std::to_string(columns) + "), }";
  constexpr std::size_t kPreamble = 10;
  dict.append(63 - (kPreamble + dict.size()) % 64, ' ');
  dict += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(dict.size() & 0xFF);
  header += static_cast<char>(dict.size() >> 8);
  return header + dict;
}

}  // namespace

std::filesystem::path predictions_file(const std::filesystem::path& run_folder, const std::string& trial) {
  return run_folder / "predictions" / (trial + ".npy");
}

std::string encode_predictions(const std::vector<std::vector<train::Prediction>>& predictions,
                               std::uint32_t classes) {
  const bool narrow = classes <= 256;
  const std::string fields =
      std::string("[('predicted', '") + (narrow ? "|u1" : "<u2") + "'), ('probability', '<f4')]";
  std::string bytes = npy_header(fields, predictions.size(), predictions.empty() ? 0 : predictions[0].size());
  for (const auto& condition : predictions) {
    for (const train::Prediction& prediction : condition) {
      const auto predicted = static_cast<std::uint16_t>(prediction.predicted);
      bytes.append(reinterpret_cast<const char*>(&predicted), narrow ? 1 : 2);
      bytes.append(reinterpret_cast<const char*>(&prediction.probability), sizeof prediction.probability);
    }
  }
  return bytes;
}

}  // namespace titrate::sweep
