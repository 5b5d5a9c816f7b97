// Bytes as a file that lies nowhere, for readers that take a path.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "titrate/core/file.hpp"

namespace titrate {

class FuzzFile {
 public:
  FuzzFile(const std::uint8_t* data, std::size_t size)
      : file_(::memfd_create("fuzz", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(file_.get())) {
    write_all(file_.get(), {reinterpret_cast<const char*>(data), size}, path_);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  FileDescriptor file_;
  std::filesystem::path path_;
};

}  // namespace titrate
