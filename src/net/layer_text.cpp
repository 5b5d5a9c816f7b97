#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/net/network.hpp"

namespace titrate::net {
namespace {

constexpr std::uint32_t kMostCount = 65536;
// Lists in lists in lists: nothing that people train needs more.
constexpr int kDeepest = 8;

// How the layer of that name is written; empty where there is none.
std::string form_of(const std::string& name);

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::string& word : split(trim(text), ' ')) {
    if (!word.empty()) words.push_back(std::move(word));
  }
  return words;
}

// A network may be one long line.
std::string beginning_of(const std::string& text) {
  constexpr std::size_t kShown = 100;
  return text.size() <= kShown ? text : text.substr(0, kShown) + "...";
}

// One layer's text, taken apart: "name value value key=value [list]". What nobody asks for is refused.
class Words {
 public:
  Words(std::string_view text, std::string_view where) : text_(text), where_(where) {
    const std::string trimmed = trim(text);
    std::string_view head = trimmed;
    if (const std::size_t open = trimmed.find('['); open != std::string::npos) {
      if (trimmed.back() != ']') refuse("the list is not closed", "end it with \"]\"");
      list_ = trimmed.substr(open + 1, trimmed.size() - open - 2);
      head = head.substr(0, open);
    }
    std::vector<std::string> words = words_of(head);
    if (!words.empty()) name_ = words[0];
    for (std::size_t i = 1; i < words.size(); ++i) {
      const std::size_t equals = words[i].find('=');
      if (equals == std::string::npos) {
        values_.push_back(words[i]);
      } else if (!options_.emplace(words[i].substr(0, equals), words[i].substr(equals + 1)).second) {
        refuse("\"" + words[i] + "\" is given twice", "");
      }
    }
  }

  const std::string& name() const { return name_; }

  [[noreturn]] void refuse(const std::string& what, const std::string& hint) const {
    throw Error({.code = ErrorCode::usage,
                 .where = where_,
                 .what = "layer \"" + beginning_of(text_) + "\": " + what,
                 .hint = hint});
  }

  void need(std::size_t values, bool list = false) const {
    if (values_.size() != values || list_.has_value() != list) refuse_form("wrong number of values");
  }
  [[noreturn]] void refuse_form(const std::string& what) const {
    refuse(what, "write it as \"" + form_of(name_) + "\"");
  }

  std::uint32_t count(std::size_t index) const { return as_count(values_[index], 1); }
  double number(std::size_t index, const char* what, double low, double below) const {
    return as_number(values_[index], what, low, below);
  }

  std::optional<std::string> option(const std::string& key) {
    const auto place = options_.find(key);
    if (place == options_.end()) return std::nullopt;
    std::string value = place->second;
    options_.erase(place);
    return value;
  }
  void count_option(const std::string& key, std::uint32_t least, std::uint32_t& out) {
    if (const auto value = option(key)) out = as_count(*value, least);
  }
  void number_option(const std::string& key, double low, double below, double& out) {
    if (const auto value = option(key)) out = as_number(*value, key.c_str(), low, below);
  }
  void flag_option(const std::string& key, bool& out) {
    const auto value = option(key);
    if (!value) return;
    if (*value != "yes" && *value != "no") refuse("\"" + key + "=" + *value + "\"", "give yes or no");
    out = *value == "yes";
  }
  void no_more_options() const {
    if (!options_.empty()) refuse_form("unknown option \"" + options_.begin()->first + "\"");
  }

  // The texts of the list, split at the commas that are not inside a list of their own.
  std::vector<std::string> list() const {
    std::vector<std::string> items(1);
    int depth = 0;
    for (const char c : *list_) {
      depth += c == '[' ? 1 : c == ']' ? -1 : 0;
      if (depth < 0 || depth > kDeepest) refuse("its lists do not close, or are too deep", "");
      if (c == ',' && depth == 0) {
        items.emplace_back();
      } else {
        items.back() += c;
      }
    }
    if (depth != 0) refuse("the list is not closed", "end it with \"]\"");
    return items;
  }
  const std::string& where() const { return where_; }

  std::uint32_t as_count(const std::string& word, std::uint32_t least) const {
    const auto value = parse_integer(word);
    if (!value || *value < least || *value > kMostCount)
      refuse("\"" + word + "\" is not a count", "give " + std::to_string(least) + " to 65536");
    return static_cast<std::uint32_t>(*value);
  }

 private:
  double as_number(const std::string& word, const char* what, double low, double below) const {
    const auto value = parse_double(word);
    if (!value || !(*value >= low && *value < below)) {
      refuse("\"" + word + "\" is not a " + what,
             "give " + shortest(low) + " or more and below " + shortest(below));
    }
    return *value;
  }

  std::string text_, where_, name_;
  std::vector<std::string> values_;
  std::map<std::string, std::string> options_;
  std::optional<std::string> list_;
};

std::vector<std::vector<std::uint32_t>> parse_table(const std::string& text, const Words& words) {
  std::vector<std::vector<std::uint32_t>> table;
  if (text.empty()) words.refuse("an empty table", "leave it out: then every input is seen");
  for (const std::string& row : split(text, '/')) {
    if (row.empty()) words.refuse("an output of the table sees no input", "");
    table.emplace_back();
    for (const std::string& input : split(row, '+')) table.back().push_back(words.as_count(input, 0));
  }
  return table;
}

