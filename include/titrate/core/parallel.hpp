// A loop over independent indices on a few threads.
#pragma once

#include <cstddef>
#include <functional>

namespace titrate {

// Calls body(i) once for each i in [0, count), on up to `threads` threads (1: on this one). The first
// exception, by index, is thrown again here after all threads have ended.
void parallel_for(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& body);

// The processors this process may run on (its affinity mask, so mpirun's and Slurm's binding count).
unsigned usable_processors();

}  // namespace titrate
