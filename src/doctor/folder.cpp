#include "folder.hpp"

#include <unistd.h>

#include <chrono>
#include <optional>
#include <thread>

#include "machine.hpp"
#include "titrate/comm/placement.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/text.hpp"

namespace titrate::doctor {
namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "run folder";
constexpr const char* kFile = "written-by-rank-0";
constexpr const char* kFirst = "first";
constexpr const char* kSecond = "second";
constexpr std::uintmax_t kWantedBytes = std::uintmax_t{1} << 30;
constexpr double kSlowSeconds = 0.2;
constexpr const char* kProbe = ".doctor-";
constexpr std::chrono::minutes kProbeMinutes(
    1);                             // no check takes so long: older folders are of killed processes
constexpr double kSeenSeconds = 5;  // network file systems cache for a while that a file is missing

// Rank 0's scratch folder. The destructor removes it, and the folders that were made for it.
class ProbeFolder {
 public:
  explicit ProbeFolder(const fs::path& out) {
    const fs::path whole = fs::absolute(out).lexically_normal();
    for (fs::path part = whole; !fs::exists(part) && part.has_relative_path(); part = part.parent_path()) {
      made_.push_back(part);
    }
    make_folder(whole);
    remove_old(whole);
    path_ = whole / (kProbe + std::to_string(::getpid()));
    make_folder(path_);
  }
  ProbeFolder(ProbeFolder&&) = delete;
  ~ProbeFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    for (const fs::path& part : made_) fs::remove(part, ignored);  // stays unless it is empty
  }

  const fs::path& path() const { return path_; }

 private:
  static void remove_old(const fs::path& out) {
    std::error_code ignored;
    std::vector<fs::path> old;
    for (const fs::directory_entry& entry : fs::directory_iterator(out, ignored)) {
      const bool is_probe = entry.path().filename().string().starts_with(kProbe);
      if (is_probe && fs::file_time_type::clock::now() - entry.last_write_time(ignored) > kProbeMinutes)
        old.push_back(entry.path());
    }
    for (const fs::path& probe : old) fs::remove_all(probe, ignored);
  }

  fs::path path_;
  std::vector<fs::path> made_;
};

DoctorLine failure(const std::string& what, const std::string& remedy) {
  return {.name = kName, .status = CheckStatus::fail, .text = what, .remedy = remedy};
}

DoctorLines write_there(const fs::path& out, const fs::path& folder) {
  const std::uintmax_t free = fs::space(folder).available;
  DoctorLine space{.name = kName, .text = in_units(free) + " free in " + out.string()};
  if (free < kWantedBytes) {
    space.status = CheckStatus::warn;
    space.remedy = "make room: kept weights and checkpoints may need more";
  }
  write_file(folder / kFile, kFirst);
  const auto start = std::chrono::steady_clock::now();
  write_file(folder / kFile, kSecond);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (read_text(folder / kFile) != kSecond) {
    return {space, failure("a file that was renamed over another has the other's bytes",
                           "choose a folder on another file system")};
  }
  DoctorLine speed{.name = kName,
                   .text = "a file is written, synced and renamed in " + fixed(1e3 * seconds, 1) + " ms"};
  if (seconds > kSlowSeconds) {
    speed.status = CheckStatus::warn;
    speed.remedy = "each finished trial waits for this: choose a faster file system";
  }
  return {space, speed};
}

// Reads rank 0's file on this rank.
DoctorLine look(const fs::path& folder) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(kSeenSeconds);
  for (;;) {
    try {
      if (read_text(folder / kFile) == kSecond)
        return {.name = kName, .text = "what rank 0 wrote there is seen"};
    } catch (const Error&) {
      // It may come later.
    }
    if (std::chrono::steady_clock::now() >= deadline) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return failure("what rank 0 wrote there is not seen",
                 "--out must be on a file system that all hosts share, under one path");
}

// Tries to take the lock that rank 0 holds.
DoctorLine try_lock(const fs::path& folder, int rank) {
  try {
    const FolderLock second(folder);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::in_use) {
      return {.name = kName,
              .text = "rank " + std::to_string(rank) + " is refused the lock that rank 0 holds"};
    }
    return failure(error.what(), "a sweep locks its folder: choose another file system");
  }
  return failure(
      "rank " + std::to_string(rank) + " could take the lock that rank 0 holds",
      "locks do not work there: never start two sweeps into it at once, or choose another file system");
}

std::string who_by_rank(std::span<const int> ranks) { return comm::name_ranks(ranks); }

}  // namespace

int locking_rank(std::span<const comm::Placement> ranks) {
  for (const comm::Placement& rank : ranks) {
    if (rank.node != 0) return rank.world_rank;
  }
  return ranks.size() > 1 ? 1 : 0;
}

DoctorLines check_run_folder(const comm::Session& session, const fs::path& out, int locking_rank) {
  const comm::Communicator& world = session.world();
  const bool is_first = session.world_rank() == 0;
  DoctorLines lines;
  std::optional<ProbeFolder> probe;
  std::optional<FolderLock> lock;
  if (is_first) {
    try {
      probe.emplace(out);
      lines = write_there(out, probe->path());
      lock.emplace(probe->path());
    } catch (const std::exception& error) {
      lines.push_back(failure(error.what(), "choose a folder that you may write to, on a disk with room"));
      lock.reset();
      probe.reset();
    }
  }
  const fs::path folder = world.broadcast(probe ? probe->path().string() : "", 0);
  if (folder.empty()) return lines;

  const DoctorLine seen = look(folder);
  DoctorLines own{seen};
  if (session.world_rank() == locking_rank && seen.status == CheckStatus::ok)
    own.push_back(try_lock(folder, locking_rank));
  std::vector<DoctorLines> said, tried;
  for (const std::string& text : world.gather(pack_lines(own), 0)) {
    DoctorLines parsed = parse_lines(text);
    if (parsed.size() > 1) tried.push_back({parsed[1]});
    parsed.resize(1);
    said.push_back(parsed);
  }
  for (const DoctorLine& line : merge_lines(said, who_by_rank)) lines.push_back(line);
  for (const DoctorLines& line : tried) lines.insert(lines.end(), line.begin(), line.end());
  return lines;
}

}  // namespace titrate::doctor
