#include "elements.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "refuse.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::source {
namespace {

using shard::ElementKind;
using shard::ElementType;

constexpr double kWhite = 255;

template <class Value>
Value load(const std::byte* from, bool swapped) {
  std::byte bytes[sizeof(Value)];
  std::memcpy(bytes, from, sizeof bytes);
  if (swapped) std::reverse(std::begin(bytes), std::end(bytes));
  Value value{};
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

bool is_swapped(const ElementType& type) {
  return type.big_endian != (std::endian::native == std::endian::big);
}

// Calls use(i, value) for each element, in the type that it has.
template <class Value, class Use>
void for_each_of(const ElementType& type, std::span<const std::byte> raw, const Use& use) {
  const bool swapped = sizeof(Value) > 1 && is_swapped(type);
  for (std::size_t i = 0; i < raw.size() / sizeof(Value); ++i) {
    use(i, load<Value>(raw.data() + i * sizeof(Value), swapped));
  }
}

template <class Use>
void for_each_integer(const ElementType& type, std::span<const std::byte> raw, const Use& use) {
  if (type.kind == ElementKind::signed_integer) {
    if (type.bytes == 1) return for_each_of<std::int8_t>(type, raw, use);
    if (type.bytes == 2) return for_each_of<std::int16_t>(type, raw, use);
    if (type.bytes == 4) return for_each_of<std::int32_t>(type, raw, use);
    return for_each_of<std::int64_t>(type, raw, use);
  }
  if (type.bytes == 1) return for_each_of<std::uint8_t>(type, raw, use);
  if (type.bytes == 2) return for_each_of<std::uint16_t>(type, raw, use);
  if (type.bytes == 4) return for_each_of<std::uint32_t>(type, raw, use);
  return for_each_of<std::uint64_t>(type, raw, use);
}

bool is_integer(const ElementType& type) {
  return type.kind == ElementKind::signed_integer || type.kind == ElementKind::unsigned_integer;
}

std::string element_name(std::uint64_t index) { return "element " + std::to_string(index); }

void check_boolean(std::byte value, const std::string& where, std::uint64_t index) {
  if (std::to_integer<unsigned>(value) > 1) {
    refuse(where, element_name(index) + " is no bool", "0 or 1",
           std::to_string(std::to_integer<unsigned>(value)));
  }
}

void append_code_point(std::string& text, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  const auto more = [&](int shift) { put(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6), more(0);
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12), more(6), more(0);
  } else if (code <= 0x10ffff) {
    put(0xf0 | code >> 18), more(12), more(6), more(0);
  } else {
    put(0xff);  // is no UTF-8, and is found out as such
  }
}

std::vector<std::string> to_texts(const ElementType& type, std::span<const std::byte> raw,
                                  const std::string& where) {
  const bool wide = type.kind == ElementKind::wide_text;
  std::vector<std::string> texts(raw.size() / type.bytes);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (std::size_t j = 0; j < type.bytes; j += wide ? 4 : 1) {
      const std::byte* at = raw.data() + i * type.bytes + j;
      const std::uint32_t code =
          wide ? load<std::uint32_t>(at, is_swapped(type)) : std::to_integer<std::uint32_t>(*at);
      if (code == 0) break;
      if (wide) {
        append_code_point(texts[i], code);
      } else {
        texts[i] += static_cast<char>(code);
      }
    }
    if (!is_utf8(texts[i])) refuse(where, element_name(i) + " is not Unicode text");
  }
  return texts;
}

template <class Value>
void scale_pixels(const PixelRule& rule, std::span<const std::byte> raw, std::span<std::uint8_t> out,
                  const std::string& where, std::uint64_t first) {
  for_each_of<Value>(rule.type, raw, [&](std::size_t i, Value value) {
    const double scaled = static_cast<double>(value) * rule.scale;
    if (!(scaled >= 0 && scaled <= kWhite)) {  // also refuses what is not a number
      refuse(where,
             element_name(first + i) + " times scale = " + shortest(rule.scale) + " is not a pixel level",
             "0 to 255", std::isnan(scaled) ? "not a number" : shortest(scaled));
    }
    out[i] = static_cast<std::uint8_t>(std::floor(scaled + 0.5));
  });
}

}  // namespace

