// What a call that should fail failed with.
#pragma once

#include <functional>
#include <string>

#include "titrate/core/error.hpp"

namespace titrate {

struct Outcome {
  ErrorCode code = ErrorCode::internal;
  std::string message = "nothing was thrown";
};

inline Outcome outcome(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {};
}

}  // namespace titrate
