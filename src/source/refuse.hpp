// How the sources refuse a file; private to this module.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include "titrate/core/error.hpp"

namespace titrate::source {

// Throws Error (integrity).
[[noreturn]] inline void refuse(const std::string& where, const std::string& what,
                                const std::string& expected = "", const std::string& got = "",
                                const std::string& hint = "") {
  throw Error({.code = ErrorCode::integrity,
               .where = where,
               .what = what,
               .expected = expected,
               .got = got,
               .hint = hint});
}

// The hint for what is not where the recipe says.
inline constexpr const char* kWherePathsBegin =
    "the path of a source begins at --data-root, else TITRATE_DATA, else the working directory";

// `path`, which leads to something. Throws Error (integrity) where it does not.
inline const std::filesystem::path& existing(const std::filesystem::path& path) {
  std::error_code error;
  const bool absent = std::filesystem::status(path, error).type() == std::filesystem::file_type::not_found;
  if (absent && error == std::errc::no_such_file_or_directory)
    refuse(path.string(), "the file is missing", "", "", kWherePathsBegin);
  return path;
}

}  // namespace titrate::source