void check_rule(const PixelRule& rule, const std::string& where) {
  const ElementType& type = rule.type;
  if (type.kind == ElementKind::floating && type.bytes >= 4) {
    if (rule.scale > 0) return;
    throw Error({.code = ErrorCode::usage,
                 .where = where,
                 .what = "the images are " + shard::to_string(type) + ", and nothing says what is white",
                 .hint = "set scale = 255 if the values go from 0 to 1, scale = 1 if from 0 to 255"});
  }
  if (!is_integer(type) && type.kind != ElementKind::boolean) {
    refuse(where, "the elements cannot be pixels", "uint8, another integer, bool, float32 or float64",
           shard::to_string(type));
  }
  if (rule.scale > 0) {
    throw Error({.code = ErrorCode::usage,
                 .where = where,
                 .what = "scale is for floating-point images",
                 .got = shard::to_string(type)});
  }
}

void to_pixels(const PixelRule& rule, std::span<const std::byte> raw, std::span<std::uint8_t> out,
               const std::string& where, std::uint64_t first) {
  const ElementType& type = rule.type;
  if (type.kind == ElementKind::boolean) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      check_boolean(raw[i], where, first + i);
      out[i] = raw[i] == std::byte{1} ? 255 : 0;
    }
  } else if (type.kind == ElementKind::floating) {
    if (type.bytes == 4) return scale_pixels<float>(rule, raw, out, where, first);
    return scale_pixels<double>(rule, raw, out, where, first);
  } else if (type == ElementType{}) {
    if (!out.empty()) std::memcpy(out.data(), raw.data(), out.size());
  } else {
    for_each_integer(type, raw, [&](std::size_t i, auto value) {
      if (value < 0 || static_cast<std::uint64_t>(value) > 255) {
        refuse(where, element_name(first + i) + " is not a pixel level", "0 to 255", std::to_string(value));
      }
      out[i] = static_cast<std::uint8_t>(value);
    });
  }
}

void check_labels(const ElementType& type, const std::vector<std::uint64_t>& extent,
                  const std::string& where) {
  const bool texts = type.kind == ElementKind::text || type.kind == ElementKind::wide_text;
  if (!texts && !is_integer(type) && type.kind != ElementKind::boolean) {
    refuse(where, "the elements cannot be labels", "integers or texts", shard::to_string(type),
           type.kind == ElementKind::floating ? "save them with .astype(int)" : "");
  }
  if (extent.empty()) refuse(where, "a single value, not an array of labels");
  if (std::any_of(extent.begin() + 1, extent.end(), [](std::uint64_t length) { return length != 1; })) {
    std::string found;
    for (const std::uint64_t length : extent) found += (found.empty() ? "" : " x ") + std::to_string(length);
    refuse(where, "not one label for each image; are these one-hot rows?", "an extent of N or N x 1", found,
           "save them with .argmax(axis=1)");
  }
}

LabelColumn to_labels(const ElementType& type, std::span<const std::byte> raw, const std::string& where) {
  if (type.kind == ElementKind::text || type.kind == ElementKind::wide_text)
    return {.texts = to_texts(type, raw, where)};
  LabelColumn column;
  column.numbers.reserve(raw.size() / type.bytes);
  for_each_integer(type, raw, [&](std::size_t i, auto value) {
    if (value < 0 || static_cast<std::uint64_t>(value) > std::numeric_limits<std::int32_t>::max()) {
      refuse(where, "label " + std::to_string(i) + " is out of range", "0 or more", std::to_string(value));
    }
    if (type.kind == ElementKind::boolean) check_boolean(raw[i], where, i);
    column.numbers.push_back(static_cast<std::int64_t>(value));
  });
  return column;
}

}  // namespace titrate::source
