// classification_text() and classification_json() of confusion matrices, for classification_peer.py to hold
// against scikit-learn: a line {"names": [...], "confusion": [...]} in, a line {"text": "...", "report":
// {...}} out.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../../src/report/classification.hpp"
#include "titrate/core/error.hpp"

namespace titrate {
namespace {

using Json = nlohmann::ordered_json;

int run(int, char**) {
  for (std::string line; std::getline(std::cin, line);) {
    const Json request = Json::parse(line);
    const auto confusion = request.at("confusion").get<std::vector<std::uint64_t>>();
    const auto names = request.at("names").get<std::vector<std::string>>();
    const Json answer{{"text", report::classification_text(confusion, names)},
                      {"report", Json::parse(report::classification_json(confusion, names))}};
    std::cout << answer.dump() << "\n";
  }
  return 0;
}

}  // namespace
}  // namespace titrate

int main(int argc, char** argv) {
  return titrate::run_and_report("classification_dump", titrate::run, argc, argv);
}
