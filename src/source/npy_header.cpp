// The header of a .npy file: magic, version, length, and a Python dictionary of three keys, which is parsed
// and never evaluated.
#include <algorithm>
#include <optional>

#include "npy.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::source {
namespace {

using shard::ElementKind;
using shard::ElementType;

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::uint64_t kLongestHeader = 1 << 16, kLongestElement = 1 << 16;
constexpr std::size_t kMostDimensions = 8;

class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  NpyHeader parse();

 private:
  [[noreturn]] void refuse(const std::string& what, const std::string& expected = "",
                           const std::string& got = "", const std::string& hint = "") const {
    throw Error({.code = ErrorCode::integrity,
                 .where = where_,
                 .what = what,
                 .expected = expected,
                 .got = got,
                 .hint = hint});
  }
  [[noreturn]] void refuse_text(const std::string& expected) const {
    refuse("the header is damaged at character " + std::to_string(at_), expected,
           at_ < text_.size() ? "\"" + printable(text_.substr(at_, 20)) + "\"" : "its end");
  }

  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(std::string_view token) {
    skip_spaces();
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }
  void need(std::string_view token) {
    if (!take(token)) refuse_text("\"" + std::string(token) + "\"");
  }

  std::string quoted();
  bool boolean();
  std::uint64_t number();
  std::vector<std::uint64_t> tuple();
  ElementType element();
  ElementType element_of(char order, char letter, std::uint64_t count) const;

  std::string_view text_;
  const std::string& where_;
  std::size_t at_ = 0;
};

std::string HeaderParser::quoted() {
  skip_spaces();
  const char quote = at_ < text_.size() ? text_[at_] : ' ';
  if (quote != '\'' && quote != '"') refuse_text("a quoted text");
  const std::size_t end = text_.find(quote, at_ + 1);
  if (end == std::string_view::npos) refuse_text("a quoted text");
  const std::string_view content = text_.substr(at_ + 1, end - at_ - 1);
  if (content.find('\\') != std::string_view::npos) refuse_text("a text without escapes");
  at_ = end + 1;
  return std::string(content);
}

bool HeaderParser::boolean() {
  if (take("True")) return true;
  if (take("False")) return false;
  refuse_text("True or False");
}

std::uint64_t HeaderParser::number() {
  skip_spaces();
  std::size_t end = at_;
  while (end < text_.size() && text_[end] >= '0' && text_[end] <= '9') ++end;
  const auto value = parse_integer(text_.substr(at_, end - at_));
  if (!value) refuse_text("a number from 0 to 2^63 - 1");
  at_ = end;
  if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // as Python 2 wrote them
  return static_cast<std::uint64_t>(*value);
}

std::vector<std::uint64_t> HeaderParser::tuple() {
  std::vector<std::uint64_t> extent;
  need("(");
  while (!take(")")) {
    if (extent.size() == kMostDimensions) refuse("there are more than 8 dimensions");
    extent.push_back(number());
    if (take(",")) continue;
    if (extent.size() == 1) refuse_text("\",\"");  // (5) is no tuple
    need(")");
    break;
  }
  return extent;
}

ElementType HeaderParser::element_of(char order, char letter, std::uint64_t count) const {
  const bool power = count == 1 || count == 2 || count == 4 || count == 8;
  const bool big = order == '>';
  const auto make = [&](ElementKind kind, std::uint64_t bytes) -> ElementType {
    return {kind, static_cast<std::uint32_t>(bytes), big && bytes > 1};
  };
  if (letter == 'b' && count == 1) return make(ElementKind::boolean, 1);
  if (letter == 'u' && power) return make(ElementKind::unsigned_integer, count);
  if (letter == 'i' && power) return make(ElementKind::signed_integer, count);
  if (letter == 'f' && power && count > 1) return make(ElementKind::floating, count);
  if (letter == 'S' && count >= 1 && count <= kLongestElement) return make(ElementKind::text, count);
  if (letter == 'U' && count >= 1 && count <= kLongestElement / 4) {
    return {ElementKind::wide_text, static_cast<std::uint32_t>(4 * count), big};
  }
  refuse("elements of this type are not read", "bool, integers, floating-point numbers or texts",
         std::string(1, letter) + std::to_string(count));
}

