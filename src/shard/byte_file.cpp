#include "titrate/shard/byte_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "titrate/core/error.hpp"

namespace titrate::shard {
namespace {

constexpr std::size_t kLongestName = 80;

}  // namespace

ByteFile::ByteFile(const std::filesystem::path& path)
    : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (file_.get() < 0 && errno == ENOENT) {
    throw Error({.code = ErrorCode::integrity,
                 .where = path.string(),
                 .what = "the file is missing",
                 .hint = "the path of a source begins at --data-root, else TITRATE_DATA, else the working "
                         "directory"});
  }
  struct stat status {};
  if (file_.get() < 0 || ::fstat(file_.get(), &status) != 0) {
    throw Error({.code = ErrorCode::io,
                 .where = path.string(),
                 .what = "cannot open the file",
                 .got = system_message(errno)});
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error({.code = ErrorCode::io, .where = path.string(), .what = "not a regular file"});
  }
  bytes_ = static_cast<std::uint64_t>(status.st_size);
}

void ByteFile::read(std::uint64_t offset, std::span<std::byte> out) const {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t count =
        ::pread(file_.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      throw Error({.code = ErrorCode::io,
                   .where = path_.string(),
                   .what = "cannot read the file",
                   .got = system_message(errno)});
    }
    if (count == 0) {
      throw Error({.code = ErrorCode::integrity,
                   .where = path_.string(),
                   .what = "the file is shorter than it was when it was opened",
                   .expected = std::to_string(offset + out.size()) + " bytes",
                   .got = std::to_string(offset + done)});
    }
    done += static_cast<std::size_t>(count);
  }
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i++]);
    if (first < 0x80) continue;
    const std::size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4 || more > text.size() - i) return false;
    std::uint32_t code = first & (0x3fu >> more);
    for (std::size_t j = 0; j < more; ++j) {
      const auto next = static_cast<unsigned char>(text[i++]);
      if ((next & 0xc0) != 0x80) return false;
      code = code << 6 | (next & 0x3fu);
    }
    const bool too_long = code < (more == 3 ? 0x10000u : more == 2 ? 0x800u : 0x80u);
    if (too_long || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
  }
  return true;
}

std::string printable(std::string_view text) {
  std::size_t size = std::min(text.size(), kLongestName);
  while (size < text.size() && size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  std::string result(text.substr(0, size));
  const bool readable = is_utf8(result);
  for (char& c : result) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !readable)) c = '?';
  }
  return size < text.size() ? result + "..." : result;
}

}  // namespace titrate::shard
