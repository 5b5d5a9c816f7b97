// A probe of an exchange: whether its sum is right, and how long it takes.
#pragma once

#include <cstddef>

#include "titrate/comm/communicator.hpp"
#include "titrate/comm/device.hpp"
#include "titrate/comm/exchange.hpp"

namespace titrate::comm {

struct ExchangeProbe {
  std::size_t bytes = 0;       // of the long sum
  double seconds = 0;          // of the long sum, the fastest of a few
  double latency_seconds = 0;  // of a sum of one number
  bool right = false;          // on this rank: every element of the long sum is what it must be
};

// Sums 4 MB a few times in host memory. Collective over the exchange's group. Throws what the exchange
// throws.
ExchangeProbe probe_exchange(Exchange& exchange);

// The same over NCCL in the memory of `gpu`. Throws as make_nccl_exchanges(), whose timeout `seconds` is.
ExchangeProbe probe_nccl(const Communicator& group, const Device& gpu, double seconds);

}  // namespace titrate::comm
