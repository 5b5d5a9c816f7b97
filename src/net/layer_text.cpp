#include <array>

#include "titrate/core/text.hpp"
#include "titrate/core/words.hpp"
#include "titrate/net/network.hpp"

namespace titrate::net {
namespace {

constexpr Range kCount{.low = 1, .high = 65536}, kCountOrZero{.high = 65536};
constexpr Range kPenalty{.high = 1e6, .below_high = true}, kShare{.high = 1, .below_high = true};

std::vector<std::vector<std::uint32_t>> parse_table(const std::string& text, const Words& words) {
  std::vector<std::vector<std::uint32_t>> table;
  if (text.empty()) words.refuse("an empty table", "leave it out: then every input is seen");
  for (const std::string& row : split(text, '/')) {
    if (row.empty()) words.refuse("an output of the table sees no input");
    table.emplace_back();
    for (const std::string& input : split(row, '+')) {
      table.back().push_back(words.to_integer(input, kCountOrZero, "an input of the table"));
    }
  }
  return table;
}

Layer parse_conv(Words& words) {
  words.need(2, 2);
  Conv conv{.channels = words.integer(0, kCount, "the number of channels"),
            .kernel = words.integer(1, kCount, "the kernel")};
  conv.stride = words.integer_option("stride", kCount).value_or(conv.stride);
  if (const auto padding = words.option("padding")) {
    conv.same = *padding == "same";
    if (!conv.same && *padding != "valid") conv.padding = words.to_integer(*padding, kCountOrZero, "padding");
  }
  conv.bias = words.flag_option("bias").value_or(conv.bias);
  conv.l2 = words.number_option("l2", kPenalty).value_or(conv.l2);
  conv.groups = words.integer_option("groups", kCount).value_or(conv.groups);
  if (const auto table = words.option("table")) conv.table = parse_table(*table, words);
  return conv;
}

template <class Pool>
Layer parse_pool(Words& words) {
  words.need(1, 1);
  Pool pool{.size = words.integer(0, kCount, "the size")};
  pool.stride = words.integer_option("stride", kCount).value_or(pool.stride);
  pool.padding = words.integer_option("padding", kCountOrZero).value_or(pool.padding);
  if (pool.stride == pool.size) pool.stride = 0;
  return pool;
}

Layer parse_dense(Words& words) {
  words.need(1, 1);
  Dense dense{.units = words.integer(0, kCount, "the number of units")};
  dense.bias = words.flag_option("bias").value_or(dense.bias);
  dense.l2 = words.number_option("l2", kPenalty).value_or(dense.l2);
  return dense;
}

Layer parse_batch_norm(Words& words) {
  words.need(0, 0);
  BatchNorm norm;
  norm.momentum = words.number_option("momentum", kShare).value_or(norm.momentum);
  norm.epsilon = words.number_option("epsilon", kShare).value_or(norm.epsilon);
  return norm;
}

std::vector<Layer> parse_list(const Words& words) {
  std::vector<Layer> layers;
  for (const std::string& text : words.list()) layers.push_back(parse_layer(text, words.where()));
  return layers;
}

template <class Plain>
Layer parse_plain(Words& words) {
  words.need(0, 0);
  return Plain{};
}

Layer parse_dropout(Words& words) {
  words.need(1, 1);
  return Dropout{words.number(0, kShare, "the rate")};
}

Layer parse_gaussian_noise(Words& words) {
  words.need(1, 1);
  return GaussianNoise{words.number(0, {.high = 100, .below_high = true}, "the deviation")};
}

Layer parse_leaky_relu(Words& words) {
  words.need(0, 0);
  LeakyRelu relu;
  relu.slope = words.number_option("slope", kShare).value_or(relu.slope);
  return relu;
}

Layer parse_patches(Words& words) {
  words.need(1, 1, true);
  return Patches{words.integer(0, kCount, "the size"), parse_list(words)};
}

Layer parse_residual(Words& words) {
  words.need(0, 0, true);
  return Residual{parse_list(words)};
}

using Form = WordForm<Layer>;

constexpr std::array<Form, std::variant_size_v<LayerKind>> kForms{{
    {"conv CHANNELS KERNEL [stride=1] [padding=valid|same|N] [bias=yes|no] [l2=0] [groups=1] "
     "[table=0+1/1+2/...]",
     parse_conv},
    {"max_pool SIZE [stride=SIZE] [padding=0]", parse_pool<MaxPool>},
    {"avg_pool SIZE [stride=SIZE] [padding=0]", parse_pool<AvgPool>},
    {"global_avg_pool", parse_plain<GlobalAvgPool>},
    {"batch_norm [momentum=0.1] [epsilon=1e-05]", parse_batch_norm},
    {"dropout RATE", parse_dropout},
    {"gaussian_noise DEVIATION", parse_gaussian_noise},
    {"relu", parse_plain<Relu>},
    {"leaky_relu [slope=0.01]", parse_leaky_relu},
    {"tanh", parse_plain<Tanh>},
    {"sigmoid", parse_plain<Sigmoid>},
    {"gelu", parse_plain<Gelu>},
    {"flatten", parse_plain<Flatten>},
    {"dense UNITS [bias=yes|no] [l2=0]", parse_dense},
    {"patches SIZE [LAYER, LAYER, ...]", parse_patches},
    {"residual [LAYER, LAYER, ...]", parse_residual},
}};

// Writes a layer; options only where they differ from the default.
struct Writer {
  template <class T>
  static std::string option(const char* key, const T& value, const T& usual) {
    if (value == usual) return "";
    if constexpr (std::is_same_v<T, bool>) {
      return std::string(" ") + key + "=" + (value ? "yes" : "no");
    } else if constexpr (std::is_same_v<T, double>) {
      return std::string(" ") + key + "=" + shortest(value);
    } else {
      return std::string(" ") + key + "=" + std::to_string(value);
    }
  }
  static std::string list(const std::vector<Layer>& layers) {
    std::vector<std::string> texts;
    for (const Layer& layer : layers) texts.push_back(to_text(layer));
    return " [" + join(texts, ", ") + "]";
  }
  static std::string table(const std::vector<std::vector<std::uint32_t>>& rows) {
    std::vector<std::string> texts;
    for (const auto& row : rows) {
      std::vector<std::string> inputs;
      for (const std::uint32_t input : row) inputs.push_back(std::to_string(input));
      texts.push_back(join(inputs, "+"));
    }
    return texts.empty() ? "" : " table=" + join(texts, "/");
  }
  template <class Pool>
  static std::string pool(const char* name, const Pool& l) {
    return name + (" " + std::to_string(l.size)) + option("stride", l.stride, 0u) +
           option("padding", l.padding, 0u);
  }

