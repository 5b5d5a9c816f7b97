// The names of files in a flat folder, read by a pattern: "{label}_{index}" finds class "0" in "0_043";
// private to this module.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace titrate::source {

class FilePattern {
 public:
  // {label} (once), {index} (digits) and {any} each stand for one or more characters, the rest for itself.
  // Throws Error (usage) that names `where`.
  FilePattern(std::string text, const std::string& where);

  const std::string& text() const { return text_; }

  // The label in the name of a file, which is given without its ending; nothing where it does not fit. Where
  // it fits in several ways, the earlier of two placeholders is the shorter.
  std::optional<std::string> label(std::string_view stem) const;

 private:
  enum class PieceKind { literal, label, index, any };
  struct Piece {
    PieceKind kind = PieceKind::literal;
    std::string literal{};
  };
  struct Search;

  void add_placeholder(std::string_view name, const std::string& where);
  bool fits(Search& search, std::size_t piece, std::size_t at) const;

  std::string text_;
  std::vector<Piece> pieces_;
};

}  // namespace titrate::source