Layer parse_conv(Words& words) {
  words.need(2);
  Conv conv{.channels = words.count(0), .kernel = words.count(1)};
  words.count_option("stride", 1, conv.stride);
  if (const auto padding = words.option("padding")) {
    conv.same = *padding == "same";
    if (!conv.same && *padding != "valid") conv.padding = words.as_count(*padding, 0);
  }
  words.flag_option("bias", conv.bias);
  words.number_option("l2", 0, 1e6, conv.l2);
  words.count_option("groups", 1, conv.groups);
  if (const auto table = words.option("table")) conv.table = parse_table(*table, words);
  return conv;
}

template <class Pool>
Layer parse_pool(Words& words) {
  words.need(1);
  Pool pool{.size = words.count(0)};
  words.count_option("stride", 1, pool.stride);
  words.count_option("padding", 0, pool.padding);
  if (pool.stride == pool.size) pool.stride = 0;
  return pool;
}

Layer parse_dense(Words& words) {
  words.need(1);
  Dense dense{.units = words.count(0)};
  words.flag_option("bias", dense.bias);
  words.number_option("l2", 0, 1e6, dense.l2);
  return dense;
}

Layer parse_batch_norm(Words& words) {
  words.need(0);
  BatchNorm norm;
  words.number_option("momentum", 0, 1, norm.momentum);
  words.number_option("epsilon", 0, 1, norm.epsilon);
  return norm;
}

std::vector<Layer> parse_list(const Words& words) {
  std::vector<Layer> layers;
  for (const std::string& text : words.list()) layers.push_back(parse_layer(text, words.where()));
  return layers;
}

template <class Plain>
Layer parse_plain(Words& words) {
  words.need(0);
  return Plain{};
}

Layer parse_dropout(Words& words) {
  words.need(1);
  return Dropout{words.number(0, "rate", 0, 1)};
}

Layer parse_gaussian_noise(Words& words) {
  words.need(1);
  return GaussianNoise{words.number(0, "deviation", 0, 100)};
}

Layer parse_leaky_relu(Words& words) {
  words.need(0);
  LeakyRelu relu;
  words.number_option("slope", 0, 1, relu.slope);
  return relu;
}

Layer parse_patches(Words& words) {
  words.need(1, true);
  return Patches{words.count(0), parse_list(words)};
}

Layer parse_residual(Words& words) {
  words.need(0, true);
  return Residual{parse_list(words)};
}

struct Form {
  const char* name;
  const char* values;   // the words that follow the name, for people
  const char* options;  // the keys that may follow them
  Layer (*parse)(Words&);
};

constexpr std::array<Form, std::variant_size_v<LayerKind>> kForms{{
    {"conv", "CHANNELS KERNEL",
     "[stride=1] [padding=valid|same|N] [bias=yes|no] [l2=0] [groups=1] [table=0+1/1+2/...]", parse_conv},
    {"max_pool", "SIZE", "[stride=SIZE] [padding=0]", parse_pool<MaxPool>},
    {"avg_pool", "SIZE", "[stride=SIZE] [padding=0]", parse_pool<AvgPool>},
    {"global_avg_pool", "", "", parse_plain<GlobalAvgPool>},
    {"batch_norm", "", "[momentum=0.1] [epsilon=1e-05]", parse_batch_norm},
    {"dropout", "RATE", "", parse_dropout},
    {"gaussian_noise", "DEVIATION", "", parse_gaussian_noise},
    {"relu", "", "", parse_plain<Relu>},
    {"leaky_relu", "", "[slope=0.01]", parse_leaky_relu},
    {"tanh", "", "", parse_plain<Tanh>},
    {"sigmoid", "", "", parse_plain<Sigmoid>},
    {"flatten", "", "", parse_plain<Flatten>},
    {"dense", "UNITS", "[bias=yes|no] [l2=0]", parse_dense},
    {"patches", "SIZE [LAYER, LAYER, ...]", "", parse_patches},
    {"residual", "[LAYER, LAYER, ...]", "", parse_residual},
}};

const Form* find_form(const std::string& name) {
  const auto* place =
      std::find_if(kForms.begin(), kForms.end(), [&](const Form& form) { return form.name == name; });
  return place == kForms.end() ? nullptr : place;
}

std::string form_text(const Form& form) {
  std::string text = form.name;
  for (const char* part : {form.values, form.options}) {
    if (*part != 0) text += std::string(" ") + part;
  }
  return text;
}

std::string form_of(const std::string& name) {
  const Form* form = find_form(name);
  return form == nullptr ? "" : form_text(*form);
}

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
  Words words(text, where);
  const Form* form = find_form(words.name());
  if (form == nullptr) {
    std::vector<std::string> names;
    for (const Form& known : kForms) names.emplace_back(known.name);
    const auto near = nearest(words.name(), names);
    words.refuse("unknown", near ? "did you mean \"" + *near + "\"?" : "known are " + join(names, ", "));
  }
  Layer layer = form->parse(words);
  words.no_more_options();
  return layer;
}

std::string to_text(const Layer& layer) { return std::visit(Writer{}, static_cast<const LayerKind&>(layer)); }

std::string layers_help() {
  std::string text;
  for (const Form& form : kForms) text += "  " + form_text(form) + "\n";
  return text;
}

}  // namespace titrate::net
