#include "machine.hpp"

namespace titrate::doctor {
namespace {

// 13000 is "13.0".
std::string cuda_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

struct NcclVersion {
  int major = 0, minor = 0, patch = 0;
};

NcclVersion nccl_version(int code) { return {code / 10000, code / 100 % 100, code % 100}; }

std::string nccl_text(int code) {
  const NcclVersion version = nccl_version(code);
  return std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
         std::to_string(version.patch);
}

}  // namespace

DoctorLine judge_gpu(const comm::Device& gpu, const comm::DeviceMemory& memory, std::span<const int> ranks) {
  DoctorLine line{.name = "GPU",
                  .text = gpu.pci_id + " " + gpu.name + ", " + in_units(memory.free_bytes) + " of " +
                          in_units(memory.total_bytes) + " free: " + comm::name_ranks(ranks)};
  if (memory.free_bytes < memory.total_bytes / 2) {
    line.status = CheckStatus::warn;
    line.remedy = "another program uses it: nvidia-smi shows which";
  }
  return line;
}

DoctorLine judge_no_gpu(const std::string& why, const std::filesystem::path& proc) {
  DoctorLine line{.name = "GPU", .text = "none: " + why};
  std::error_code ignored;
  const std::filesystem::path there = proc / "driver" / "nvidia" / "gpus";
  if (!std::filesystem::is_directory(there, ignored) || std::filesystem::is_empty(there, ignored))
    return line;
  line.status = CheckStatus::warn;
  line.text += "; but the machine has one";
  line.remedy = "look at CUDA_VISIBLE_DEVICES and nvidia-smi; trials run on the processors";
  return line;
}

DoctorLines judge_gpu_versions(const std::optional<comm::GpuVersions>& versions, bool used) {
  if (!versions) return {};
  DoctorLine cuda{.name = "CUDA", .text = cuda_text(versions->runtime) + ", "};
  if (versions->driver == 0) {
    cuda.text += "no driver";
  } else {
    cuda.text += "the driver runs up to " + cuda_text(versions->driver);
    if (versions->driver / 1000 < versions->runtime / 1000) {
      cuda.status = CheckStatus::warn;
      cuda.remedy = "GPUs are not used: update the driver, or build with an older CUDA toolkit";
    }
  }
  DoctorLine nccl{.name = "NCCL", .text = nccl_text(versions->nccl)};
  const NcclVersion found = nccl_version(versions->nccl), built = nccl_version(versions->nccl_header);
  if (versions->nccl != versions->nccl_header) {
    nccl.text += ", but titrate was built with " + nccl_text(versions->nccl_header);
    // The exchange over NCCL refuses these.
    if (found.major != built.major || versions->nccl < versions->nccl_header) {
      nccl.status = used ? CheckStatus::fail : CheckStatus::warn;
      nccl.remedy = "LD_LIBRARY_PATH leads to another libnccl.so, ldd shows which; or build again";
    }
  }
  return {cuda, nccl};
}

}  // namespace titrate::doctor
