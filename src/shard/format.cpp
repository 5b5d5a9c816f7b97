#include "titrate/shard/format.hpp"

#include <algorithm>
#include <cstdio>
#include <span>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::shard {
namespace {

std::size_t parse_name(std::string_view text, std::string_view where, const char* what,
                       std::span<const std::string_view> names) {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const std::vector<std::string> known(names.begin(), names.end());
  throw Error({.code = ErrorCode::usage,
               .where = std::string(where),
               .what = std::string("unknown ") + what + " \"" + std::string(text) + "\"",
               .expected = join(known, ", "),
               .hint = did_you_mean(text, known)});
}

}  // namespace

Origin parse_origin(std::string_view text, std::string_view where) {
  return static_cast<Origin>(parse_name(text, where, "origin", kOriginNames));
}

Split parse_split(std::string_view text, std::string_view where) {
  return static_cast<Split>(parse_name(text, where, "split", kSplitNames));
}

std::string shard_file_name(Split split, std::uint32_t index, std::uint32_t count) {
  char numbers[32];
  std::snprintf(numbers, sizeof numbers, "-%05u-of-%05u.h5", index, count);
  return std::string(name_of(split)) + numbers;
}

}  // namespace titrate::shard
