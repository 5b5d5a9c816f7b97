// What this shared library exports.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <dlfcn.h>
#include <torch/headeronly/version.h>

#include <cctype>

#include "titrate/core/error.hpp"
#include "torch_engine.hpp"

namespace titrate::engine_torch {
namespace {

// CPU ranks never load the CUDA libraries; LibTorch registers them when they come.
void load_cuda() {
  if (at::globalContext().hasCUDA()) return;
  if (::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    throw Error({.code = ErrorCode::failed,
                 .where = "engine_torch",
                 .what = "this LibTorch has no CUDA libraries",
                 .got = ::dlerror(),
                 .hint = "use --device cpu, or install a LibTorch with CUDA"});
  }
}

}  // namespace
}  // namespace titrate::engine_torch

// The functions that train::EngineLibrary looks up.
extern "C" __attribute__((visibility("default"))) std::uint64_t titrate_engine_interface() {
  return titrate::train::engine_interface();
}

extern "C" __attribute__((visibility("default"))) titrate::train::Engine* titrate_make_engine(
    const titrate::train::EngineSetup& setup) {
  at::set_num_threads(1);  // two threads sum in another order; one trial per core is faster anyway
  if (setup.device.kind == titrate::comm::DeviceKind::cuda) {
    titrate::engine_torch::load_cuda();
    // Full float32, and the same bits every time.
    at::globalContext().setAllowTF32CuDNN(false);
    at::globalContext().setBenchmarkCuDNN(false);
    at::globalContext().setDeterministicCuDNN(true);
  }
  return new titrate::engine_torch::TorchEngine(setup);
}

extern "C" __attribute__((visibility("default"))) void titrate_engine_numerics(
    const titrate::comm::Device& device, std::string& out) {
  out = "torch-" + std::to_string(TORCH_VERSION_MAJOR) + "." + std::to_string(TORCH_VERSION_MINOR);
  if (device.kind == titrate::comm::DeviceKind::cuda) {
    out += "/cuda/" + device.name;
    return;
  }
  for (const char c : "/cpu/" + at::get_cpu_capability())
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// The reference engine knows every layer and every setting, but not every LibTorch has CUDA.
extern "C" __attribute__((visibility("default"))) void titrate_engine_supports(
    const titrate::net::Network&, const titrate::study::TrainSettings&, const titrate::comm::Device& device,
    std::string& why_not) {
  why_not.clear();
  try {
    if (device.kind == titrate::comm::DeviceKind::cuda) titrate::engine_torch::load_cuda();
  } catch (const std::exception& error) {
    why_not = error.what();
  }
}
