// How the sources refuse a file; private to this module.
#pragma once

#include <string>

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

}  // namespace titrate::source
