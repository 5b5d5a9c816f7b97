#include "titrate/core/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* what, int error_number) {
  throw Error(
      {.code = ErrorCode::io, .where = path.string(), .what = what, .got = system_message(error_number)});
}

FileDescriptor open_for_reading(const std::filesystem::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail(path, "cannot open the file", errno);
  return file;
}

std::size_t size_of(const FileDescriptor& file, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail(path, "cannot read the file's size", errno);
  if (!S_ISREG(status.st_mode)) {
    throw Error({.code = ErrorCode::io, .where = path.string(), .what = "not a regular file"});
  }
  return static_cast<std::size_t>(status.st_size);
}

void read_exactly(const FileDescriptor& file, std::span<std::byte> out, const std::filesystem::path& path) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t count = ::read(file.get(), out.data() + done, out.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path, "cannot read the file", errno);
    if (count == 0) {
      throw Error({.code = ErrorCode::integrity,
                   .where = path.string(),
                   .what = "the file is shorter than it should be",
                   .expected = std::to_string(out.size()) + " bytes",
                   .got = std::to_string(done)});
    }
    done += static_cast<std::size_t>(count);
  }
}

// Removes the temporary file unless it was renamed into place.
struct Temporary {
  std::filesystem::path path;
  bool published = false;
  ~Temporary() {
    if (!published) ::unlink(path.c_str());
  }
};

constexpr std::string_view kTemporary = ".tmp";

std::filesystem::path temporary_path(const std::filesystem::path& path) {
  return path.parent_path() /
         ("." + path.filename().string() + std::string(kTemporary) + std::to_string(::getpid()));
}

FileDescriptor create(const Temporary& temporary, const std::filesystem::path& path) {
  FileDescriptor file(::open(temporary.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0) fail(path, "cannot create the file", errno);
  return file;
}

void publish(Temporary& temporary, const std::filesystem::path& path) {
  if (::rename(temporary.path.c_str(), path.c_str()) != 0)
    fail(path, "cannot rename the file into place", errno);
  temporary.published = true;
}

}  // namespace

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  const FileDescriptor file = open_for_reading(path);
  std::vector<std::byte> bytes(size_of(file, path));
  read_exactly(file, bytes, path);
  return bytes;
}

std::string read_text(const std::filesystem::path& path) {
  const FileDescriptor file = open_for_reading(path);
  std::string text(size_of(file, path), '\0');
  read_exactly(file, std::as_writable_bytes(std::span(text)), path);
  return text;
}

std::optional<std::string> name_to_be(std::string_view name) {
  const std::size_t end = name.rfind(kTemporary);
  if (!name.starts_with('.') || end == std::string_view::npos || end <= 1) return std::nullopt;
  if (parse_integer(name.substr(end + kTemporary.size())).value_or(0) <= 0) return std::nullopt;  // a process
  return std::string(name.substr(1, end - 1));
}

void remove_half_written(const std::filesystem::path& folder) {
  std::error_code absent, stays;
  for (const auto& entry : std::filesystem::directory_iterator(folder, absent)) {
    if (name_to_be(entry.path().filename().string())) std::filesystem::remove(entry.path(), stays);
  }
}

void write_all(int descriptor, std::string_view text, const std::filesystem::path& path) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path, "cannot write the file", errno);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  Temporary temporary{temporary_path(path)};
  {
    const FileDescriptor file = create(temporary, path);
    write_all(file.get(), text, path);
    if (::fsync(file.get()) != 0) fail(path, "cannot sync the file", errno);
  }
  publish(temporary, path);
  sync_folder(path.parent_path());
}

void replace_file(const std::filesystem::path& path, std::string_view text) {
  Temporary temporary{temporary_path(path)};
  write_all(create(temporary, path).get(), text, path);
  publish(temporary, path);
}

void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  write_file(path, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail(path, "cannot create the folder", error.value());
}

void sync_folder(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.empty() ? "." : path;
  FileDescriptor file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.get() < 0) fail(folder, "cannot open the folder", errno);
  // Some network file systems refuse to sync a folder; their rename is already durable.
  if (::fsync(file.get()) != 0 && errno != EINVAL && errno != ENOTSUP)
    fail(folder, "cannot sync the folder", errno);
}

}  // namespace titrate
