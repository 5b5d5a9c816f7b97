// Gradients that travel while autograd computes the rest of them.
//
// Autograd has the gradients of the last layers first, so the gradients are cut, at the borders of
// parameters, into buckets that go from the end of the flat buffer to its start, each as soon as all of its
// gradients are there. Statistics and tail, which are written after backward, go last. A bucket never
// overtakes another: the order is the same on all ranks, also where some parameter gets no gradient or a rank
// has no images.
#pragma once

#include <cstddef>
#include <vector>

#include "model_tensors.hpp"
#include "titrate/comm/exchange.hpp"

namespace titrate::engine_torch {

class GradientBuckets {
 public:
  // Whether buckets are faster for a model of so many floats. A small sum takes about as long as the calls
  // that more buckets add, so a small model has none.
  static bool pay_for(std::size_t floats);

  // Watches the parameters of `tensors`. Both outlive it.
  GradientBuckets(ModelTensors& tensors, comm::Exchange& exchange);
  ~GradientBuckets();
  GradientBuckets(const GradientBuckets&) = delete;
  GradientBuckets& operator=(const GradientBuckets&) = delete;

  // begin() starts a step, which has one backward or none; finish() ends it. Then the whole exchanged buffer
  // is summed, as Exchange::finish() says. Both, and backward, throw what the exchange throws.
  void begin();
  void finish();

 private:
  struct Bucket {
    std::size_t offset = 0, floats = 0;
    std::size_t parameters = 0;
    std::size_t missing = 0;  // of their gradients, in this step
  };
  class Arrival;

  void arrived(std::size_t bucket);
  void start_next();

  ModelTensors& tensors_;
  comm::Exchange& exchange_;
  std::vector<Bucket> buckets_;  // in the order in which they go
  std::size_t started_ = 0;
};

}  // namespace titrate::engine_torch
