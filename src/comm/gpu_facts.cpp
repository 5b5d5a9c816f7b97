#include "titrate/comm/device.hpp"
#include "titrate/core/error.hpp"

#ifdef TITRATE_HAS_CUDA

#include <nccl.h>

#include "cuda_check.hpp"

namespace titrate::comm {

DeviceMemory device_memory(const Device& gpu) {
  DeviceMemory memory;
  check_cuda(cudaSetDevice(gpu.index), "cudaSetDevice");
  check_cuda(cudaMemGetInfo(&memory.free_bytes, &memory.total_bytes), "cudaMemGetInfo");
  return memory;
}

std::optional<GpuVersions> gpu_versions() {
  GpuVersions versions{.nccl_header = NCCL_VERSION_CODE};
  if (cudaDriverGetVersion(&versions.driver) != cudaSuccess) versions.driver = 0;
  if (cudaRuntimeGetVersion(&versions.runtime) != cudaSuccess) versions.runtime = 0;
  if (ncclGetVersion(&versions.nccl) != ncclSuccess) versions.nccl = 0;
  return versions;
}

}  // namespace titrate::comm

#else

namespace titrate::comm {

DeviceMemory device_memory(const Device&) {
  throw Error({.code = ErrorCode::internal, .what = "titrate was built without CUDA"});
}

std::optional<GpuVersions> gpu_versions() { return std::nullopt; }

}  // namespace titrate::comm

#endif
