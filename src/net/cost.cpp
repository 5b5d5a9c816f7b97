#include "titrate/net/cost.hpp"

#include <algorithm>

#include "titrate/core/text.hpp"
#include "titrate/net/parameters.hpp"

namespace titrate::net {
namespace {

double values(const TensorShape& shape) { return static_cast<double>(shape.values()); }

double sum_of(const std::vector<Node>& nodes) {
  double sum = 0;
  for (const Node& node : nodes) sum += forward_flops(node);
  return sum;
}

// Of one run of the layer alone. There is an overload for each layer: a new one has to say its cost.
struct Flops {
  const Node& node;

  double operator()(const Conv& conv) const {
    double seen = static_cast<double>(conv.channels) * node.input.channels / conv.groups;
    if (!conv.table.empty()) {
      seen = 0;
      for (const auto& inputs : conv.table) seen += static_cast<double>(inputs.size());
    }
    return 2 * seen * conv.kernel * conv.kernel * node.output.height * node.output.width;
  }
  double operator()(const Dense& dense) const { return 2.0 * dense.units * node.input.channels; }
  double operator()(const MaxPool& pool) const { return values(node.output) * pool.size * pool.size; }
  double operator()(const AvgPool& pool) const { return values(node.output) * pool.size * pool.size; }
  double operator()(const GlobalAvgPool&) const { return values(node.input); }
  double operator()(const BatchNorm&) const { return 2 * values(node.output); }
  double operator()(const Dropout&) const { return 0; }
  double operator()(const GaussianNoise&) const { return 0; }
  double operator()(const Flatten&) const { return 0; }
  double operator()(const Patches&) const { return 0; }
  double operator()(const Activation auto&) const { return values(node.output); }
  double operator()(const Residual&) const { return values(node.output); }  // the sum
};

struct Row {
  std::string layer, output, parameters, mflop;
};

// A list inside is shown by its layers below.
std::string head_of(const Layer& layer) {
  if (const auto* patches = std::get_if<Patches>(&layer)) return "patches " + std::to_string(patches->size);
  if (std::holds_alternative<Residual>(layer)) return "residual";
  const std::string text = to_text(layer);
  const std::size_t table = text.find(" table=");
  return table == std::string::npos ? text : text.substr(0, table) + " table=...";
}

std::string mflop_text(double flops) { return fixed(flops / 1e6, 3); }

void add_rows(const std::vector<Node>& nodes, std::size_t depth, const char* mark, std::vector<Row>& rows) {
  for (const Node& node : nodes) {
    rows.push_back({std::string(2 * depth, ' ') + mark + head_of(node.layer), to_string(node.output),
                    with_commas(parameter_count(node)), mflop_text(forward_flops(node))});
    add_rows(node.layers, depth + 1, "", rows);
    add_rows(node.projection, depth + 1, "+ ", rows);
  }
}

std::string line(const Row& row, const std::vector<std::size_t>& widths) {
  const auto right = [](const std::string& text, std::size_t width) {
    return std::string(width - text.size(), ' ') + text;
  };
  const std::string text = row.layer + std::string(widths[0] - row.layer.size(), ' ') + "  " +
                           right(row.output, widths[1]) + "  " + right(row.parameters, widths[2]) + "  " +
                           right(row.mflop, widths[3]);
  return text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
}

}  // namespace

double forward_flops(const Node& node) {
  const double own = std::visit(Flops{node}, static_cast<const LayerKind&>(node.layer));
  return own * static_cast<double>(node.runs) + sum_of(node.layers) + sum_of(node.projection);
}

double forward_flops(const Network& network) { return sum_of(resolve(network)); }

double training_flops(const Network& network) { return 3 * forward_flops(network); }

std::string layer_table(const Network& network) {
  std::vector<Row> rows{{"layer", "output", "parameters", "MFLOP"},
                        {"input", to_string(network.input), "", ""}};
  add_rows(resolve(network), 0, "", rows);
  rows.push_back({"total", "", with_commas(parameter_count(network)), mflop_text(forward_flops(network))});
  std::vector<std::size_t> widths(4);
  for (const Row& row : rows) {
    const std::string* cells[] = {&row.layer, &row.output, &row.parameters, &row.mflop};
    for (std::size_t i = 0; i < 4; ++i) widths[i] = std::max(widths[i], cells[i]->size());
  }
  const std::string rule(widths[0] + widths[1] + widths[2] + widths[3] + 6, '-');
  std::string text = line(rows[0], widths) + rule + "\n";
  for (std::size_t i = 1; i + 1 < rows.size(); ++i) text += line(rows[i], widths);
  return text + rule + "\n" + line(rows.back(), widths);
}

}  // namespace titrate::net
