// A zip archive whose members are stored, not deflated, each with its length in 64 bits (zip64), large or
// small, so that there is one form and one path through the code. Format: PKWARE's APPNOTE.TXT 6.3.
#include "npz_writer.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>

#include "titrate/core/error.hpp"
#include "titrate/core/npy_header.hpp"

namespace titrate::prep {
namespace {

constexpr std::uint16_t kVersion = 45;         // zip64
constexpr std::uint16_t kUtf8Names = 1 << 11;  // flag
constexpr std::uint16_t kDate = 1 << 5 | 1;    // 1980-01-01, the first that the format knows
constexpr std::uint32_t kSee64 = 0xffffffffu;  // "stands in the extra field"
constexpr std::uint16_t kSee64Short = 0xffffu;
constexpr std::uint16_t kExtra64 = 1;
constexpr std::size_t kLargestStep = 1 << 30;
constexpr std::size_t kLongestName = 1000;
constexpr std::uint64_t kCrcPlace = 14;  // in the header before a member

template <class Value>
std::string little(Value value) {
  std::string text;
  for (std::size_t i = 0; i < sizeof value; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}
std::string word16(std::uint64_t value) { return little(static_cast<std::uint16_t>(value)); }
std::string word32(std::uint64_t value) { return little(static_cast<std::uint32_t>(value)); }
std::string word64(std::uint64_t value) { return little(value); }

std::uint32_t crc_after(std::uint32_t before, std::span<const std::byte> values) {
  uLong crc = before;
  while (!values.empty()) {
    const std::size_t count = std::min(values.size(), kLargestStep);
    crc = crc32(crc, reinterpret_cast<const Bytef*>(values.data()), static_cast<uInt>(count));
    values = values.subspan(count);
  }
  return static_cast<std::uint32_t>(crc);
}

[[noreturn]] void refuse_array(const std::string& name, std::uint64_t expected, std::uint64_t got) {
  throw Error({.code = ErrorCode::internal,
               .where = name,
               .what = "an array's shape, type and bytes do not fit each other",
               .expected = std::to_string(expected) + " bytes",
               .got = std::to_string(got)});
}

// Of all elements. 0: the type is none.
std::uint64_t bytes_of(const std::vector<std::uint64_t>& shape, std::string_view dtype) {
  std::uint64_t bytes = dtype.size() == 3 ? static_cast<std::uint64_t>(dtype[2] - '0') : 0;
  for (const std::uint64_t length : shape) bytes *= length;
  return bytes;
}

}  // namespace

NpzWriter::NpzWriter(const std::filesystem::path& path)
    : path_(path), temporary_(path.string() + ".tmp." + std::to_string(::getpid())) {
  file_ = FileDescriptor(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (file_.get() >= 0) return;
  throw Error({.code = ErrorCode::io,
               .where = path.string(),
               .what = "cannot create the file",
               .got = system_message(errno)});
}

NpzWriter::~NpzWriter() {
  if (!finished_) ::unlink(temporary_.c_str());
}

void NpzWriter::write(std::string_view bytes) {
  write_all(file_.get(), bytes, path_);
  position_ += bytes.size();
}

void NpzWriter::add(const std::string& name, const std::vector<std::uint64_t>& shape,
                    std::span<const std::byte> values, std::string_view dtype) {
  if (const std::uint64_t expected = bytes_of(shape, dtype); expected != values.size())
    refuse_array(name, expected, values.size());
  begin(name, shape, dtype);
  append(values);
  end();
}

// The checksum stands before the elements that it is of: end() puts it in.
void NpzWriter::begin(const std::string& name, const std::vector<std::uint64_t>& shape,
                      std::string_view dtype) {
  const std::uint64_t values = bytes_of(shape, dtype);
  if (dtype.size() != 3 || name.empty() || name.size() >= kLongestName) refuse_array(name, values, 0);
  const std::string header = npy_header("'" + std::string(dtype) + "'", shape);
  const Member member{.name = name + ".npy", .bytes = header.size() + values, .offset = position_};
  const auto same = [&](const Member& other) { return other.name == member.name; };
  if (finished_ || position_ != member_end_ || std::any_of(members_.begin(), members_.end(), same)) {
    throw Error({.code = ErrorCode::internal,
                 .where = name,
                 .what = "an array was added twice, or before the last one was whole"});
  }
  const std::string extra = word16(kExtra64) + word16(16) + word64(member.bytes) + word64(member.bytes);
  members_.push_back(member);
  write("PK\x03\x04" + word16(kVersion) + word16(kUtf8Names) + word16(0) + word16(0) + word16(kDate) +
        word32(0) + word32(kSee64) + word32(kSee64) + word16(member.name.size()) + word16(extra.size()) +
        member.name + extra);
  member_end_ = position_ + member.bytes;
  append(std::as_bytes(std::span(header)));
}

void NpzWriter::append(std::span<const std::byte> values) {
  if (values.size() > member_end_ - position_)
    refuse_array(members_.empty() ? "" : members_.back().name, member_end_, position_ + values.size());
  members_.back().crc = crc_after(members_.back().crc, values);
  write({reinterpret_cast<const char*>(values.data()), values.size()});
}

void NpzWriter::end() {
  if (members_.empty() || position_ != member_end_)
    refuse_array(members_.empty() ? "" : members_.back().name, member_end_, position_);
  const std::string crc = word32(members_.back().crc);
  const auto place = static_cast<off_t>(members_.back().offset + kCrcPlace);
  if (::pwrite(file_.get(), crc.data(), crc.size(), place) == static_cast<ssize_t>(crc.size())) return;
  throw Error({.code = ErrorCode::io,
               .where = path_.string(),
               .what = "cannot write the file",
               .got = system_message(errno)});
}

void NpzWriter::write_directory() {
  const std::uint64_t begin = position_, count = members_.size();
  for (const Member& member : members_) {
    const std::string extra =
        word16(kExtra64) + word16(24) + word64(member.bytes) + word64(member.bytes) + word64(member.offset);
    constexpr std::uint64_t kUnixReadable = std::uint64_t{0100644} << 16;
    write("PK\x01\x02" + word16(3 << 8 | kVersion) + word16(kVersion) + word16(kUtf8Names) + word16(0) +
          word16(0) + word16(kDate) + word32(member.crc) + word32(kSee64) + word32(kSee64) +
          word16(member.name.size()) + word16(extra.size()) + word16(0) + word16(0) + word16(0) +
          word32(kUnixReadable) + word32(kSee64) + member.name + extra);
  }
  const std::uint64_t end = position_;
  constexpr std::uint64_t kEndBytes = 56;  // of the record that follows, without its first twelve
  write("PK\x06\x06" + word64(kEndBytes - 12) + word16(3 << 8 | kVersion) + word16(kVersion) + word32(0) +
        word32(0) + word64(count) + word64(count) + word64(end - begin) + word64(begin));
  write("PK\x06\x07" + word32(0) + word64(end) + word32(1));
  write("PK\x05\x06" + word16(0) + word16(0) + word16(kSee64Short) + word16(kSee64Short) + word32(kSee64) +
        word32(kSee64) + word16(0));
}

void NpzWriter::finish() {
  write_directory();
  const auto need = [&](bool good, const char* what) {
    if (good) return;
    throw Error({.code = ErrorCode::io, .where = path_.string(), .what = what, .got = system_message(errno)});
  };
  need(::fsync(file_.get()) == 0, "cannot sync the file");
  need(::rename(temporary_.c_str(), path_.c_str()) == 0, "cannot rename the file into place");
  finished_ = true;
  sync_folder(path_.parent_path().empty() ? "." : path_.parent_path());
}

}  // namespace titrate::prep
