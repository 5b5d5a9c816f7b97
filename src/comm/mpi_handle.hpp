// What comm's own files need to call MPI: the communicator inside a Communicator, and the check of a call.
#pragma once

// Without the C++ bindings, which the standard dropped and which would ask for a library of their own.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include "titrate/comm/communicator.hpp"

namespace titrate::comm {

struct Communicator::Handle {
  // Takes over `communicator`, and makes its errors ours to check.
  explicit Handle(MPI_Comm communicator);
  Handle(Handle&&) = delete;
  ~Handle();

  MPI_Comm communicator;
  int rank = 0;
  int size = 0;
};

// Throws Error (failed) with the call's name and MPI's reason unless `status` is MPI_SUCCESS.
void check_mpi(int status, const char* call);

Communicator duplicate_of(MPI_Comm communicator);

}  // namespace titrate::comm
