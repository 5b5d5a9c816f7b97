#include "titrate/core/error.hpp"

#include <algorithm>
#include <cstdio>
#include <new>
#include <system_error>

namespace titrate {
namespace {

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string compose(const ErrorInfo& info) {
  std::string line = info.where.empty() ? info.what : info.where + ": " + info.what;
  if (!info.expected.empty()) line += "; expected " + info.expected;
  if (!info.got.empty()) line += (info.expected.empty() ? "; got " : ", got ") + info.got;
  if (!info.hint.empty()) line += "; " + info.hint;
  return one_line(line);
}

int report(const char* program, const std::string& message, ErrorCode code) {
  std::fprintf(stderr, "%s: %s\n", program, message.c_str());
  return static_cast<int>(code);
}

}  // namespace

Error::Error(ErrorInfo info) : info_(std::move(info)), message_(compose(info_)) {}

int run_and_report(const char* program, int (*body)(int, char**), int argc, char** argv) {
  try {
    return body(argc, argv);
  } catch (const Error& error) {
    return report(program, error.what(), error.code());
  } catch (const std::bad_alloc&) {
    return report(program, "out of memory", ErrorCode::failed);
  } catch (const std::exception& error) {
    return report(program, std::string("internal error: ") + one_line(error.what()), ErrorCode::internal);
  }
}

std::string system_message(int error_number) { return std::generic_category().message(error_number); }

}  // namespace titrate