ElementType HeaderParser::element() {
  skip_spaces();
  if (at_ < text_.size() && (text_[at_] == '[' || text_[at_] == '(')) {
    refuse("elements with fields are not read", "an array of plain numbers", "a structured dtype");
  }
  const std::string descr = quoted();
  if (descr == "|O" || descr == "O") {
    refuse("an array of objects: object arrays hold pickles, which run code when read", "plain numbers",
           "dtype object", "save it with .astype(\"uint8\"), or each array under a name of its own");
  }
  const bool known = descr.size() >= 3 && std::string_view("<>|=").find(descr[0]) != std::string_view::npos;
  const auto count = known ? parse_integer(std::string_view(descr).substr(2)) : std::nullopt;
  if (!count || *count < 0) refuse("the type of the elements is unknown", "", printable(descr));
  return element_of(descr[0], descr[1], static_cast<std::uint64_t>(*count));
}

NpyHeader HeaderParser::parse() {
  std::optional<ElementType> type;
  std::optional<bool> fortran;
  std::optional<std::vector<std::uint64_t>> extent;
  need("{");
  while (!take("}")) {
    const std::string key = quoted();
    need(":");
    if (key == "descr" && !type) {
      type = element();
    } else if (key == "fortran_order" && !fortran) {
      fortran = boolean();
    } else if (key == "shape" && !extent) {
      extent = tuple();
    } else {
      refuse("the header has an unknown or repeated key", "descr, fortran_order, shape", printable(key));
    }
    if (take(",")) continue;
    need("}");
    break;
  }
  if (!type || !fortran || !extent) refuse("the header lacks a key", "descr, fortran_order, shape");
  if (text_.find_first_not_of(" \n", at_) != std::string_view::npos) refuse_text("spaces to its end");
  if (*fortran) {
    refuse("the array is in Fortran order, first index fastest", "C order", "fortran_order: True",
           "save numpy.ascontiguousarray of it");
  }
  return {.type = *type, .extent = *extent};
}

std::string read_text(const ByteReader& read, std::uint64_t count, std::uint64_t offset,
                      const std::string& where) {
  std::string text(count, '\0');
  const std::size_t got = read(std::as_writable_bytes(std::span(text.data(), text.size())));
  if (got == count) return text;
  throw Error({.code = ErrorCode::integrity,
               .where = where,
               .what = "the header is cut off",
               .expected = std::to_string(offset + count) + " bytes",
               .got = std::to_string(offset + got)});
}

void check_magic(const std::string& start, const std::string& where) {
  if (start.substr(0, kMagic.size()) == kMagic) return;
  const bool pickled = start[0] == '\x80';
  throw Error({.code = ErrorCode::integrity,
               .where = where,
               .what = pickled ? "a pickle, which runs code when read, not an array" : "not a .npy file",
               .expected = "\"\\x93NUMPY\" at its start",
               .hint = pickled ? "save it with numpy.save(..., allow_pickle=False)" : ""});
}

}  // namespace

NpyHeader read_npy_header(const ByteReader& read, const std::string& where) {
  const std::string start = read_text(read, 8, 0, where);
  check_magic(start, where);
  const auto major = static_cast<unsigned char>(start[6]), minor = static_cast<unsigned char>(start[7]);
  if (major < 1 || major > 3 || minor != 0) {
    throw Error({.code = ErrorCode::integrity,
                 .where = where,
                 .what = "a .npy file of another version",
                 .expected = "1.0, 2.0 or 3.0",
                 .got = std::to_string(major) + "." + std::to_string(minor)});
  }
  const std::string length_bytes = read_text(read, major == 1 ? 2 : 4, 8, where);
  std::uint64_t length = 0;
  for (std::size_t i = length_bytes.size(); i-- > 0;) {
    length = length << 8 | static_cast<unsigned char>(length_bytes[i]);
  }
  if (length > kLongestHeader) {
    throw Error({.code = ErrorCode::integrity,
                 .where = where,
                 .what = "the header is implausibly long",
                 .expected = "at most " + std::to_string(kLongestHeader) + " bytes",
                 .got = std::to_string(length)});
  }
  const std::uint64_t begin = 8 + length_bytes.size();
  const std::string text = read_text(read, length, begin, where);
  NpyHeader header = HeaderParser(text, where).parse();
  header.header_bytes = begin + length;
  std::int64_t bytes = header.type.bytes;
  const bool none = std::find(header.extent.begin(), header.extent.end(), 0u) != header.extent.end();
  for (const std::uint64_t side : header.extent) {
    if (none) break;
    if (!__builtin_mul_overflow(bytes, side, &bytes)) continue;
    throw Error({.code = ErrorCode::integrity, .where = where, .what = "the array is larger than any file"});
  }
  header.data_bytes = none ? 0 : static_cast<std::uint64_t>(bytes);
  return header;
}

}  // namespace titrate::source
