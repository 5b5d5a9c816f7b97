#include "titrate/core/json_lines.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "titrate/core/error.hpp"
#include "titrate/core/hash.hpp"

namespace titrate {
namespace {

constexpr std::string_view kCrcKey = ",\"crc\":\"";
constexpr std::size_t kTailSize = kCrcKey.size() + 8 + 2;  // ,"crc":"xxxxxxxx"}

std::optional<std::string> checked_object(std::string_view line) {
  if (line.size() < kTailSize + 2) return std::nullopt;
  const std::string_view tail = line.substr(line.size() - kTailSize);
  if (!tail.starts_with(kCrcKey) || !tail.ends_with("\"}")) return std::nullopt;
  std::string object(line.substr(0, line.size() - kTailSize));
  object += '}';
  if (tail.substr(kCrcKey.size(), 8) != hex(crc32c(object), 8)) return std::nullopt;
  return object;
}

bool ends_in_newline(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  return text.empty() || text.back() == '\n';
}

}  // namespace

JsonLinesWriter::JsonLinesWriter(const std::filesystem::path& path)
    : path_(path), file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  if (file_.get() < 0) {
    throw Error({.code = ErrorCode::io,
                 .where = path.string(),
                 .what = "cannot open for appending",
                 .got = system_message(errno)});
  }
  if (!ends_in_newline(path)) write_all(file_.get(), "\n", path_);
  sync_folder(path.parent_path());
}

void JsonLinesWriter::append(std::string_view object) {
  std::string line(object.substr(0, object.size() - 1));
  line += kCrcKey;
  line += hex(crc32c(object), 8);
  line += "\"}\n";
  write_all(file_.get(), line, path_);
  if (::fdatasync(file_.get()) != 0) {
    throw Error({.code = ErrorCode::io,
                 .where = path_.string(),
                 .what = "cannot sync the file",
                 .got = system_message(errno)});
  }
}

JsonLines read_json_lines(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  JsonLines result;
  std::string_view rest = text;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    if (auto object = checked_object(line)) {
      result.objects.push_back(std::move(*object));
    } else {
      result.damaged_lines.push_back(number);
    }
  }
  return result;
}

}  // namespace titrate
