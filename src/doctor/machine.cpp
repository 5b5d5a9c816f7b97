#include "machine.hpp"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "titrate/core/text.hpp"

namespace titrate::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t kSharedBytesPerRank = 8 * kMebibyte;  // Open MPI's segment of 4 MiB, and room
constexpr std::uint64_t kTemporaryBytes = 64 * kMebibyte;
constexpr std::string_view kSegment = "vader_segment.";

// Names of files in `folder` that processes have mapped.
std::set<std::string> mapped_files(const fs::path& folder, const fs::path& proc) {
  const std::string beginning = folder.string() + "/";
  std::set<std::string> names;
  std::error_code ignored;
  for (const fs::directory_entry& process : fs::directory_iterator(proc, ignored)) {
    if (!parse_integer(process.path().filename().string())) continue;
    std::ifstream maps(process.path() / "maps");
    for (std::string line; std::getline(maps, line);) {
      if (const std::size_t at = line.find(beginning); at != std::string::npos) {
        names.insert(line.substr(at + beginning.size()));
      }
    }
  }
  return names;
}

// Names and bytes of this user's segments.
std::map<std::string, std::uint64_t> segments_in(const fs::path& folder) {
  std::map<std::string, std::uint64_t> found;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    struct stat status {};
    if (!name.starts_with(kSegment) || ::stat(entry.path().c_str(), &status) != 0) continue;
    if (status.st_uid == ::geteuid()) found[name] = static_cast<std::uint64_t>(status.st_blocks) * 512;
  }
  return found;
}

bool leads_elsewhere(const comm::Interface& interface) {
  return !comm::is_loopback(interface) && !comm::is_for_containers(interface);
}

std::string describe(const std::vector<comm::Interface>& interfaces) {
  std::vector<std::string> parts;
  for (const comm::Interface& interface : interfaces) {
    if (!comm::is_loopback(interface)) parts.push_back(interface.name + " " + interface.address);
  }
  return parts.empty() ? "the loopback interface alone" : join(parts, ", ");
}

}  // namespace

std::string in_units(std::uint64_t bytes) {
  const double mebibytes = static_cast<double>(bytes) / static_cast<double>(kMebibyte);
  if (mebibytes >= 1024) return fixed(mebibytes / 1024, 1) + " GiB";
  return fixed(mebibytes, mebibytes < 10 ? 1 : 0) + " MiB";
}

std::vector<int> allowed_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> processors;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return processors;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &set)) processors.push_back(i);
  }
  return processors;
}

DoctorLines judge_processors(std::span<const std::vector<int>> allowed,
                             const std::optional<std::string>& omp_threads) {
  std::set<int> all;
  std::map<std::vector<int>, std::size_t> ranks_on;
  for (const std::vector<int>& processors : allowed) {
    all.insert(processors.begin(), processors.end());
    ++ranks_on[processors];
  }
  DoctorLine line{.name = "processors",
                  .text = counted(allowed.size(), "rank") + " on " + counted(all.size(), "processor")};
  if (allowed.size() > all.size()) {
    line.status = CheckStatus::warn;
    line.remedy = "they take turns: start at most " + counted(all.size(), "rank") + " on this host";
  } else {
    for (const auto& [processors, ranks] : ranks_on) {
      if (ranks <= processors.size()) continue;
      line.status = CheckStatus::warn;
      line.text += ", but " + counted(ranks, "rank") + " bound to processor " + number_ranges(processors);
      line.remedy = "mpirun --bind-to none; two runs side by side that are bound begin at the same processor";
    }
  }
  DoctorLines lines{line};
  const long long threads = parse_integer(omp_threads.value_or("1")).value_or(1);
  if (threads > 1 && static_cast<std::size_t>(threads) * allowed.size() > all.size()) {
    lines.push_back({.name = "OMP_NUM_THREADS",
                     .status = CheckStatus::warn,
                     .text = *omp_threads + " for each of " + counted(allowed.size(), "rank") + " on " +
                             counted(all.size(), "processor"),
                     .remedy = "export OMP_NUM_THREADS=1: a trial trains on one thread"});
  }
  return lines;
}

