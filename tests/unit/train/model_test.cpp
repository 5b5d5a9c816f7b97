#include "titrate/train/model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "titrate/core/error.hpp"
#include "titrate/net/zoo.hpp"

namespace titrate::train {
namespace {

using net::ParameterLayout;
using net::ParameterTensor;

ParameterLayout layout_of(const std::vector<std::string>& layers, const net::TensorShape& input) {
  return net::parameter_layout(net::make_network(layers, input, 10));
}

std::span<const float> values_of(const std::vector<float>& flat, const ParameterTensor& tensor) {
  return std::span(flat).subspan(tensor.offset, tensor.count);
}

TEST(InitialModel, AreUniformWithinOneOverTheRootOfFanIn) {
  const ParameterLayout layout = net::parameter_layout(net::make_network("pytorch-cnn", {1, 28, 28}, 10));
  const std::vector<float> flat = initial_model(layout, study::Initial::pytorch, 5).parameters;
  ASSERT_EQ(flat.size(), layout.floats);
  for (const ParameterTensor& tensor : layout.tensors) {
    const double bound = 1 / std::sqrt(static_cast<double>(tensor.fan_in));
    double sum = 0, square = 0;
    for (const float value : values_of(flat, tensor)) {
      EXPECT_LE(std::abs(value), static_cast<float>(bound)) << tensor.name;
      sum += value / bound;
      square += value / bound * value / bound;
    }
    // Five standard errors of the mean, 0, and of the mean square, 1/3.
    const auto count = static_cast<double>(tensor.count);
    EXPECT_NEAR(sum / count, 0, 5 * std::sqrt(1 / 3.0 / count)) << tensor.name;
    EXPECT_NEAR(square / count, 1 / 3.0, 5 * std::sqrt(4 / 45.0 / count)) << tensor.name;
  }
}

// Mean and variance of many weights; five standard errors, those of the variance for the kurtosis at hand.
void expect_moments(std::span<const float> values, double variance, double kurtosis,
                    const std::string& what) {
  double sum = 0, square = 0;
  for (const float value : values) {
    sum += value;
    square += double{value} * value;
  }
  const auto count = static_cast<double>(values.size());
  EXPECT_NEAR(sum / count, 0, 5 * std::sqrt(variance / count)) << what;
  EXPECT_NEAR(square / count, variance, 5 * variance * std::sqrt((kurtosis - 1) / count)) << what;
}

TEST(InitialModel, OtherWeightsHaveTheVarianceOfTheirPaperAndBiasesAreZero) {
  const ParameterLayout layout = layout_of({"conv 32 5", "conv 64 3", "flatten", "dense 10"}, {3, 12, 12});
  for (const auto initial : {study::Initial::he, study::Initial::lecun, study::Initial::xavier}) {
    const std::vector<float> flat = initial_model(layout, initial, 5).parameters;
    const std::string name = choice_name(initial);
    for (const ParameterTensor& tensor : layout.tensors) {
      const auto values = values_of(flat, tensor);
      const auto in = static_cast<double>(tensor.fan_in), out = static_cast<double>(tensor.fan_out);
      if (tensor.role == net::Role::bias) {
        EXPECT_EQ(std::count(values.begin(), values.end(), 0.0f), std::ssize(values)) << tensor.name;
      } else if (name == "xavier") {
        expect_moments(values, 2 / (in + out), 1.8, name + " " + tensor.name);
      } else {
        expect_moments(values, (name == "he" ? 2 : 1) / in, 3, name + " " + tensor.name);
      }
    }
  }
}

TEST(InitialModel, NormalWeightsReachFurtherThanUniformOnes) {
  const ParameterLayout layout = layout_of({"conv 64 3", "flatten", "dense 10"}, {3, 12, 12});
  const auto largest = [&](study::Initial initial) {
    const std::vector<float> flat = initial_model(layout, initial, 5).parameters;
    const auto values = values_of(flat, layout.tensors[2]);
    return *std::max_element(values.begin(), values.end()) *
           std::sqrt(static_cast<double>(layout.tensors[2].fan_in));
  };
  EXPECT_LT(largest(study::Initial::pytorch), 1.0);
  EXPECT_GT(largest(study::Initial::lecun), 3.0);
}

TEST(InitialModel, WeightsOutsideOfTheConnectionTableAreZero) {
  const ParameterLayout layout = layout_of({"conv 2 3 table=0+2/1", "flatten", "dense 10"}, {3, 8, 8});
  for (const auto initial : {study::Initial::pytorch, study::Initial::he}) {
    const std::vector<float> flat = initial_model(layout, initial, 5).parameters;
    const auto values = values_of(flat, layout.tensors[0]);
    ASSERT_EQ(values.size(), 2u * 3 * 9);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t pair = i / 9;  // output 0: inputs 0, 1, 2; output 1: inputs 0, 1, 2
      EXPECT_EQ(values[i] != 0, pair == 0 || pair == 2 || pair == 4) << i;
    }
  }
}

TEST(InitialModel, BatchNormBeginsAsTheIdentity) {
  const ParameterLayout layout = layout_of({"conv 3 3", "batch_norm", "flatten", "dense 10"}, {1, 8, 8});
  const Model model = initial_model(layout, study::Initial::he, 5);
  const auto all = [](std::span<const float> values, float value) {
    return std::count(values.begin(), values.end(), value) == std::ssize(values) && values.size() == 3;
  };
  EXPECT_TRUE(all(values_of(model.parameters, layout.tensors[2]), 1));
  EXPECT_TRUE(all(values_of(model.parameters, layout.tensors[3]), 0));
  ASSERT_EQ(model.running.size(), layout.running_floats);
  EXPECT_TRUE(all(values_of(model.running, layout.running[0]), 0));
  EXPECT_TRUE(all(values_of(model.running, layout.running[1]), 1));
  EXPECT_EQ(std::count(model.running.begin(), model.running.end(), 1.0f), 3);  // gaps are 0
}

TEST(InitialModel, RefusesAnUnknownName) {}

TEST(InitialModel, GapsAreZero) {
  const ParameterLayout layout = layout_of({"conv 3 3", "flatten", "dense 10"}, {1, 8, 8});
  const std::vector<float> flat = initial_model(layout, study::Initial::pytorch, 5).parameters;
  std::vector<bool> used(flat.size());
  for (const ParameterTensor& tensor : layout.tensors)
    std::fill_n(used.begin() + static_cast<std::ptrdiff_t>(tensor.offset), tensor.count, true);
  EXPECT_NE(std::count(used.begin(), used.end(), false), 0);
  for (std::size_t i = 0; i < flat.size(); ++i) EXPECT_EQ(flat[i] != 0, used[i]) << i;
}

// A tensor's numbers come from a stream of its own: those before it may have another size.
TEST(InitialModel, EachTensorHasItsOwnStream) {
  const ParameterLayout small = layout_of({"conv 4 3", "flatten", "dense 10"}, {1, 8, 8}),
                        large = layout_of({"conv 4 5", "flatten", "dense 10"}, {1, 10, 10});
  const std::vector<float> a = initial_model(small, study::Initial::pytorch, 5).parameters,
                           b = initial_model(large, study::Initial::pytorch, 5).parameters;
  EXPECT_NE(small.tensors[2].offset, large.tensors[2].offset);
  ASSERT_EQ(small.tensors[2].dimensions, large.tensors[2].dimensions);
  const auto dense_a = values_of(a, small.tensors[2]), dense_b = values_of(b, large.tensors[2]);
  EXPECT_TRUE(std::equal(dense_a.begin(), dense_a.end(), dense_b.begin()));
  const auto bias = values_of(a, small.tensors[3]);
  EXPECT_FALSE(std::equal(bias.begin(), bias.end(), dense_a.begin()));
}

TEST(InitialModel, AreAFunctionOfTheSeed) {
  const ParameterLayout layout = layout_of({"flatten", "dense 10"}, {1, 8, 8});
  EXPECT_EQ(initial_model(layout, study::Initial::he, 1).parameters,
            initial_model(layout, study::Initial::he, 1).parameters);
  EXPECT_NE(initial_model(layout, study::Initial::he, 1).parameters,
            initial_model(layout, study::Initial::he, 2).parameters);
}

}  // namespace
}  // namespace titrate::train
