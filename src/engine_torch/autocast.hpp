// LibTorch's automatic casts for train.precision = "bf16".
#pragma once

#include <c10/core/DeviceType.h>

namespace titrate::engine_torch {

// While it lives, and where it is `on`, convolutions and products on this kind of device compute in bfloat16.
// Parameters stay float32.
class Autocast {
 public:
  Autocast(c10::DeviceType device, bool on);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  c10::DeviceType device_;
  bool on_;
};

}  // namespace titrate::engine_torch
