#include "file_pattern.hpp"

#include <algorithm>

#include "titrate/core/error.hpp"

namespace titrate::source {
namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& what, const std::string& got) {
  throw Error({.code = ErrorCode::usage,
               .where = where,
               .what = "pattern: " + what,
               .expected = "text with {label} once, {index} and {any}, such as \"{label}_{index}\"",
               .got = '"' + got + '"'});
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

// One name being read. What did not fit is remembered, so that many placeholders do not take long.
struct FilePattern::Search {
  std::string_view stem;
  std::vector<bool> failed;  // [piece][position]
  std::string_view label{};
};

FilePattern::FilePattern(std::string text, const std::string& where) : text_(std::move(text)) {
  const std::string_view view = text_;
  for (std::size_t at = 0; at < view.size();) {
    if (view[at] == '{') {
      const std::size_t end = view.find('}', at);
      if (end == std::string_view::npos) refuse(where, "a { has no }", text_);
      add_placeholder(view.substr(at + 1, end - at - 1), where);
      at = end + 1;
    } else {
      const std::size_t end = std::min(view.find('{', at), view.size());
      pieces_.push_back({.kind = PieceKind::literal, .literal = std::string(view.substr(at, end - at))});
      at = end;
    }
  }
  const auto labels = std::count_if(pieces_.begin(), pieces_.end(),
                                    [](const Piece& piece) { return piece.kind == PieceKind::label; });
  if (labels != 1) refuse(where, "{label} has to be there once", text_);
}

void FilePattern::add_placeholder(std::string_view name, const std::string& where) {
  if (name == "label") {
    pieces_.push_back({.kind = PieceKind::label});
  } else if (name == "index") {
    pieces_.push_back({.kind = PieceKind::index});
  } else if (name == "any") {
    pieces_.push_back({.kind = PieceKind::any});
  } else {
    refuse(where, "unknown placeholder {" + std::string(name) + "}", text_);
  }
}

std::optional<std::string> FilePattern::label(std::string_view stem) const {
  Search search{.stem = stem, .failed = std::vector<bool>(pieces_.size() * (stem.size() + 1))};
  if (!fits(search, 0, 0)) return std::nullopt;
  return std::string(search.label);
}

bool FilePattern::fits(Search& search, std::size_t piece, std::size_t at) const {
  const std::string_view stem = search.stem;
  if (piece == pieces_.size()) return at == stem.size();
  const std::size_t place = piece * (stem.size() + 1) + at;
  if (search.failed[place]) return false;
  const Piece& wanted = pieces_[piece];
  if (wanted.kind == PieceKind::literal) {
    if (stem.substr(at).starts_with(wanted.literal) && fits(search, piece + 1, at + wanted.literal.size()))
      return true;
  } else {
    for (std::size_t end = at + 1; end <= stem.size(); ++end) {
      if (wanted.kind == PieceKind::index && !is_digit(stem[end - 1])) break;
      if (!fits(search, piece + 1, end)) continue;
      if (wanted.kind == PieceKind::label) search.label = stem.substr(at, end - at);
      return true;
    }
  }
  search.failed[place] = true;
  return false;
}

}  // namespace titrate::source
