// The one kernel of the fixed tree: in device memory what add() of tree.hpp does in the host's.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

namespace titrate::comm {

// sum[i] += other[i] for i below `count`, in the order of `stream`; not overlapping. One rounding each, so
// the bits are the host's. The status is that of the launch.
cudaError_t add_on_device(float* sum, const float* other, std::size_t count, cudaStream_t stream);

}  // namespace titrate::comm
