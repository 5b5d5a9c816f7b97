#include "titrate/core/byte_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "titrate/core/error.hpp"

namespace titrate {

ByteFile::ByteFile(const std::filesystem::path& path)
    : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (file_.get() < 0 && errno == ENOENT) {
    throw Error({.code = ErrorCode::integrity, .where = path.string(), .what = "the file is missing"});
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

}  // namespace titrate
