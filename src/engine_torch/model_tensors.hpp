// A model's numbers on a device: flat tensors for the exchange and the optimizer, and views of them for the
// layers.
//
// Parameters are views of one flat tensor and their .grad are views of another, so autograd accumulates in
// place. The buffer that ranks exchange is [gradients | statistics of this batch | tail]: batch_norm writes
// the mean and variance that it finds into the middle, so they are summed over parts and ranks as gradients
// are.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "forward.hpp"
#include "titrate/net/parameters.hpp"
#include "titrate/train/engine.hpp"

namespace titrate::engine_torch {

class ModelTensors {
 public:
  static constexpr std::int64_t kTail = 16;

  ModelTensors(const net::Network& network, const train::Model& initial, c10::Device device);

  const std::vector<NodeTensors>& of_nodes() const { return of_nodes_; }
  // The trained ones of these, each with its .grad, in the order of the flat tensor.
  const std::vector<at::Tensor>& leaves() const { return leaves_; }
  const at::Tensor& parameters() const { return parameters_; }
  at::Tensor& exchanged() { return exchanged_; }
  const at::Tensor& gradients() const { return gradients_; }  // of the parameters
  const at::Tensor& tail() const { return tail_; }            // numbers that travel with them

  // Before the exchange: weighs this part's statistics by its share of the batch's images.
  void weigh_statistics(double share);
  // After the exchange: applies connection tables, adds the layers' l2 terms, then clips the norm of all
  // gradients (0: not clipped).
  void finish_gradients(double clip_norm);
  // Moves running statistics towards those of the batch.
  void update_running();

  train::Model model() const;
  void set_model(const train::Model& model);

 private:
  struct Masked {
    at::Tensor gradient, mask;
  };
  struct Penalised {
    at::Tensor gradient, parameter;
    double l2;
  };

  void view_parameter(const net::ParameterTensor& tensor);
  void view_running(const net::ParameterTensor& tensor);

  at::Tensor parameters_, running_;
  at::Tensor exchanged_, gradients_, statistics_, tail_;
  at::Tensor momentum_;  // of each running statistic
  std::vector<NodeTensors> of_nodes_;
  std::vector<at::Tensor> leaves_;
  std::vector<Masked> masked_;
  std::vector<Penalised> penalised_;
};

}  // namespace titrate::engine_torch
