// A second engine for tests: the first one's arithmetic under another name, for fewer networks.
#include <cstdint>
#include <string>

#include "titrate/train/engine.hpp"

namespace {

titrate::train::EngineLibrary torch() { return titrate::train::EngineLibrary(TITRATE_TRUE_ENGINE); }

}  // namespace

extern "C" __attribute__((visibility("default"))) std::uint64_t titrate_engine_interface() {
  return titrate::train::engine_interface();
}

extern "C" __attribute__((visibility("default"))) titrate::train::Engine* titrate_make_engine(
    const titrate::train::EngineSetup& setup) {
  return torch().make(setup).release();
}

extern "C" __attribute__((visibility("default"))) void titrate_engine_numerics(const titrate::comm::Device&,
                                                                               std::string& out) {
  out = "stub-1/cpu";
}

extern "C" __attribute__((visibility("default"))) void titrate_engine_supports(
    const titrate::net::Network& network, const titrate::study::TrainSettings& train,
    const titrate::comm::Device& device, std::string& why_not) {
  if (device.kind != titrate::comm::DeviceKind::cpu) {
    why_not = "it has no GPU code";
  } else if (titrate::net::needs_batch_statistics(network)) {
    why_not = "it has no batch_norm";
  } else if (train.precision != titrate::study::Precision::float32) {
    why_not = "it has no precision but float32";
  }
}
