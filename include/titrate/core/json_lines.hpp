// An append-only file of lines, each one JSON object that ends in its own CRC-32C.
//
// A line is written by one write() and synced before append() returns. A line that was torn by a crash, or
// changed by a disk, does not match its checksum and is reported, not returned.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "titrate/core/file.hpp"

namespace titrate {

class JsonLinesWriter {
 public:
  // Creates the file, or appends to it; a torn last line is closed with a newline first. Throws Error (io).
  explicit JsonLinesWriter(const std::filesystem::path& path);

  // `object` is the text of a JSON object, "{...}" with at least one member; ,"crc":"xxxxxxxx" is added to
  // it.
  void append(std::string_view object);

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
};

struct JsonLines {
  std::vector<std::string> objects;        // as they were given to append()
  std::vector<std::size_t> damaged_lines;  // numbers of lines that do not match their checksum, from 1
};

JsonLines read_json_lines(const std::filesystem::path& path);

}  // namespace titrate
