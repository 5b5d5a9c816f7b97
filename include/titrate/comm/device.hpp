// The device that a rank computes on: a processor core, or one GPU of its node.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "titrate/core/choice.hpp"

namespace titrate::comm {

enum class DeviceKind { automatic, cpu, cuda };
constexpr auto choices(DeviceKind) {
  return choice_table<DeviceKind>(
      {{DeviceKind::automatic, "auto"}, {DeviceKind::cpu, "cpu"}, {DeviceKind::cuda, "cuda"}});
}

struct Device {
  DeviceKind kind = DeviceKind::cpu;  // never automatic
  int index = 0;                      // among the visible GPUs; 0 for a CPU
  std::string name{};                 // the GPU's model; "cpu"
  std::string pci_id{};               // "0000:3b:00.0", the same for every rank on it; empty for a CPU
};

// GPUs are dealt out by node-local rank: index = node_rank modulo the number of visible ones. `automatic` is
// cuda where titrate was built with it and a GPU is visible, else cpu. cuda where there is none is Error
// (usage) that says why.
Device choose_device(int node_rank, DeviceKind requested);

// The number of GPUs that this process sees; 0 where titrate was built without CUDA or there is no driver.
int visible_gpus();

// Why there is no GPU to use; empty where there is one.
std::string why_no_gpu();

struct DeviceMemory {
  std::size_t free_bytes = 0;
  std::size_t total_bytes = 0;
};

// The memory of a GPU, whoever uses it. Starts CUDA there, which takes memory itself. Throws Error (failed).
DeviceMemory device_memory(const Device& gpu);

// As CUDA and NCCL write them: 13000 is CUDA 13.0, 22809 NCCL 2.28.9.
struct GpuVersions {
  int driver = 0;       // the newest CUDA that the driver can run; 0 without a driver
  int runtime = 0;      // CUDA
  int nccl = 0;         // the library that was found when this program started
  int nccl_header = 0;  // what titrate was built with
};

// Nothing where titrate was built without CUDA.
std::optional<GpuVersions> gpu_versions();

}  // namespace titrate::comm
