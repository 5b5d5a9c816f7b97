#include "titrate/source/source.hpp"

#include <algorithm>
#include <array>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/source/glyphs.hpp"
#include "titrate/source/idx.hpp"

namespace titrate::source {

std::span<const Kind> kinds() {
  static const std::array<Kind, 2> table{
      Kind{"glyphs", {"per_class", "size", "seed", "first"}, {"per_class"}, open_glyphs},
      Kind{"idx", {"path"}, {"path"}, open_idx},
  };
  return table;
}

const Kind& find_kind(const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  for (const Kind& kind : kinds()) {
    if (kind.name == name) return kind;
    names.push_back(kind.name);
  }
  const auto near = nearest(name, names);
  throw Error({.code = ErrorCode::usage,
               .where = where,
               .what = "unknown kind of source \"" + name + "\"",
               .expected = join(names, ", "),
               .hint = near ? "did you mean \"" + *near + "\"?" : ""});
}

std::unique_ptr<Source> open_source(const SourceSettings& settings) {
  return find_kind(settings.kind, settings.where).open(settings);
}

}  // namespace titrate::source
