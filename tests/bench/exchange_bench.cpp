// How fast MpiExchange is beside a bare MPI_Allreduce of the same buffer, in turns so that both see the same
// machine. Run it as mpirun -np 2 [--bind-to core] exchange_bench [ROUNDS]. A time is that of the slowest
// rank.
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
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 300;
  if (session.world_rank() == 0)
    std::printf("%9s %12s %15s %7s\n", "floats", "exchange us", "MPI_Allreduce us", "ratio");
  for (const std::size_t count : {100U, 2000U, 22000U, 200000U, 1200000U, 1700000U}) {
    std::vector<float> data(count);
    std::vector<double> ours;
    std::vector<double> bare;
    for (int round = 0; round < rounds; ++round) {
      std::fill(data.begin(), data.end(), 1.0F);
      ours.push_back(seconds_of([&] { exchange.sum(data.data(), count); }));
      std::fill(data.begin(), data.end(), 1.0F);
      bare.push_back(seconds_of([&] {
        MPI_Allreduce(MPI_IN_PLACE, data.data(), static_cast<int>(count), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
      }));
    }
    if (session.world_rank() != 0) continue;
    std::printf("%9zu %12.1f %16.1f %7.3f\n", count, median(ours) * 1e6, median(bare) * 1e6,
                median(ours) / median(bare));
  }
  return 0;
}
