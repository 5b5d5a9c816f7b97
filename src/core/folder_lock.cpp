#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <sstream>
#include <thread>

#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"

namespace titrate {
namespace {

struct Holder {
  std::string host;
  long pid = 0;
  std::string started;  // clock ticks since boot, from /proc/PID/stat: tells a reused pid from the holder
};

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

// Field 22 of /proc/PID/stat; empty when there is no such process.
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
  for (int i = 3; i <= 22; ++i) fields >> field;
  return field;
}

std::string describe(const Holder& holder) {
  return holder.host + " " + std::to_string(holder.pid) + " " + holder.started + "\n";
}

Holder parse(const std::string& text) {
  Holder holder;
  std::istringstream(text) >> holder.host >> holder.pid >> holder.started;
  return holder;
}

// On another host nobody can tell from here whether the holder lives.
bool is_alive(const Holder& holder) {
  if (holder.host != host_name()) return !holder.host.empty();
  return !holder.started.empty() && start_time(holder.pid) == holder.started;
}

[[noreturn]] void refuse(const std::filesystem::path& folder, const Holder& holder) {
  throw Error({.code = ErrorCode::in_use,
               .where = folder.string(),
               .what = "the folder is in use by process " + std::to_string(holder.pid) + " on " + holder.host,
               .hint = "wait for it to end, or remove " + (folder / ".lock").string() +
                       " if you know that it is gone"});
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder, double wait_seconds) : path_(folder / ".lock") {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(wait_seconds);
  for (;;) {
    file_ = FileDescriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (file_.get() < 0) {
      throw Error({.code = ErrorCode::io,
                   .where = folder.string(),
                   .what = "cannot write to the folder",
                   .got = system_message(errno)});
    }
    const bool locked = ::flock(file_.get(), LOCK_EX | LOCK_NB) == 0;
    std::array<char, 512> buffer{};
    const ssize_t count = ::pread(file_.get(), buffer.data(), buffer.size() - 1, 0);
    const Holder holder = parse(std::string(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0));
    if (locked && !is_alive(holder)) break;
    if (std::chrono::steady_clock::now() >= deadline) refuse(folder, holder);
    file_ = FileDescriptor();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  const Holder self{host_name(), ::getpid(), start_time(::getpid())};
  if (::ftruncate(file_.get(), 0) != 0) {
    throw Error({.code = ErrorCode::io,
                 .where = path_.string(),
                 .what = "cannot write the lock",
                 .got = system_message(errno)});
  }
  write_all(file_.get(), describe(self), path_);
}

FolderLock::~FolderLock() {
  // Emptied, not removed: removing it would let a third process lock a new file beside a waiting one's old
  // file.
  [[maybe_unused]] const int result = ::ftruncate(file_.get(), 0);
}

}  // namespace titrate
