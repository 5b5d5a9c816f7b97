// The ranks that train a trial together, as one of them sees it.
#pragma once

#include <cstddef>

#include "titrate/comm/communicator.hpp"
#include "titrate/comm/device.hpp"
#include "titrate/comm/exchange.hpp"

namespace titrate::train {

struct Group {
  comm::Communicator* communicator = nullptr;  // null: this rank alone
  comm::Exchange* exchange = nullptr;
  comm::Device device{};

  std::size_t rank() const {
    return communicator == nullptr ? 0 : static_cast<std::size_t>(communicator->rank());
  }
  std::size_t size() const {
    return communicator == nullptr ? 1 : static_cast<std::size_t>(communicator->size());
  }
};

}  // namespace titrate::train
