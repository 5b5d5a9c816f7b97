#include <algorithm>

#include "device_add.hpp"

namespace titrate::comm {
namespace {

constexpr unsigned kThreads = 256;
constexpr std::size_t kMostBlocks = 1024;  // fills any GPU; a thread takes several numbers of a long buffer

__global__ void add_kernel(float* __restrict__ sum, const float* __restrict__ other, std::size_t count) {
  const std::size_t stride = static_cast<std::size_t>(gridDim.x) * blockDim.x;
  for (std::size_t i = static_cast<std::size_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count;
       i += stride) {
    sum[i] += other[i];
  }
}

}  // namespace

cudaError_t add_on_device(float* sum, const float* other, std::size_t count, cudaStream_t stream) {
  if (count == 0) return cudaSuccess;
  const std::size_t blocks = std::min((count + kThreads - 1) / kThreads, kMostBlocks);
  add_kernel<<<static_cast<unsigned>(blocks), kThreads, 0, stream>>>(sum, other, count);
  return cudaGetLastError();
}

}  // namespace titrate::comm
