// Agreement on errors: an error on one rank becomes the same error on all, so that none waits for ever.
#pragma once

#include <functional>

#include "titrate/comm/communicator.hpp"
#include "titrate/core/error.hpp"

namespace titrate::comm {

// An error that every rank of a communicator throws at the same place.
class AgreedError : public Error {
 public:
  AgreedError(ErrorInfo info, int ranks) : Error(std::move(info)), ranks_(ranks) {}

  int ranks() const noexcept { return ranks_; }  // how many threw it: the size of the communicator

 private:
  int ranks_;
};

// Another rank failed, and this one does not know why. together() prefers any other error as the reason.
class PeerFailure : public Error {
 public:
  explicit PeerFailure(ErrorInfo info) : Error(std::move(info)) {}
};

// Runs `body` on every rank of `group`, then agrees on the result. If it threw on any rank, all throw
// AgreedError with the error of the lowest failing rank that knows the reason (lack of memory as failed, a
// foreign exception as internal, with its first line). `body` must not wait for a rank that may already have
// failed: give each collective its own call.
void together(const Communicator& group, const std::function<void()>& body);

}  // namespace titrate::comm
