#include "csv_reader.hpp"

#include <algorithm>
#include <cstring>

#include "refuse.hpp"

namespace titrate::source {
namespace {

constexpr std::size_t kFirstBuffer = 64 << 10, kLargestRecord = 64 << 20;
// Text shrinks less than a hundredfold; what claims to is refused before it fills the memory.
constexpr std::uint64_t kLargestExpansion = 100, kAlwaysAllowedBytes = 16 << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

CsvReader::CsvReader(const std::filesystem::path& path)
    : path_(path), stream_(path), buffer_(kFirstBuffer, '\0') {
  fill();
  if (std::string_view(buffer_).substr(0, end_).starts_with(kByteOrderMark)) begin_ = kByteOrderMark.size();
}

std::string CsvReader::where() const { return path_.string() + ':' + std::to_string(line_); }

std::optional<std::string_view> CsvReader::next() {
  if (unread_) {
    unread_ = false;
    return record_;
  }
  std::size_t empty_line = 0;
  while (const auto record = next_line_or_more()) {
    if (record->empty()) {
      if (empty_line == 0) empty_line = line_;
      continue;
    }
    if (empty_line != 0) {
      line_ = empty_line;
      refuse(where(), "the line is empty");
    }
    record_ = *record;
    return record_;
  }
  return std::nullopt;
}

std::optional<std::string_view> CsvReader::next_line_or_more() {
  if (begin_ == end_ && !fill()) return std::nullopt;
  line_ = next_line_;
  const std::size_t length = record_end();
  std::string_view record = std::string_view(buffer_).substr(begin_, length);
  begin_ = std::min(begin_ + length + 1, end_);
  if (record.ends_with('\r')) record.remove_suffix(1);
  return record;
}

// Up to its line end or the end of the file. A line end counts where the quotes before it are even: inside a
// quoted field they are odd, and doubled ones change nothing.
std::size_t CsvReader::record_end() {
  std::size_t done = 0;
  for (bool quoted = false;;) {
    const char* from = buffer_.data() + begin_ + done;
    const std::size_t rest = end_ - begin_ - done;
    const auto* newline = static_cast<const char*>(std::memchr(from, '\n', rest));
    const std::size_t length = newline == nullptr ? rest : static_cast<std::size_t>(newline - from);
    for (const char *at = from, *end = from + length; at != end; ++at) {
      at = static_cast<const char*>(std::memchr(at, '"', static_cast<std::size_t>(end - at)));
      if (at == nullptr) break;
      quoted = !quoted;
    }
    done += length;
    if (newline != nullptr) {
      ++next_line_;
      if (!quoted) return done;
      ++done;
    } else if (!fill()) {
      if (quoted) refuse(where(), "a quoted field begins in this record and does not end");
      return done;
    }
  }
}

// Makes room behind what is not used yet, and reads.
bool CsvReader::fill() {
  if (ended_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) {
    if (end_ >= kLargestRecord) {
      refuse(where(), "the record is too long", "at most " + std::to_string(kLargestRecord) + " bytes", "",
             "is a quote missing?");
    }
    buffer_.resize(2 * buffer_.size());
  }
  const std::size_t count =
      stream_.read(std::as_writable_bytes(std::span(buffer_.data() + end_, buffer_.size() - end_)));
  end_ += count;
  unpacked_ += count;
  ended_ = end_ < buffer_.size();
  if (stream_.compressed() && unpacked_ > kAlwaysAllowedBytes &&
      unpacked_ / kLargestExpansion > stream_.file_bytes()) {
    refuse(path_.string(), "the file unpacks to more than it can plausibly hold",
           "at most " + std::to_string(kLargestExpansion) + " times its " +
               std::to_string(stream_.file_bytes()) + " bytes",
           "", "unpack it yourself if it is meant to be so");
  }
  return count > 0;
}

void CsvReader::split(std::string_view record, std::vector<std::string>& fields) const {
  fields.clear();
  const auto refuse_quote = [&] {
    refuse(where(), "a quote stands where none may, in column " + std::to_string(fields.size()),
           "a field that is quoted from end to end, with \"\" for a quote inside");
  };
  for (std::size_t at = 0;;) {
    std::string field;
    if (at < record.size() && record[at] == '"') {
      for (++at;; at += 2) {
        const std::size_t quote = std::min(record.find('"', at), record.size());
        field += record.substr(at, quote - at);
        if (quote == record.size()) refuse_quote();
        at = quote;
        if (at + 1 >= record.size() || record[at + 1] != '"') break;
        field += '"';
      }
      ++at;
      if (at < record.size() && record[at] != ',') refuse_quote();
    } else {
      const std::size_t end = std::min(record.find(',', at), record.size());
      field = record.substr(at, end - at);
      if (field.find('"') != std::string::npos) refuse_quote();
      at = end;
    }
    fields.push_back(std::move(field));
    if (at >= record.size()) return;
    ++at;
  }
}

}  // namespace titrate::source
