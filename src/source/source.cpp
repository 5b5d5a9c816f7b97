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
      Kind{"glyphs",
           "digits that titrate draws itself",
           {{.name = "per_class", .help = "images of each class", .required = true},
            {.name = "size", .fallback = "28", .help = "side of an image in pixels, 8 to 1024"},
            {.name = "seed", .fallback = "of the recipe's seed and name", .help = "the set of writers"},
            {.name = "first", .fallback = "0", .help = "index of the first image of each class"}},
           open_glyphs},
      Kind{"idx",
           "files of MNIST and its kin, plain or .gz",
           {{.name = "path", .help = "their folder, from the data root", .required = true}},
           open_idx},
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
