// The session of MPI, from its start to its end: one per process, made by main alone.
//
// Works under mpirun and srun, and alone, as a world of one rank. Every communicator must be gone before the
// Session is. MPI is asked for MPI_THREAD_MULTIPLE, since a thread of rank 0 serves the others.
#pragma once

#include <functional>
#include <string>

#include "titrate/comm/communicator.hpp"
#include "titrate/core/error.hpp"

namespace titrate::comm {

class Session {
 public:
  // Throws Error: failed where the library gives less than MPI_THREAD_MULTIPLE (its version is named), usage
  // where this process is one of several but MPI does not know of the others (srun without --mpi=pmix,
  // another library's mpirun), internal where MPI was started already. Where MPI takes longer than
  // `limit_seconds` to start or to end (0: any time), a rank is missing: the job ends with 86.
  explicit Session(double limit_seconds = 0);
  Session(Session&&) = delete;

  // Ends MPI, which waits for all ranks. While an exception is on its way it ends the job with code 70
  // instead, if there are other ranks: see run().
  ~Session();

  const Communicator& world() const;
  const Communicator& node() const;  // the ranks that share memory with this one

  int world_rank() const { return world().rank(); }
  int world_size() const { return world().size(); }
  int node_rank() const { return node().rank(); }
  int node_size() const { return node().size(); }

  // For main: returns what `body` returns, or the exit code of what it throws. Rank 0 prints an AgreedError
  // of the whole world once, and all ranks return its code. Any other error is known to this rank alone,
  // which prints it and, if there are other ranks, ends the job with its code.
  int run(const char* program, const std::function<int()>& body) const;

  // Ends all ranks at once with this exit code, within two seconds. Nothing is cleaned up.
  [[noreturn]] void abort(int code) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One line: "Open MPI v4.1.4, ...". Works without a Session.
std::string library_version();

}  // namespace titrate::comm
