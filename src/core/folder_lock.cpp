#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>

#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/host.hpp"
#include "titrate/core/text.hpp"

namespace titrate {
namespace {

struct Holder {
  std::string host;
  long pid = 0;
  std::string started;  // clock ticks since boot, from /proc/PID/stat: tells a reused pid from the holder
};

// Field 22 of /proc/PID/stat; empty when there is no such process, or only what its parent has not asked
// about.
std::string start_time(long pid) {
  std::string text;
  try {
    FileDescriptor file(::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 1024> buffer{};
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count <= 0) return "";
    text.assign(buffer.data(), static_cast<std::size_t>(count));
  } catch (const std::exception&) {
    return "";
  }
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string field;
  fields >> field;
  if (field == "Z" || field == "X") return "";
  for (int i = 4; i <= 22; ++i) fields >> field;
  return field;
}

Holder this_process() { return {host_name(), ::getpid(), start_time(::getpid())}; }

std::string describe(const Holder& holder) {
  return holder.host + " " + std::to_string(holder.pid) + " " + holder.started + "\n";
}

Holder parse(const std::string& text) {
  Holder holder;
  std::istringstream(text) >> holder.host >> holder.pid >> holder.started;
  return holder;
}

[[noreturn]] void fail(const std::filesystem::path& path, const char* what, int error_number) {
  throw Error(
      {.code = ErrorCode::io, .where = path.string(), .what = what, .got = system_message(error_number)});
}

// Opened anew for every look: that is when a network file system asks its server.
FileDescriptor open_lock(const std::filesystem::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (file.get() < 0) fail(path.parent_path(), "cannot write to the folder", errno);
  return file;
}

std::string text_of(const FileDescriptor& file) {
  std::array<char, 512> buffer{};
  const ssize_t count = ::pread(file.get(), buffer.data(), buffer.size(), 0);
  return {buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

enum class Flock { obtained, held, unsupported };

Flock try_flock(const FileDescriptor& file, int operation, const std::filesystem::path& path) {
  while (::flock(file.get(), operation) != 0) {
    switch (errno) {
      case EINTR:
        continue;
      case EWOULDBLOCK:
        return Flock::held;
      case ENOLCK:
      case ENOTSUP:
      case ENOSYS:
      case EINVAL:
        return Flock::unsupported;
      default:
        fail(path, "cannot lock the file", errno);
    }
  }
  return Flock::obtained;
}

timespec touched_at(const FileDescriptor& file, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail(path, "cannot read the file's time", errno);
  return status.st_mtim;
}

// Both times are the file server's: a file touched now is what tells how late it is there.
double seconds_since_touched(const FileDescriptor& file, const std::filesystem::path& path) {
  std::string name = path.string() + ".nowXXXXXX";
  const FileDescriptor fresh(::mkostemp(name.data(), O_CLOEXEC));
  if (fresh.get() < 0) fail(path.parent_path(), "cannot write to the folder", errno);
  const bool touched = ::futimens(fresh.get(), nullptr) == 0;
  const int error_number = errno;
  ::unlink(name.c_str());
  if (!touched) fail(path.parent_path(), "cannot touch a file in the folder", error_number);
  const timespec now = touched_at(fresh, path);
  const timespec then = touched_at(file, path);
  return static_cast<double>(now.tv_sec - then.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec - then.tv_nsec);
}

ErrorInfo used_by(const Holder& holder, const std::filesystem::path& lock) {
  ErrorInfo info{.code = ErrorCode::in_use,
                 .where = lock.parent_path().string(),
                 .what = "the folder is in use by another process",
                 .hint = "wait for it to end"};
  if (!holder.host.empty())
    info.what = "the folder is in use by process " + std::to_string(holder.pid) + " on " + holder.host;
  return info;
}

ErrorInfo used_from_afar(const Holder& holder, const std::filesystem::path& lock, double age) {
  ErrorInfo info = used_by(holder, lock);
  info.what += ", last seen " + fixed(std::max(age, 0.0), 0) + " s ago";
  return info;
}

// Someone keeps a SharedFolderHold.
bool ranks_live(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / ".ranks";
  const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (file.get() < 0 && errno == ENOENT) return false;
  if (file.get() < 0) fail(path, "cannot open the file", errno);
  return try_flock(file, LOCK_EX | LOCK_NB, path) == Flock::held;
}

// Takes the lock and writes this process's name into it, or returns what is in the way.
std::optional<ErrorInfo> take(const FileDescriptor& file, const std::filesystem::path& path,
                              const LockIntervals& intervals) {
  const Flock flocked = try_flock(file, LOCK_EX | LOCK_NB, path);
  const Holder holder = parse(text_of(file));
  const Holder self = this_process();
  if (!holder.host.empty() && holder.host != self.host) {
    const double age = seconds_since_touched(file, path);
    ErrorInfo info = used_from_afar(holder, path, age);
    if (flocked == Flock::held) return info;
    if (age < intervals.stale_seconds) {
      info.hint +=
          ", or " + fixed(intervals.stale_seconds, 0) + " s from when it was last seen if it is gone";
      return info;
    }
  } else if (flocked == Flock::held ||
             (!holder.started.empty() && start_time(holder.pid) == holder.started)) {
    return used_by(holder, path);
  }
  if (ranks_live(path.parent_path())) {
    return ErrorInfo{.code = ErrorCode::in_use,
                     .where = path.parent_path().string(),
                     .what = "ranks of an earlier run are still alive in the folder",
                     .hint = "wait for them to end, or end them"};
  }

  if (::ftruncate(file.get(), 0) != 0) fail(path, "cannot write the lock", errno);
  write_all(file.get(), describe(self), path);
  if (flocked == Flock::unsupported) {
    // Two may have found the folder free at once. The name that stays is the holder's.
    std::this_thread::sleep_for(std::chrono::duration<double>(intervals.poll_seconds));
    const std::string winner = text_of(open_lock(path));
    if (winner != describe(self)) return used_by(parse(winner), path);
  }
  return std::nullopt;
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder, double wait_seconds,
                       const LockIntervals& intervals) {
  const std::filesystem::path path = folder / ".lock";
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(wait_seconds);
  for (;;) {
    file_ = open_lock(path);
    const std::optional<ErrorInfo> obstacle = take(file_, path, intervals);
    if (!obstacle) break;
    if (std::chrono::steady_clock::now() >= deadline) throw Error(*obstacle);
    file_ = FileDescriptor();
    std::this_thread::sleep_for(std::chrono::duration<double>(intervals.poll_seconds));
  }
  beat_ =
      std::jthread([descriptor = file_.get(), beat = intervals.beat_seconds](const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any bell;
        std::unique_lock lock(mutex);
        while (!stop.stop_requested()) {
          ::futimens(descriptor, nullptr);  // one that fails is made up for by the next
          bell.wait_for(lock, stop, std::chrono::duration<double>(beat), [] { return false; });
        }
      });
}

FolderLock::~FolderLock() {
  // Emptied, not removed: removing it would let a third process lock a new file beside a waiting one's old
  // file. Another's name is in it if this process slept for so long that it was taken for gone.
  if (text_of(file_) != describe(this_process())) return;
  [[maybe_unused]] const int result = ::ftruncate(file_.get(), 0);
}

std::optional<FolderHolder> find_holder(const std::filesystem::path& folder, const LockIntervals& intervals) {
  const std::filesystem::path path = folder / ".lock";
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0 && errno == ENOENT) return std::nullopt;
  if (file.get() < 0) fail(path, "cannot open the lock", errno);
  const Holder holder = parse(text_of(file));
  if (holder.host.empty()) return std::nullopt;
  const bool lives =
      holder.host == host_name()
          ? !holder.started.empty() && start_time(holder.pid) == holder.started
          : static_cast<double>(std::time(nullptr) - touched_at(file, path).tv_sec) < intervals.stale_seconds;
  return FolderHolder{.host = holder.host, .pid = holder.pid, .lives = lives};
}

SharedFolderHold::SharedFolderHold(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / ".ranks";
  file_ = FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (file_.get() < 0) fail(path, "cannot write to the folder", errno);
  try_flock(file_, LOCK_SH, path);
}

}  // namespace titrate