  std::string operator()(const Conv& l) const {
    return "conv " + std::to_string(l.channels) + " " + std::to_string(l.kernel) +
           option("stride", l.stride, 1u) + (l.same ? " padding=same" : option("padding", l.padding, 0u)) +
           option("bias", l.bias, true) + option("l2", l.l2, 0.0) + option("groups", l.groups, 1u) +
           table(l.table);
  }
  std::string operator()(const MaxPool& l) const { return pool("max_pool", l); }
  std::string operator()(const AvgPool& l) const { return pool("avg_pool", l); }
  std::string operator()(const GlobalAvgPool&) const { return "global_avg_pool"; }
  std::string operator()(const BatchNorm& l) const {
    const BatchNorm usual;
    return "batch_norm" + option("momentum", l.momentum, usual.momentum) +
           option("epsilon", l.epsilon, usual.epsilon);
  }
  std::string operator()(const Dropout& l) const { return "dropout " + shortest(l.rate); }
  std::string operator()(const GaussianNoise& l) const { return "gaussian_noise " + shortest(l.deviation); }
  std::string operator()(const Relu&) const { return "relu"; }
  std::string operator()(const LeakyRelu& l) const {
    return "leaky_relu" + option("slope", l.slope, LeakyRelu{}.slope);
  }
  std::string operator()(const Tanh&) const { return "tanh"; }
  std::string operator()(const Sigmoid&) const { return "sigmoid"; }
  std::string operator()(const Gelu&) const { return "gelu"; }
  std::string operator()(const Flatten&) const { return "flatten"; }
  std::string operator()(const Dense& l) const {
    return "dense " + std::to_string(l.units) + option("bias", l.bias, true) + option("l2", l.l2, 0.0);
  }
  std::string operator()(const Patches& l) const {
    return "patches " + std::to_string(l.size) + list(l.layers);
  }
  std::string operator()(const Residual& l) const { return "residual" + list(l.layers); }
};

}  // namespace

Layer parse_layer(std::string_view text, std::string_view where) {
  Words words(text, "layer", where);
  Layer layer = read_form<Layer>(kForms, words);
  words.need_no_more_options();
  return layer;
}

std::string to_text(const Layer& layer) { return std::visit(Writer{}, static_cast<const LayerKind&>(layer)); }

std::string layers_help() { return forms_help<Layer>(kForms); }

}  // namespace titrate::net
