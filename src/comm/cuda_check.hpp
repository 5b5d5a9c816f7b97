// The check of a call to the CUDA runtime. Only for files that are compiled with CUDA.
#pragma once

#include <cuda_runtime_api.h>

#include "titrate/core/error.hpp"

namespace titrate::comm {

// Throws Error (failed) with the call's name and CUDA's reason unless `status` is cudaSuccess.
inline void check_cuda(cudaError_t status, const char* call) {
  if (status == cudaSuccess) return;
  throw Error({.code = ErrorCode::failed,
               .where = call,
               .what = "CUDA refused the call",
               .got = cudaGetErrorString(status)});
}

}  // namespace titrate::comm