DoctorLine check_shared_memory(const fs::path& folder, int ranks) {
  DoctorLine line{.name = "shared memory"};
  std::error_code error;
  const std::uint64_t free = fs::space(folder, error).available;
  if (error) {
    line.status = CheckStatus::warn;
    line.text = folder.string() + ": " + error.message();
    line.remedy =
        "mount a tmpfs there, or let ranks meet elsewhere: mpirun --mca btl_vader_backing_directory /tmp";
    return line;
  }
  const std::uint64_t needed = kSharedBytesPerRank * static_cast<std::uint64_t>(ranks);
  line.text = in_units(free) + " free in " + folder.string();
  if (free >= needed) return line;
  line.status = CheckStatus::warn;
  line.text += ", " + in_units(needed) + " are wanted";
  line.remedy = "docker run --shm-size=1g; or mpirun --mca btl_vader_backing_directory /tmp";
  return line;
}

DoctorLines check_leftovers(const fs::path& folder, const fs::path& proc) {
  std::map<std::string, std::uint64_t> segments = segments_in(folder);
  if (segments.empty()) return {};
  for (const std::string& name : mapped_files(folder, proc)) segments.erase(name);
  std::uint64_t bytes = 0;
  for (const auto& [name, size] : segments) bytes += size;
  if (segments.empty()) return {};
  const std::string pattern = folder.string() + "/" + std::string(kSegment) + "*";
  return {{.name = "shared memory",
           .status = CheckStatus::warn,
           .text = counted(segments.size(), "file") + " of runs that were killed, " + in_units(bytes) + ": " +
                   pattern,
           .remedy = "for f in " + pattern + "; do fuser -s $f || rm $f; done"}};
}

DoctorLine check_temporary_space(const comm::GetEnvironment& get) {
  fs::path folder = "/tmp";
  for (const char* name : {"TEMP", "TMP", "TMPDIR", "OMPI_MCA_orte_tmpdir_base"}) {
    if (const auto value = get(name); value && !value->empty()) folder = *value;
  }
  DoctorLine line{.name = "temporary space"};
  // Open MPI makes missing folders.
  fs::path place = fs::absolute(folder);
  while (!fs::exists(place) && place.has_relative_path()) place = place.parent_path();
  std::error_code error;
  const std::uint64_t free = fs::space(place, error).available;
  if (!error && ::access(place.c_str(), W_OK | X_OK) != 0) error.assign(errno, std::generic_category());
  if (!error && !fs::is_directory(place)) error = std::make_error_code(std::errc::not_a_directory);
  if (error || free == 0) {
    const bool alone = comm::launcher_name(get) == "none";  // which needs none
    line.status = alone ? CheckStatus::warn : CheckStatus::fail;
    line.text = folder.string() + ": " +
                (error ? error.message() : "no space left, " + in_units(kTemporaryBytes) + " are wanted");
    line.remedy =
        "ranks of mpirun or srun cannot start without it: set TMPDIR to a folder of this host that you may "
        "write to";
    return line;
  }
  line.text = in_units(free) + " free in " + folder.string();
  if (free >= kTemporaryBytes) return line;
  line.status = CheckStatus::warn;
  line.remedy = "make room, or set TMPDIR to another folder of this host";
  return line;
}

std::vector<DoctorLines> judge_networks(std::span<const HostNetwork> hosts) {
  std::map<std::string, int> hosts_with;  // by interface and address; containers' alone
  for (const HostNetwork& host : hosts) {
    std::set<std::string> own;
    for (const comm::Interface& interface : host.interfaces) {
      if (comm::is_for_containers(interface)) own.insert(interface.name + " " + interface.address);
    }
    for (const std::string& name : own) ++hosts_with[name];
  }
  std::vector<DoctorLines> lines;
  for (const HostNetwork& host : hosts) {
    DoctorLine line{.name = "network", .text = describe(host.interfaces)};
    if (hosts.size() > 1 && std::none_of(host.interfaces.begin(), host.interfaces.end(), leads_elsewhere)) {
      line.status = CheckStatus::warn;
      line.text += ": no way to the other hosts";
      line.remedy = "look at ip addr; the interface that is meant: mpirun --mca btl_tcp_if_include NAME";
    }
    lines.push_back({line});
    for (const comm::Interface& interface : host.interfaces) {
      const auto found = hosts_with.find(interface.name + " " + interface.address);
      if (found == hosts_with.end() || found->second < 2) continue;
      lines.back().push_back({.name = "network",
                              .status = CheckStatus::warn,
                              .text = found->first + " is on several hosts, and leads to none of them",
                              .remedy = "mpirun --mca btl_tcp_if_exclude lo," + interface.name});
    }
  }
  return lines;
}

}  // namespace titrate::doctor
