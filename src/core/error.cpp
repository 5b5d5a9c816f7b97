#include "titrate/core/error.hpp"

#include <algorithm>
#include <csignal>
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

}  // namespace

Error::Error(ErrorInfo info) : info_(std::move(info)), message_(compose(info_)) {}

ErrorInfo describe(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    return error.info();
  } catch (const std::bad_alloc&) {
    return {.code = ErrorCode::failed, .what = "out of memory"};
  } catch (const std::exception& error) {
    return {.code = ErrorCode::internal, .what = std::string("internal error: ") + error.what()};
  }
}

int run_and_report(const char* program, int (*body)(int, char**), int argc, char** argv) {
  // A file beyond `ulimit -f` is a failed write like any other, not a silent end.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return body(argc, argv);
  } catch (...) {
    const Error error(describe(std::current_exception()));
    std::fprintf(stderr, "%s: %s\n", program, error.what());
    return exit_code(error.code());
  }
}

std::string system_message(int error_number) { return std::generic_category().message(error_number); }

}  // namespace titrate
