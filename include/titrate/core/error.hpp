// The one exception that titrate throws on purpose, and the exit codes that it ends in.
//
// An Error reaches the user as one line: where: what; expected E, got G; hint. Members that are empty are
// left out. main catches it once, prints that line and exits with its code.
#pragma once

#include <exception>
#include <string>

namespace titrate {

enum class ErrorCode : int {
  failed = 1,         // something the machine or a library refused
  usage = 2,          // a wrong option, recipe or study
  integrity = 3,      // data that is not what it says it is
  io = 4,             // disk, permission
  some_failed = 5,    // the sweep ended, but some trials failed
  internal = 70,      // a bug of ours
  stopped = 75,       // stopped on request; the same command resumes
  no_progress = 86,   // the watchdog saw no step in time
  in_use = 87,        // another process holds the folder
  interrupted = 130,  // SIGINT
};

constexpr int exit_code(ErrorCode code) { return static_cast<int>(code); }

struct ErrorInfo {
  ErrorCode code = ErrorCode::failed;
  std::string where{};     // the file, key, shard or rank that this is about
  std::string what{};      // what is wrong with it
  std::string expected{};  // what would have been right
  std::string got{};       // what was there
  std::string hint{};      // what the user can do
};

class Error : public std::exception {
 public:
  explicit Error(ErrorInfo info);

  const char* what() const noexcept override { return message_.c_str(); }
  ErrorCode code() const noexcept { return info_.code; }
  const ErrorInfo& info() const noexcept { return info_; }

 private:
  ErrorInfo info_;
  std::string message_;
};

// What an exception means to the user: an Error as it is, lack of memory as failed, any other as internal.
ErrorInfo describe(const std::exception_ptr& exception);

// Runs `body` and turns whatever it throws into an exit code, printing `titrate: ...` once on stderr. For
// main.
int run_and_report(const char* program, int (*body)(int, char**), int argc, char** argv);

// "strerror(number)", thread-safe; for the `got` of an io error.
std::string system_message(int error_number);

}  // namespace titrate
