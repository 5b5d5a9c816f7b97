#include <array>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/net/network.hpp"

namespace titrate::net {
namespace {

const std::array<std::string, 6> kForms{"conv CHANNELS KERNEL", "max_pool SIZE", "relu", "flatten",
                                        "dense UNITS",          "dropout RATE"};

[[noreturn]] void refuse(std::string_view where, std::string_view text, const std::string& what,
                         const std::string& hint) {
  throw Error({.code = ErrorCode::usage,
               .where = std::string(where),
               .what = "layer \"" + std::string(text) + "\": " + what,
               .hint = hint});
}

// The words of one layer, with their place in messages.
struct Parser {
  std::string_view where, text;
  std::vector<std::string> words;

  void need(std::size_t values) const {
    if (words.size() == values + 1) return;
    for (const std::string& form : kForms) {
      if (form.starts_with(words[0]))
        refuse(where, text, "wrong number of values", "write it as \"" + form + "\"");
    }
  }
  std::uint32_t count(std::size_t index) const {
    const auto value = parse_integer(words[index]);
    if (!value || *value < 1 || *value > 65536)
      refuse(where, text, "\"" + words[index] + "\" is not a count", "give 1 to 65536");
    return static_cast<std::uint32_t>(*value);
  }
  double rate(std::size_t index) const {
    const auto value = parse_double(words[index]);
    if (!value || !(*value >= 0 && *value < 1))
      refuse(where, text, "\"" + words[index] + "\" is not a rate", "give 0 or more and below 1");
    return *value;
  }
};

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::string& word : split(trim(text), ' ')) {
    if (!word.empty()) words.push_back(std::move(word));
  }
  return words;
}

}  // namespace

Layer parse_layer(std::string_view text, std::string_view where) {
  const Parser parser{where, text, words_of(text)};
  const std::string name = parser.words.empty() ? "" : parser.words[0];
  if (name == "conv") {
    parser.need(2);
    return Conv{parser.count(1), parser.count(2)};
  }
  if (name == "max_pool") {
    parser.need(1);
    return MaxPool{parser.count(1)};
  }
  if (name == "relu") {
    parser.need(0);
    return Relu{};
  }
  if (name == "flatten") {
    parser.need(0);
    return Flatten{};
  }
  if (name == "dense") {
    parser.need(1);
    return Dense{parser.count(1)};
  }
  if (name == "dropout") {
    parser.need(1);
    return Dropout{parser.rate(1)};
  }
  std::vector<std::string> names;
  for (const std::string& form : kForms) names.push_back(split(form, ' ')[0]);
  const auto near = nearest(name, names);
  refuse(where, text, "unknown", near ? "did you mean \"" + *near + "\"?" : "known are " + join(names, ", "));
}

std::string to_text(const Layer& layer) {
  struct Writer {
    std::string operator()(const Conv& l) const {
      return "conv " + std::to_string(l.channels) + " " + std::to_string(l.kernel);
    }
    std::string operator()(const MaxPool& l) const { return "max_pool " + std::to_string(l.size); }
    std::string operator()(const Relu&) const { return "relu"; }
    std::string operator()(const Flatten&) const { return "flatten"; }
    std::string operator()(const Dense& l) const { return "dense " + std::to_string(l.units); }
    std::string operator()(const Dropout& l) const { return "dropout " + shortest(l.rate); }
  };
  return std::visit(Writer{}, layer);
}

}  // namespace titrate::net
