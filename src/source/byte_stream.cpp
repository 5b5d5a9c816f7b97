#include "byte_stream.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <string>

#include "refuse.hpp"
#include "titrate/core/error.hpp"

namespace titrate::source {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;
constexpr std::size_t kLargestStep = 1 << 30;  // zlib counts in 32 bits

bool begins_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

bool begins_gzip(const ByteFile& file) {
  std::array<std::byte, 2> head{};
  file.read(0, std::span(head).first(std::min<std::uint64_t>(head.size(), file.bytes())));
  return begins_gzip(head);
}

}  // namespace

ByteStream::ByteStream(const std::filesystem::path& path) : path_(path), file_(existing(path)) {
  if (!begins_gzip(file_)) return;
  packed_.resize(file_.bytes());
  file_.read(0, packed_);
  auto inflater = std::make_unique<z_stream>();
  if (inflateInit2(inflater.get(), kGzipOnly) != Z_OK) throw std::bad_alloc();
  inflater_ = std::move(inflater);
}

ByteStream::~ByteStream() {
  if (inflater_) inflateEnd(inflater_.get());
}

std::size_t ByteStream::read(std::span<std::byte> out) {
  if (!compressed()) {
    const std::size_t count = std::min<std::uint64_t>(out.size(), file_.bytes() - position_);
    file_.read(position_, out.first(count));
    position_ += count;
    return count;
  }
  std::size_t done = 0;
  while (done < out.size() && !ended_) done += inflate_some(out.subspan(done));
  return done;
}

std::size_t ByteStream::inflate_some(std::span<std::byte> out) {
  const std::size_t input = std::min(packed_.size() - position_, kLargestStep);
  const std::size_t output = std::min(out.size(), kLargestStep);
  inflater_->next_in = reinterpret_cast<Bytef*>(packed_.data() + position_);
  inflater_->avail_in = static_cast<uInt>(input);
  inflater_->next_out = reinterpret_cast<Bytef*>(out.data());
  inflater_->avail_out = static_cast<uInt>(output);
  const int result = inflate(inflater_.get(), Z_NO_FLUSH);
  position_ += input - inflater_->avail_in;
  if (result == Z_STREAM_END) {
    end_member();
  } else if (result != Z_OK) {
    const bool cut = result == Z_BUF_ERROR && position_ == packed_.size();
    throw Error(
        {.code = ErrorCode::integrity,
         .where = path_.string(),
         .what = (cut ? "the gzip stream is cut off at byte " : "the gzip stream is damaged before byte ") +
                 std::to_string(position_),
         .got = cut || inflater_->msg == nullptr ? "" : inflater_->msg});
  }
  return output - inflater_->avail_out;
}

void ByteStream::end_member() {
  if (begins_gzip(std::span(packed_).subspan(position_))) {
    inflateReset(inflater_.get());
    return;
  }
  ended_ = true;
  if (position_ == packed_.size()) return;
  throw Error({.code = ErrorCode::integrity,
               .where = path_.string(),
               .what = "there are bytes after the end of the gzip stream",
               .expected = "the file's end at byte " + std::to_string(position_),
               .got = std::to_string(packed_.size()) + " bytes"});
}

}  // namespace titrate::source
