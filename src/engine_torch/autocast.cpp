#include "autocast.hpp"

#include <ATen/autocast_mode.h>

namespace titrate::engine_torch {

Autocast::Autocast(c10::DeviceType device, bool on) : device_(device), on_(on) {
  if (!on_) return;
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::set_autocast_enabled(device_, true);
}

// The cache holds casts of parameters that the next step changes.
Autocast::~Autocast() {
  if (!on_) return;
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, false);
}

}  // namespace titrate::engine_torch
