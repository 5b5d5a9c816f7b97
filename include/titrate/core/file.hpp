// Files that are whole or not there. Every write is checked, synced and renamed into place.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
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

// Reads the file into `out`, which must have exactly its size; a file of another size is Error (integrity).
void read_file_into(const std::filesystem::path& path, std::span<std::byte> out);

// Temporary name beside `path`, write loop, fsync, rename, fsync of the folder. On failure nothing is left.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file(const std::filesystem::path& path, std::string_view text);

// Writes all of `text`, going on after short writes and EINTR. `path` is for the message.
void write_all(int descriptor, std::string_view text, const std::filesystem::path& path);

// Creates the folder and its parents.
void make_folder(const std::filesystem::path& path);
void sync_folder(const std::filesystem::path& path);

// Holds `folder`/.lock while it lives. The file names the holder: host, pid, start time of the process.
// Waits up to `wait_seconds` for a holder that is about to end, then throws Error (in_use) with the holder's
// name. The lock of a process that is gone (same host, no such process) is taken over.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder, double wait_seconds = 0.0);
  FolderLock(FolderLock&&) = delete;
  ~FolderLock();

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
};

}  // namespace titrate
