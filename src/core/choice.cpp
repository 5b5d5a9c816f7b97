#include "titrate/core/choice.hpp"

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate {

void refuse_choice(std::string_view text, std::span<const std::string> names, std::string_view where) {
  throw Error({.code = ErrorCode::usage,
               .where = std::string(where),
               .what = "unknown value \"" + std::string(text) + "\"",
               .expected = join(names, ", "),
               .hint = did_you_mean(text, names)});
}

}  // namespace titrate
