// How fast MpiExchange is beside a bare MPI_Allreduce of the same buffer, call by call in turns so that both
// see the same machine:
//
//   mpirun -np 2 exchange_bench CALLS COUNT...
//
// Prints a line for each count of floats: the count, and the medians of both in microseconds. A call's time
// is that of the slowest rank, and begins after a barrier.
#define OMPI_SKIP_MPICXX 1
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "titrate/comm/mpi_exchange.hpp"
#include "titrate/comm/session.hpp"

namespace {

constexpr int kWarmUpCalls = 10;

double seconds_of(const std::function<void()>& body) {
  MPI_Barrier(MPI_COMM_WORLD);
  const auto start = std::chrono::steady_clock::now();
  body();
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return seconds;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const titrate::comm::Session session;
  titrate::comm::MpiExchange exchange(session.world());
  const int calls = argc > 1 ? std::atoi(argv[1]) : 0;
  for (int argument = 2; argument < argc; ++argument) {
    const auto count = static_cast<std::size_t>(std::atoll(argv[argument]));
    std::vector<float> data(count);
    std::vector<double> ours;
    std::vector<double> bare;
    for (int call = -kWarmUpCalls; call < calls; ++call) {
      std::fill(data.begin(), data.end(), 1.0F);
      const double seconds = seconds_of([&] { exchange.sum(data.data(), count); });
      std::fill(data.begin(), data.end(), 1.0F);
      const double bare_seconds = seconds_of([&] {
        MPI_Allreduce(MPI_IN_PLACE, data.data(), static_cast<int>(count), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
      });
      if (call < 0) continue;
      ours.push_back(seconds);
      bare.push_back(bare_seconds);
    }
    if (session.world_rank() == 0 && calls > 0)
      std::printf("%zu %.2f %.2f\n", count, median(ours) * 1e6, median(bare) * 1e6);
  }
  return 0;
}
