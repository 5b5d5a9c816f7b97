#include "titrate/page/markup.hpp"

#include <cmath>

#include "titrate/core/text.hpp"

namespace titrate::page {

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

std::string chooser(const std::string& id, const std::vector<std::string>& options) {
  std::string html = "<p><select id=\"" + id + "\" aria-label=\"cell\" disabled>";
  for (std::size_t i = 0; i < options.size(); ++i) {
    html += std::string("<option") + (i + 1 == options.size() ? " selected" : "") + ">" + escape(options[i]) +
            "</option>";
  }
  return html + "</select></p>";
}

std::string data_script(const std::string& id, const std::string& json) {
  std::string text;
  for (char c : json) text += c == '<' ? "\\u003c" : std::string(1, c);  // no tag may end the script
  return "<script type=\"application/json\" id=\"" + id + "\">" + text + "</script>";
}

}  // namespace titrate::page
