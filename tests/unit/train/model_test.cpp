#include "titrate/train/model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

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

TEST(InitialParameters, AreUniformWithinOneOverTheRootOfFanIn) {
  const ParameterLayout layout = net::parameter_layout(net::make_network("pytorch-cnn", {1, 28, 28}, 10));
  const std::vector<float> flat = initial_parameters(layout, 5);
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

TEST(InitialParameters, GapsAreZero) {
  const ParameterLayout layout = layout_of({"conv 3 3", "flatten", "dense 10"}, {1, 8, 8});
  const std::vector<float> flat = initial_parameters(layout, 5);
  std::vector<bool> used(flat.size());
  for (const ParameterTensor& tensor : layout.tensors)
    std::fill_n(used.begin() + static_cast<std::ptrdiff_t>(tensor.offset), tensor.count, true);
  EXPECT_NE(std::count(used.begin(), used.end(), false), 0);
  for (std::size_t i = 0; i < flat.size(); ++i) EXPECT_EQ(flat[i] != 0, used[i]) << i;
}

// A tensor's numbers come from a stream of its own: those before it may have another size.
TEST(InitialParameters, EachTensorHasItsOwnStream) {
  const ParameterLayout small = layout_of({"conv 4 3", "flatten", "dense 10"}, {1, 8, 8}),
                        large = layout_of({"conv 4 5", "flatten", "dense 10"}, {1, 10, 10});
  const std::vector<float> a = initial_parameters(small, 5), b = initial_parameters(large, 5);
  EXPECT_NE(small.tensors[2].offset, large.tensors[2].offset);
  ASSERT_EQ(small.tensors[2].dimensions, large.tensors[2].dimensions);
  const auto dense_a = values_of(a, small.tensors[2]), dense_b = values_of(b, large.tensors[2]);
  EXPECT_TRUE(std::equal(dense_a.begin(), dense_a.end(), dense_b.begin()));
  const auto bias = values_of(a, small.tensors[3]);
  EXPECT_FALSE(std::equal(bias.begin(), bias.end(), dense_a.begin()));
}

TEST(InitialParameters, AreAFunctionOfTheSeed) {
  const ParameterLayout layout = layout_of({"flatten", "dense 10"}, {1, 8, 8});
  EXPECT_EQ(initial_parameters(layout, 1), initial_parameters(layout, 1));
  EXPECT_NE(initial_parameters(layout, 1), initial_parameters(layout, 2));
}

}  // namespace
}  // namespace titrate::train
