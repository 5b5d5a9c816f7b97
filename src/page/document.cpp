#include "titrate/page/document.hpp"

#include "assets.hpp"
#include "titrate/page/markup.hpp"

namespace titrate::page {

std::string document(const std::string& title, const std::string& body) {
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>" +
         escape(title) + "</title><style>" + kPageStyle + "</style></head>\n<body><main>\n" + body +
         "\n</main><script>" + kPageScript + "</script></body></html>\n";
}

}  // namespace titrate::page
