// Somebody else's file, open for reading at any place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "titrate/core/file.hpp"

namespace titrate {

class ByteFile {
 public:
  // Throws Error: integrity when there is no such file, io when it cannot be opened or is no regular file.
  explicit ByteFile(const std::filesystem::path& path);

  std::uint64_t bytes() const { return bytes_; }

  // Fills `out` from `offset` on. Thread-safe. Throws Error: integrity when the file ends before, io.
  void read(std::uint64_t offset, std::span<std::byte> out) const;

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
  std::uint64_t bytes_ = 0;
};

}  // namespace titrate
