#include "titrate/comm/device.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "titrate/core/error.hpp"

#ifdef TITRATE_HAS_CUDA
#include "cuda_check.hpp"
#endif

namespace titrate::comm {
namespace {

struct Gpus {
  int count = 0;
  std::string why_none{};
};

#ifdef TITRATE_HAS_CUDA

Gpus find_gpus() {
  Gpus gpus;
  const cudaError_t status = cudaGetDeviceCount(&gpus.count);
  if (status == cudaSuccess) return gpus;
  int driver = 0;
  cudaDriverGetVersion(&driver);
  if (driver == 0) return {.count = 0, .why_none = "this host has no CUDA driver"};
  return {.count = 0, .why_none = cudaGetErrorString(status)};
}

Device describe_gpu(int index) {
  cudaDeviceProp properties{};
  check_cuda(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
  std::array<char, 32> pci_id{};
  check_cuda(cudaDeviceGetPCIBusId(pci_id.data(), static_cast<int>(pci_id.size()), index),
             "cudaDeviceGetPCIBusId");
  std::transform(pci_id.begin(), pci_id.end(), pci_id.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return {.kind = DeviceKind::cuda, .index = index, .name = properties.name, .pci_id = pci_id.data()};
}

#else

Gpus find_gpus() { return {.count = 0, .why_none = "titrate was built without CUDA"}; }

Device describe_gpu(int) {
  throw Error({.code = ErrorCode::internal, .what = "titrate was built without CUDA"});
}

#endif

}  // namespace

Device choose_device(int node_rank, DeviceKind requested) {
  const Device cpu{.kind = DeviceKind::cpu, .index = 0, .name = "cpu"};
  if (requested == DeviceKind::cpu) return cpu;
  if (const int gpus = visible_gpus(); gpus > 0) return describe_gpu(node_rank % gpus);
  if (requested == DeviceKind::automatic) return cpu;
  throw Error({.code = ErrorCode::usage,
               .where = "--device cuda",
               .what = "there is no GPU to use",
               .got = why_no_gpu(),
               .hint = "choose --device cpu or auto"});
}

int visible_gpus() { return find_gpus().count; }

std::string why_no_gpu() {
  const Gpus gpus = find_gpus();
  if (gpus.count > 0) return "";
  return gpus.why_none.empty() ? "no visible device" : gpus.why_none;
}

}  // namespace titrate::comm
