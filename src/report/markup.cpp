#include "titrate/report/markup.hpp"

#include <cmath>

#include "titrate/core/text.hpp"

namespace titrate::report {

std::string escape(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? ' ' : c;
    }
  }
  return escaped;
}

std::string coordinate(double value) {
  const double rounded = std::round(value * 100) / 100;
  return shortest(rounded == 0 ? 0.0 : rounded);
}

}  // namespace titrate::report
