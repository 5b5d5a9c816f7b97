#include "model_tensors.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/zeros.h>

#include "flat.hpp"

namespace titrate::engine_torch {
namespace {

at::Tensor slice(const at::Tensor& flat, const net::ParameterTensor& tensor) {
  return flat.narrow(0, static_cast<std::int64_t>(tensor.offset), static_cast<std::int64_t>(tensor.count))
      .view(tensor.dimensions);
}

}  // namespace

ModelTensors::ModelTensors(const net::Network& network, const train::Model& initial, c10::Device device) {
  const net::ParameterLayout layout = net::parameter_layout(network);
  const auto floats = static_cast<std::int64_t>(layout.floats),
             running = static_cast<std::int64_t>(layout.running_floats);
  const auto options = at::TensorOptions(device).dtype(at::kFloat);
  parameters_ = at::zeros({floats}, options);
  running_ = at::zeros({running}, options);
  momentum_ = at::zeros({running}, options);
  exchanged_ = at::zeros({floats + running + kTail}, options);
  gradients_ = exchanged_.narrow(0, 0, floats);
  statistics_ = exchanged_.narrow(0, floats, running);
  tail_ = exchanged_.narrow(0, floats + running, kTail);
  set_model(initial);

  const std::vector<net::Node> nodes = net::resolve(network);
  net::for_each_node(nodes, [&](const net::Node&) { of_nodes_.emplace_back(); });
  for (const net::ParameterTensor& tensor : layout.tensors) view_parameter(tensor);
  for (const net::ParameterTensor& tensor : layout.running) view_running(tensor);
  std::vector<double> momentum(of_nodes_.size());
  net::for_each_node(nodes, [&](const net::Node& node) {
    if (const auto* norm = std::get_if<net::BatchNorm>(&node.layer)) momentum[node.number] = norm->momentum;
  });
  for (const net::ParameterTensor& tensor : layout.running)
    slice(momentum_, tensor).fill_(momentum[tensor.layer]);
}

void ModelTensors::view_parameter(const net::ParameterTensor& tensor) {
  at::Tensor leaf = slice(parameters_, tensor).detach().set_requires_grad(true);
  const at::Tensor gradient = slice(gradients_, tensor);
  leaf.mutable_grad() = gradient;
  leaves_.push_back(leaf);
  if (!tensor.mask.empty())
    masked_.push_back(
        {gradient,
         view_of(tensor.mask).view(tensor.dimensions).to(gradient.device(), at::kFloat, false, true)});
  if (tensor.l2 > 0) penalised_.push_back({gradient, slice(parameters_, tensor), tensor.l2});
  const bool shifts = tensor.role == net::Role::bias || tensor.role == net::Role::shift;
  NodeTensors& node = of_nodes_[tensor.layer];
  (shifts ? node.bias : node.weight) = leaf;
}

void ModelTensors::view_running(const net::ParameterTensor& tensor) {
  // variable_data() shares the memory, but not the version counter. Else autograd takes a gradient that is
  // accumulated in the same buffer for a change of a tensor that it saved.
  const at::Tensor running = slice(running_, tensor), batch = slice(statistics_, tensor).variable_data();
  NodeTensors& node = of_nodes_[tensor.layer];
  if (tensor.role == net::Role::running_mean) {
    node.running_mean = running;
    node.batch_mean = batch;
  } else {
    node.running_variance = running;
    node.batch_variance = batch;
  }
}

void ModelTensors::weigh_statistics(double share) {
  if (statistics_.numel() > 0) statistics_.mul_(share);
}

void ModelTensors::finish_gradients(double clip_norm) {
  const at::NoGradGuard no_grad;
  for (Masked& masked : masked_) masked.gradient.mul_(masked.mask);
  for (Penalised& penalised : penalised_) penalised.gradient.add_(penalised.parameter, 2 * penalised.l2);
  if (clip_norm <= 0) return;
  // As torch.nn.utils.clip_grad_norm_. The factor stays on the device, so the host does not wait for it.
  gradients_.mul_(at::linalg_vector_norm(gradients_).add_(1e-6).reciprocal_().mul_(clip_norm).clamp_max_(1));
}

void ModelTensors::update_running() {
  const at::NoGradGuard no_grad;
  if (running_.numel() > 0) running_.lerp_(statistics_, momentum_);
}

train::Model ModelTensors::model() const { return {to_floats(parameters_), to_floats(running_)}; }

void ModelTensors::set_model(const train::Model& model) {
  const at::NoGradGuard no_grad;
  copy_floats(model.parameters, parameters_);
  copy_floats(model.running, running_);
}

}  // namespace titrate::engine_torch
