#include "engine_lines.hpp"

#include <algorithm>
#include <vector>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/train/engines.hpp"

namespace titrate {
namespace {

// The engine that trains it, or why there is none.
struct Chosen {
  std::string engine{}, refusal{};
};

Chosen choose(const train::Engines& engines, const net::Network& network, const study::TrainSettings& train,
              const comm::Device& device) {
  try {
    return {.engine = engines.choose(network, train, device).name()};
  } catch (const Error& error) {
    return {.refusal = error.what()};
  }
}

void add_new(std::vector<std::string>& texts, const std::string& text) {
  if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
}

}  // namespace

std::string engine_lines(const net::Network& network, std::span<const study::Trial> trials) {
  const train::Engines engines(train::engine_folder());
  const comm::Device device = comm::choose_device(0, comm::DeviceKind::automatic);
  std::vector<std::string> refusals;
  std::vector<std::vector<std::string>> answers(engines.names().size());
  for (const study::Trial& trial : trials) {
    const study::TrainSettings& train = trial.settings.train;
    const Chosen chosen = choose(engines, network, train, device);
    if (!chosen.refusal.empty()) add_new(refusals, chosen.refusal);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const std::string& name = engines.names()[i];
      const std::string reason = engines.load(name).why_not(network, train, device);
      const char* const able = name == chosen.engine ? "takes it" : "could take it";
      add_new(answers[i], reason.empty() ? able : reason);
    }
  }
  std::string lines;
  for (std::size_t i = 0; i < answers.size(); ++i)
    lines += "engine " + engines.names()[i] + ": " + join(answers[i], "; in other cells: ") + "\n";
  for (const std::string& refusal : refusals) lines += "none of them: " + refusal + "\n";
  return lines;
}

}  // namespace titrate
