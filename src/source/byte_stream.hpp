// The bytes of a file in order, unpacked on the way where they are compressed by gzip, also in several
// members one after another; private to this module.
//
// Never holds more unpacked bytes than it is asked for, so a small file cannot fill the memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "titrate/core/byte_file.hpp"

struct z_stream_s;

namespace titrate::source {

class ByteStream {
 public:
  // Throws Error: integrity when there is no such file, io when it cannot be read.
  explicit ByteStream(const std::filesystem::path& path);
  ByteStream(ByteStream&&) = delete;
  ~ByteStream();

  bool compressed() const { return inflater_ != nullptr; }
  std::size_t file_bytes() const { return file_.bytes(); }

  // Fills `out`; returns fewer only where the stream ends. Throws Error: io; integrity, with the offset in
  // the file, for a gzip stream that is damaged, cut off or followed by other bytes.
  std::size_t read(std::span<std::byte> out);

 private:
  std::size_t inflate_some(std::span<std::byte> out);
  void end_member();  // goes on with the next one where there is one

  std::filesystem::path path_;
  ByteFile file_;
  std::vector<std::byte> packed_;  // the whole file, where it is compressed
  std::size_t position_ = 0;       // in the file
  std::unique_ptr<z_stream_s> inflater_;
  bool ended_ = false;
};

}  // namespace titrate::source
