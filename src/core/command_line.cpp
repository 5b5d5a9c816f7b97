#include "titrate/core/command_line.hpp"

#include <algorithm>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate {

void check_verb(const std::string& program, const std::vector<std::string>& verbs, int argc,
                const char* const* argv) {
  const std::string word = argc > 1 ? argv[1] : "";
  if (word.empty() || word.front() == '-' || std::ranges::find(verbs, word) != verbs.end()) return;
  throw Error({.code = ErrorCode::usage,
               .what = "unknown verb \"" + printable(word) + "\"",
               .expected = join(verbs, ", "),
               .hint = did_you_mean(word, verbs, "see " + program + " --help")});
}

void refuse_options(const std::string& program, const std::string& verb, const std::string& what) {
  throw Error({.code = ErrorCode::usage,
               .what = what,
               .hint = "see " + program + (verb.empty() ? "" : " " + verb) + " --help"});
}

}  // namespace titrate
