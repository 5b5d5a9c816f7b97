// The records of a CSV file in order, and their fields; private to this module.
//
// RFC 4180: fields may be quoted, quotes inside are doubled, a quoted field may hold commas and line ends.
// Lines end in CR LF or LF, the last one may have no end. A byte order mark is skipped.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "byte_stream.hpp"

namespace titrate::source {

class CsvReader {
 public:
  // Throws Error (io).
  explicit CsvReader(const std::filesystem::path& path);

  // The next record, without its line end; nothing after the last. Valid until the next call. Throws Error
  // (integrity) for a quote that is never closed, a record of more than 64 MiB, an empty line that is
  // followed by others, and a file that unpacks to implausibly much.
  std::optional<std::string_view> next();

  // next() gives the same record once more.
  void unread() { unread_ = true; }

  std::size_t line() const { return line_; }  // that the record begins on, from 1
  std::string where() const;                  // "path:line"

  // Splits the record that next() gave. Throws Error (integrity) for quotes that are not as RFC 4180 has
  // them.
  void split(std::string_view record, std::vector<std::string>& fields) const;

 private:
  std::optional<std::string_view> next_line_or_more();
  std::size_t record_end();
  bool fill();  // false: there is no more

  std::filesystem::path path_;
  ByteStream stream_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;  // what of the buffer is not used yet
  bool ended_ = false;               // nothing comes after the buffer
  std::uint64_t unpacked_ = 0;
  std::string_view record_{};
  std::size_t line_ = 0, next_line_ = 1;
  bool unread_ = false;
};

}  // namespace titrate::source
