// Writes a .npz file: what numpy.load reads.
//
// The bytes are a function of what was added: arrays are stored as they are, with no times. The file is there
// when finish() returns, and not before. Private to this module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "titrate/core/file.hpp"

namespace titrate::prep {

class NpzWriter {
 public:
  // Begins a temporary file beside `path`. Throws Error (io).
  explicit NpzWriter(const std::filesystem::path& path);
  NpzWriter(NpzWriter&&) = delete;
  ~NpzWriter();  // without finish(): nothing is left

  // An array in C order: `dtype` is NumPy's text for one element ("|u1", "<i8", "<f4"), `values` the bytes of
  // all of them. Names are plain ("train_images") and differ. Throws Error: internal when the parts do not
  // fit each other, io.
  void add(const std::string& name, const std::vector<std::uint64_t>& shape,
           std::span<const std::byte> values, std::string_view dtype);

  // The same, piece by piece: end() throws Error (internal) unless the pieces fill the shape.
  void begin(const std::string& name, const std::vector<std::uint64_t>& shape, std::string_view dtype);
  void append(std::span<const std::byte> values);
  void end();

  // Writes the table of contents, syncs, and renames into place. Once, last. Throws Error (io).
  void finish();

 private:
  struct Member {
    std::string name{};
    std::uint32_t crc = 0;
    std::uint64_t bytes = 0;  // header and elements
    std::uint64_t offset = 0;
  };

  void write(std::string_view bytes);
  void write_directory();

  std::filesystem::path path_, temporary_;
  FileDescriptor file_;
  std::vector<Member> members_;
  std::uint64_t position_ = 0;
  std::uint64_t member_end_ = 0;  // where the latest member ends once it is whole
  bool finished_ = false;
};

}  // namespace titrate::prep
