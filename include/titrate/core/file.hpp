// Files that are whole or not there. Every write is checked, synced and renamed into place.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace titrate {

// Owns a POSIX file descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();

  int get() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

// All of these throw Error (io) that names the path and the system's reason.

std::vector<std::byte> read_file(const std::filesystem::path& path);
std::string read_text(const std::filesystem::path& path);

// Temporary name beside `path`, write loop, fsync, rename, fsync of the folder. On failure nothing is left.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file(const std::filesystem::path& path, std::string_view text);

// The same without waiting for the disk, for what is of use only while it is fresh: a reader sees the old or
// the new text, but after a power failure either may be gone.
void replace_file(const std::filesystem::path& path, std::string_view text);

// NAME, where `name` is what these two call a file before they rename it to NAME.
std::optional<std::string> name_to_be(std::string_view name);

// What killed processes left half written in `folder`, if that is there. Nobody may be writing in it.
void remove_half_written(const std::filesystem::path& folder);

// Writes all of `text`, going on after short writes and EINTR. `path` is for the message.
void write_all(int descriptor, std::string_view text, const std::filesystem::path& path);

// Creates the folder and its parents.
void make_folder(const std::filesystem::path& path);
void sync_folder(const std::filesystem::path& path);

// How the holder of a folder shows that it lives. Tests shorten these.
struct LockIntervals {
  double poll_seconds = 0.1;    // between two looks at a lock that is held
  double beat_seconds = 5.0;    // between two touches of .lock by its holder
  double stale_seconds = 30.0;  // a holder on another host counts as gone when its last touch is this old
};

// Holds `folder`/.lock while it lives. The file names the holder (host, pid, start time of the process), and
// a thread touches it, so that other hosts see that the holder lives; the end empties it.
//
// flock decides where it works. Some network file systems keep it to one host, some have none; so a holder on
// this host is also held until its process is gone, and one on another host until its touches stop. By the
// clock of the file server: hosts need not agree on the time.
//
// Waits up to `wait_seconds` for the folder, and for the SharedFolderHolds of an earlier run, then throws
// Error (in_use), which names the holder. Also throws Error (io).
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder, double wait_seconds = 0.0,
                      const LockIntervals& intervals = {});
  FolderLock(FolderLock&&) = delete;
  ~FolderLock();

 private:
  FileDescriptor file_;
  std::jthread beat_;  // after file_, which it touches
};

// Who holds a folder, as far as can be seen without writing to it.
struct FolderHolder {
  std::string host{};
  long pid = 0;
  bool lives = false;  // of another host: touched within the time in which it counts as gone, by this clock
};

// Nothing where nobody does, or all who did let go of it in peace. Throws Error (io).
std::optional<FolderHolder> find_holder(const std::filesystem::path& folder,
                                        const LockIntervals& intervals = {});

// Kept by each rank while it works in `folder`, from after the run's one FolderLock was taken: a shared flock
// on `folder`/.ranks. The process with the FolderLock may die before the others; the next FolderLock waits
// for them. Does nothing on a file system without flock. Throws Error (io).
class SharedFolderHold {
 public:
  explicit SharedFolderHold(const std::filesystem::path& folder);

 private:
  FileDescriptor file_;
};

}  // namespace titrate
