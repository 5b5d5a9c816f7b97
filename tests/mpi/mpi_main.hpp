// One main for the tests that run under mpirun, with any number of ranks and alone.
//
// A failure is printed by the rank that saw it, with its rank; what goes well is printed by rank 0 alone. All
// ranks end with 1 if a test failed on any of them, and with 77 if every test was skipped on all of them.
#pragma once

#include "titrate/comm/session.hpp"

namespace titrate::comm {

const Session& session();  // of this process

}  // namespace titrate::comm
