#include "titrate/core/fault.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate {
namespace {

struct Fault {
  std::string site, action;
  long long nth = 0;
};

// As the launchers say it: a fault may come before MPI is started.
std::string own_rank() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "SLURM_PROCID"}) {
    if (const char* rank = std::getenv(name)) return rank;
  }
  return "0";
}

// The fault of this process, if it is to have one.
std::optional<Fault> read_fault() {
  const char *test = std::getenv("TITRATE_TEST"), *text = std::getenv("TITRATE_FAULT");
  if (text == nullptr || test == nullptr || std::string(test) != "1") return std::nullopt;
  const std::vector<std::string> parts = split(text, ':');
  const auto nth = parts.size() == 4 ? parse_integer(parts[2]) : std::nullopt;
  if (!nth || *nth < 0) {
    std::fprintf(stderr, "TITRATE_FAULT=%s; expected RANK:SITE:NTH:ACTION\n", text);
    std::_Exit(exit_code(ErrorCode::usage));
  }
  if (parts[0] != "*" && parts[0] != own_rank()) return std::nullopt;
  return Fault{.site = parts[1], .action = parts[3], .nth = *nth};
}

bool act(const Fault& fault) {
  if (fault.action == "nan") return true;
  if (fault.action == "kill") ::kill(::getpid(), SIGKILL);
  if (fault.action == "stop") ::kill(::getpid(), SIGSTOP);
  if (fault.action == "hang") {
    for (;;) ::pause();
  }
  if (fault.action == "segv") {
    ::signal(SIGSEGV, SIG_DFL);
    ::raise(SIGSEGV);
  }
  if (fault.action == "exit0") std::_Exit(0);
  if (fault.action == "throw")
    throw Error({.code = ErrorCode::failed, .where = fault.site, .what = "a fault that a test asked for"});
  if (fault.action == "enospc") {
    throw Error({.code = ErrorCode::io,
                 .where = fault.site,
                 .what = "a full disk that a test asked for",
                 .got = system_message(ENOSPC)});
  }
  if (fault.action == "stop") return false;  // it was told to go on
  std::fprintf(stderr, "TITRATE_FAULT: no such action: %s\n", fault.action.c_str());
  std::_Exit(exit_code(ErrorCode::usage));
}

}  // namespace

bool fault_at(const char* site) {
  static const std::optional<Fault> fault = read_fault();
  if (!fault || fault->site != site) return false;
  static std::atomic<long long> visits{0};
  const long long visit = ++visits;
  return (fault->nth == 0 || visit == fault->nth) && act(*fault);
}

}  // namespace titrate
