// The ranks that train a trial together, as one of them sees it.
#pragma once

#include <functional>

#include "titrate/comm/communicator.hpp"
#include "titrate/comm/device.hpp"
#include "titrate/comm/exchange.hpp"

namespace titrate::train {

struct Group {
  comm::Communicator* communicator = nullptr;  // null: this rank alone
  comm::Exchange* exchange = nullptr;
  comm::Device device{};

  int rank() const { return communicator == nullptr ? 0 : communicator->rank(); }
  int size() const { return communicator == nullptr ? 1 : communicator->size(); }
};

// Runs `body`, which calls nothing that is collective, on every rank of the group. Where it throws on one of
// several, all throw comm::AgreedError with the reason, and the group can go on with something else. An error
// of the exchange is thrown as it is, by whom it meets, and does not wait for the others, who may never come.
void together(const Group& group, const std::function<void()>& body);

}  // namespace titrate::train
