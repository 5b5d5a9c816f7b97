// The doctor's checks of one host. A check_ measures and judges; a judge_ is given what was measured, so that
// a test need not make the machine ill.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "titrate/comm/interfaces.hpp"
#include "titrate/comm/placement.hpp"
#include "titrate/doctor/line.hpp"

namespace titrate::doctor {

std::string in_units(std::uint64_t bytes);  // "23.9 GiB", "512 MiB"

// The numbers of the processors that this process may run on.
std::vector<int> allowed_processors();

// `allowed[i]`: the processors of rank i of this host. `omp_threads`: OMP_NUM_THREADS.
DoctorLines judge_processors(std::span<const std::vector<int>> allowed,
                             const std::optional<std::string>& omp_threads);

// The space for the shared memory of Open MPI's ranks on one host; `folder` is /dev/shm.
DoctorLine check_shared_memory(const std::filesystem::path& folder, int ranks);

// Files in `folder` that killed ranks left: this user's files that no process has mapped. `proc` is /proc. No
// lines where there are none.
DoctorLines check_leftovers(const std::filesystem::path& folder, const std::filesystem::path& proc);

// The space for mpirun's sockets.
DoctorLine check_temporary_space(const comm::GetEnvironment& get);

struct HostNetwork {
  std::string host{};
  std::vector<comm::Interface> interfaces{};
};

// The lines of each host.
std::vector<DoctorLines> judge_networks(std::span<const HostNetwork> hosts);

// One rank's GPU; `ranks` of this host share it.
DoctorLine judge_gpu(const comm::Device& gpu, const comm::DeviceMemory& memory, std::span<const int> ranks);

// For ranks without GPUs. `why` as comm::why_no_gpu() says it; `proc` shows whether the machine has one.
DoctorLine judge_no_gpu(const std::string& why, const std::filesystem::path& proc);

// CUDA and NCCL; no lines where titrate was built without them. `used`: a rank has a GPU.
DoctorLines judge_gpu_versions(const std::optional<comm::GpuVersions>& versions, bool used);

}  // namespace titrate::doctor
