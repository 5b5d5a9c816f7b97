// What a rank computes on: a processor core, or one GPU of its node.
#pragma once

#include <string>
#include <string_view>

namespace titrate::comm {

enum class DeviceKind { automatic, cpu, cuda };

// "auto", "cpu" or "cuda"; anything else is Error (usage).
DeviceKind parse_device_kind(std::string_view text);
std::string_view to_string(DeviceKind kind);

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

// GPUs that this process sees; 0 where titrate was built without CUDA or there is no driver.
int visible_gpus();

}  // namespace titrate::comm
