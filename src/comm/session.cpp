#include "titrate/comm/session.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>

#include "mpi_handle.hpp"
#include "titrate/comm/agreement.hpp"
#include "titrate/comm/deadline.hpp"
#include "titrate/comm/placement.hpp"
#include "titrate/core/fault.hpp"
#include "titrate/core/host.hpp"
#include "titrate/core/text.hpp"

namespace titrate::comm {
namespace {

void start_mpi() {
  int started = 0;
  MPI_Initialized(&started);
  if (started != 0) throw Error({.code = ErrorCode::internal, .what = "MPI was started twice"});
  // Open MPI would start a daemon for a process without a launcher: slow, and impossible without a network.
  ::setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
  // Nor a session folder: two such processes of one user would share it, and the end of one may remove what
  // the other has just made. A process alone needs none.
  if (launcher_name(get_environment) == "none") ::setenv("OMPI_MCA_orte_create_session_dirs", "0", 0);
  int provided = MPI_THREAD_SINGLE;
  check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided), "MPI_Init_thread");
  if (provided >= MPI_THREAD_MULTIPLE) return;
  MPI_Finalize();
  throw Error({.code = ErrorCode::failed,
               .where = library_version(),
               .what = "this MPI library lacks MPI_THREAD_MULTIPLE",
               .hint = "install one that was built with it"});
}

// A deadline that ends the process with 86. Rank 0's comes first, since its end makes the launcher end the
// others.
std::optional<Deadline> no_later_than(double limit_seconds, const char* what) {
  if (limit_seconds <= 0) return std::nullopt;
  const int rank = launched_rank(get_environment);
  const double patience = rank == 0 ? 0 : rank == 1 ? 0.7 : 2;  // seconds
  return std::optional<Deadline>(std::in_place, limit_seconds + patience, [=] {
    std::fprintf(stderr,
                 "titrate: rank %d on %s: MPI did not %s within %s s: a rank is stopped or missing; the same "
                 "command resumes\n",
                 rank, host_name().c_str(), what, fixed(limit_seconds, 0).c_str());
    std::_Exit(exit_code(ErrorCode::no_progress));
  });
}

// Refuses a world of one rank where the launcher started several: each would run the whole sweep.
void refuse_foreign_launcher(int world_size) {
  for (const char* variable : {"OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS", "PMI_SIZE"}) {
    const char* text = std::getenv(variable);
    if (text == nullptr || std::atoi(text) <= 1 || world_size > 1) continue;
    throw Error({.code = ErrorCode::usage,
                 .where = variable,
                 .what = "size 1 of " + std::string(text) + ": started with the wrong launcher",
                 .hint = "use srun --mpi=pmix, or the mpirun of " + library_version()});
  }
}

}  // namespace

struct Session::State {
  double limit_seconds = 0;
  int exceptions = std::uncaught_exceptions();
  Communicator world = duplicate_of(MPI_COMM_WORLD);
  Communicator node = world.split_by_node();
};

Session::Session(double limit_seconds) {
  const std::optional<Deadline> limit = no_later_than(limit_seconds, "start");
  fault_at("start");
  start_mpi();
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  state_ = std::make_unique<State>();
  state_->limit_seconds = limit_seconds;
  refuse_foreign_launcher(world_size());
}

Session::~Session() {
  if (std::uncaught_exceptions() > state_->exceptions && world_size() > 1) {
    std::fprintf(stderr, "titrate: rank %d: an error ended this rank; the others are ended too\n",
                 world_rank());
    abort(exit_code(ErrorCode::internal));
  }
  const std::optional<Deadline> limit = no_later_than(state_->limit_seconds, "end");
  state_.reset();
  MPI_Finalize();
}

const Communicator& Session::world() const { return state_->world; }
const Communicator& Session::node() const { return state_->node; }

int Session::run(const char* program, const std::function<int()>& body) const {
  try {
    return body();
  } catch (const AgreedError& error) {
    const bool everywhere = error.ranks() == world_size();
    if (!everywhere || world_rank() == 0) std::fprintf(stderr, "%s: %s\n", program, error.what());
    if (everywhere) return exit_code(error.code());
    abort(exit_code(error.code()));
  } catch (...) {
    const Error error(describe(std::current_exception()));
    std::fprintf(stderr, "%s: %s\n", program, error.what());
    if (world_size() > 1) abort(exit_code(error.code()));
    return exit_code(error.code());
  }
}

void Session::abort(int code) const {
  const Deadline sure(2, [code] { std::_Exit(code); });
  std::fflush(nullptr);
  if (world_size() > 1) MPI_Abort(MPI_COMM_WORLD, code);  // which has much to say
  std::_Exit(code);
}

std::string library_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  return text.data();  // Open MPI counts the zero at its end too
}

}  // namespace titrate::comm
