#include "titrate/net/network.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "titrate/core/error.hpp"
#include "titrate/net/cost.hpp"
#include "titrate/net/parameters.hpp"
#include "titrate/net/zoo.hpp"

namespace titrate::net {
namespace {

constexpr TensorShape kDigits{1, 28, 28};

std::string refusal(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

void expect_in(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

TEST(Zoo, HasTheParametersOfItsModels) {
  EXPECT_EQ(parameter_count(make_network("simple-cnn", kDigits, 10)), 21840u);
  EXPECT_EQ(parameter_count(make_network("pytorch-cnn", kDigits, 10)), 1199882u);
}

TEST(Zoo, TakesOtherImagesAndClasses) {
  // 20 x 5 x 5 features of 32 x 32 pixels: 3 * 250 + 10, 5000 + 20, 500 * 50 + 50, 50 * 37 + 37
  EXPECT_EQ(parameter_count(make_network("simple-cnn", {3, 32, 32}, 37)), 760u + 5020u + 25050u + 1887u);
}

TEST(Zoo, UnknownNameIsRefusedWithTheNearest) {
  const std::string message = refusal([] { make_network("simple-cn", kDigits, 10); });
  expect_in(message, "network.name: unknown network \"simple-cn\"");
  expect_in(message, "simple-cnn");
}

TEST(Network, ShapesFollowTheLayers) {
  const std::vector<TensorShape> shapes = output_shapes(make_network("simple-cnn", kDigits, 10));
  const std::vector<TensorShape> expected{{10, 24, 24}, {10, 12, 12}, {10, 12, 12}, {20, 8, 8}, {20, 4, 4},
                                          {20, 4, 4},   {320, 1, 1},  {50, 1, 1},   {50, 1, 1}, {10, 1, 1}};
  EXPECT_EQ(shapes, expected);
  const Network odd{.input = {2, 7, 9}, .layers = {MaxPool{2}, MaxPool{3}}};
  EXPECT_EQ(output_shapes(odd), (std::vector<TensorShape>{{2, 3, 4}, {2, 1, 1}}));
  EXPECT_EQ(to_string(shapes[0]), "10 x 24 x 24");
}

TEST(Network, LayersThatDoNotFitAreRefusedByNumberAndText) {
  const auto message = [](const std::vector<std::string>& layers) {
    return refusal([&] { make_network(layers, kDigits, 10); });
  };
  expect_in(message({"conv 4 5", "relu", "conv 4 25"}), "layer 2 (conv 4 25): the kernel is larger");
  expect_in(message({"conv 4 5", "relu", "conv 4 25"}), "4 x 24 x 24");
  expect_in(message({"max_pool 29"}), "layer 0 (max_pool 29): the window is larger");
  expect_in(message({"conv 4 5", "dense 10"}), "layer 1 (dense 10): dense takes a flat input");
  expect_in(message({"conv 4 5", "dense 10"}), "put \"flatten\" before it");
  expect_in(message({"flatten", "dense 11"}),
            "layer 1 (dense 11): the last layer must give one value per class");
  expect_in(message({"flatten", "dense 11"}), "expected 10 x 1 x 1, got 11 x 1 x 1");
  expect_in(message({"conv 10 5"}), "layer 0 (conv 10 5): the last layer must give");
  expect_in(message({}), "network.layers: no layers");
}

// Sizes that would not fit into 32 or 64 bits.
TEST(Network, SizesThatOverflowAreRefused) {
  const auto message = [](const std::vector<std::string>& layers) {
    return refusal([&] { make_network(layers, kDigits, 10); });
  };
  expect_in(message({"conv 1 1 padding=32768", "flatten", "dense 10"}),
            "layer 0 (conv 1 1 padding=32768): more than");
  expect_in(message({"conv 65536 1", "conv 65536 65536 padding=32768", "global_avg_pool", "dense 10"}),
            "layer 1 (conv 65536 65536 padding=32768): more than");
  expect_in(message({"flatten", "dense 65536", "dense 65536", "dense 10"}), "more than 1073741824 weights");
  expect_in(message({"patches 1 [flatten, dense 65536, dense 65536, dense 9]", "dense 10"}), "weights");
  EXPECT_EQ(parameter_count(make_network(std::vector<std::string>{"patches 1 [flatten, dense 9]", "dense 10"},
                                         kDigits, 10)),
            18u + 784 * 9 * 10 + 10);
}

TEST(Network, TensorsAreNamedAndLaidOutAsPyTorchDoes) {
  const ParameterLayout layout =
      parameter_layout(make_network({"conv 3 2", "relu", "flatten", "dense 5"}, {2, 4, 3}, 5));
  ASSERT_EQ(layout.tensors.size(), 4u);
  const auto expect = [&](std::size_t t, const std::string& name, const std::vector<std::int64_t>& dimensions,
                          std::size_t offset, std::size_t count, std::uint64_t fan_in, std::size_t layer) {
    const ParameterTensor& tensor = layout.tensors[t];
    EXPECT_EQ(tensor.name, name);
    EXPECT_EQ(tensor.dimensions, dimensions);
    EXPECT_EQ(tensor.offset, offset);
    EXPECT_EQ(tensor.count, count);
    EXPECT_EQ(tensor.fan_in, fan_in);
    EXPECT_EQ(tensor.layer, layer);
  };
  expect(0, "0.weight", {3, 2, 2, 2}, 0, 24, 8, 0);  // each starts on 64 bytes
  expect(1, "0.bias", {3}, 32, 3, 8, 0);
  expect(2, "3.weight", {5, 18}, 48, 90, 18, 3);
  expect(3, "3.bias", {5}, 144, 5, 18, 3);
  EXPECT_EQ(layout.floats, 160u);
}

// conv: 3 x 2 positions, 3 channels, 2 x 2 x 2 weights: 144 multiply-adds; relu 18 values; dense: 18 x 5
// = 90.
TEST(Network, TrainingTakesThreeTimesTheWayForward) {
  EXPECT_EQ(training_flops(make_network({"conv 3 2", "relu", "flatten", "dense 5"}, {2, 4, 3}, 5)),
            3 * (2 * 144.0 + 18 + 2 * 90));
  // conv 24 x 24 x 250, 8 x 8 x 5,000, dense; pools read 10 x 24 x 24 and 20 x 8 x 8; activations
  EXPECT_EQ(training_flops(make_network("simple-cnn", kDigits, 10)),
            3 * (2 * (144000.0 + 320000 + 16000 + 500) + 5760 + 1280 + 1440 + 320 + 50));
}

TEST(Layer, TextFormsReadBack) {
  for (const std::string text :
       {"conv 10 5", "max_pool 2", "relu", "flatten", "dense 50", "dropout 0.25", "dropout 0"})
    EXPECT_EQ(to_text(parse_layer(text, "")), text);
  EXPECT_EQ(parse_layer("  conv   10  5 ", ""), Layer(Conv{10, 5}));
  EXPECT_EQ(parse_layer("dropout 0.5", ""), Layer(Dropout{0.5}));
  for (const ZooEntry& entry : zoo()) {
    for (const std::string& text : entry.layers) EXPECT_EQ(to_text(parse_layer(text, "")), text);
  }
}

TEST(Layer, TextThatIsNoLayerIsRefusedByItsText) {
  const auto message = [](const std::string& text) {
    return refusal([&] { parse_layer(text, "study.toml:7"); });
  };
  for (const std::string text : {"",          " ",           "convolution 3 3", "conv",
                                 "conv 3",    "conv 3 3 3",  "relu 1",          "flatten 2",
                                 "max_pool",  "dense x",     "dense 0",         "dense -3",
                                 "dense 2.5", "dense 65537", "conv 3 3 table=", "conv 3 3 table=0//0",
                                 "dropout",   "dropout 1",   "dropout -0.1",    "dropout nan"}) {
    expect_in(message(text), "study.toml:7: layer \"" + text + "\"");
  }
  expect_in(message("con 3 3"), "did you mean \"conv\"");
  expect_in(message("lstm 3"), "known are");
  expect_in(message("conv 3"), "write it as \"conv CHANNELS KERNEL ");
  expect_in(message("dense x"), "\"x\" is not a number");
  expect_in(message("dropout 1"), "\"1\": the rate is out of range; give 0 or more, below 1");
}

}  // namespace
}  // namespace titrate::net
