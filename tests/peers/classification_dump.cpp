// classification_text() and classification_json() of confusion matrices, and the Matthews correlation, for
// classification_peer.py to hold against scikit-learn: a line {"names": [...], "confusion": [...]} in, a line
// {"text": "...", "report": {...}, "mcc": ...} out.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../../src/report/classification.hpp"
#include "titrate/core/error.hpp"
#include "titrate/study/metrics.hpp"

namespace titrate {
namespace {

using Json = nlohmann::ordered_json;

double metric(const std::string& column, const std::vector<std::uint64_t>& confusion) {
  const std::vector<double> values = study::metric_values({.confusion = confusion});
  for (std::size_t m = 0; m < values.size(); ++m) {
    if (study::metrics()[m].column == column) return values[m];
  }
  throw Error({.code = ErrorCode::internal, .where = column, .what = "no such metric"});
}

int run(int, char**) {
  for (std::string line; std::getline(std::cin, line);) {
    const Json request = Json::parse(line);
    const auto confusion = request.at("confusion").get<std::vector<std::uint64_t>>();
    const auto names = request.at("names").get<std::vector<std::string>>();
    const Json answer{{"text", report::classification_text(confusion, names)},
                      {"report", Json::parse(report::classification_json(confusion, names))},
                      {"mcc", metric("mcc", confusion)}};
    std::cout << answer.dump() << "\n";
  }
  return 0;
}

}  // namespace
}  // namespace titrate

int main(int argc, char** argv) {
  return titrate::run_and_report("classification_dump", titrate::run, argc, argv);
}
