#include "titrate/shard/element.hpp"

namespace titrate::shard {

std::string to_string(const ElementType& type) {
  const std::string bits = std::to_string(8 * type.bytes);
  const std::string order = type.big_endian && type.bytes > 1 ? " (big-endian)" : "";
  switch (type.kind) {
    case ElementKind::boolean:
      return "bool";
    case ElementKind::unsigned_integer:
      return "uint" + bits + order;
    case ElementKind::signed_integer:
      return "int" + bits + order;
    case ElementKind::floating:
      return "float" + bits + order;
    case ElementKind::text:
      return "texts of " + std::to_string(type.bytes) + " bytes";
    case ElementKind::wide_text:
      return "texts of " + std::to_string(type.bytes / 4) + " characters" + order;
  }
  return "";
}

}  // namespace titrate::shard
