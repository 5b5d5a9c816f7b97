#include "toml_text.hpp"

#include <algorithm>

namespace titrate {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// The place after the string that begins at `start`; the end of the text where it has no end.
std::size_t end_of_string(std::string_view toml, std::size_t start) {
  const char quote = toml[start];
  const std::string_view thrice = quote == '"' ? R"(""")" : "'''";
  const bool long_form = toml.substr(start).starts_with(thrice);
  const std::string_view closing = long_form ? thrice : thrice.substr(0, 1);
  std::size_t place = start + closing.size();
  while (place < toml.size()) {
    if (toml.substr(place).starts_with(closing)) return place + closing.size();
    if (!long_form && toml[place] == '\n') return place;  // an error that the parser names
    place += quote == '"' && toml[place] == '\\' ? 2 : 1;
  }
  return toml.size();
}

}  // namespace

std::optional<std::size_t> find_stray_byte(std::string_view toml) {
  constexpr std::string_view kBeforeStrings = "\n=[,{";  // elsewhere a quote is an error, and begins nothing
  std::size_t place = toml.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  char last = '\n';  // that is neither blank nor in a comment
  while (place < toml.size()) {
    const char c = toml[place];
    const bool quote = c == '"' || c == '\'';
    if (c == '#') {
      place = std::min(toml.find('\n', place), toml.size());
      continue;
    }
    if (static_cast<unsigned char>(c) >= 0x80) return place;
    place =
        quote && kBeforeStrings.find(last) != std::string_view::npos ? end_of_string(toml, place) : place + 1;
    if (c != ' ' && c != '\t' && c != '\r') last = c;
  }
  return {};
}

}  // namespace titrate
