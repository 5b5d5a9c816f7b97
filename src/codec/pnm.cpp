#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "parts.hpp"

namespace titrate::codec {
namespace {

constexpr std::uint32_t kMostDigits = 10;
constexpr std::uint32_t kMostMaximum = 65535;

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Numbers between spaces and comments.
class Words {
 public:
  explicit Words(const Encoded& encoded)
      : encoded_(encoded), text_(reinterpret_cast<const char*>(encoded.bytes.data()), encoded.bytes.size()) {}

  // Nothing when the text ends before the number does. A number may be the last thing in a whole file only.
  std::optional<std::uint64_t> next();
  std::size_t position() const { return position_; }
  void skip(std::size_t count) { position_ += count; }

 private:
  const Encoded& encoded_;
  std::string_view text_;
  std::size_t position_ = 0;
};

std::optional<std::uint64_t> Words::next() {
  bool comment = false;
  for (; position_ < text_.size(); ++position_) {
    const char c = text_[position_];
    if (comment) {
      comment = c != '\n' && c != '\r';
    } else if (c == '#') {
      comment = true;
    } else if (!is_space(c)) {
      break;
    }
  }
  std::uint64_t value = 0;
  std::uint32_t digits = 0;
  for (; position_ < text_.size(); ++position_, ++digits) {
    const char c = text_[position_];
    if (digits > 0 && (is_space(c) || c == '#')) return value;
    if (c < '0' || c > '9') refuse_damaged(encoded_, Format::pnm, "letters where a number belongs");
    if (digits == kMostDigits) refuse_damaged(encoded_, Format::pnm, "a number that is too long");
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return digits > 0 && encoded_.whole ? std::optional(value) : std::nullopt;
}

struct Header {
  image::Shape shape;
  bool plain = false;         // numbers as text
  std::uint32_t maximum = 0;  // the value of white
  Words words;                // what follows
};

std::optional<Header> read_header(const Encoded& encoded) {
  const char kind = static_cast<char>(encoded.bytes[1]);
  if (kind == '1' || kind == '4')
    refuse_form(encoded, Format::pnm, "greys or colours", "black and white, one bit");
  Words words(encoded);
  words.skip(2);
  const auto width = words.next();
  const auto height = width ? words.next() : std::nullopt;
  if (!height) return std::nullopt;
  check_size(encoded, Format::pnm, *height, *width);
  const auto maximum = words.next();
  if (!maximum) return std::nullopt;
  if (*maximum == 0 || *maximum > kMostMaximum) {
    refuse_damaged(encoded, Format::pnm, "its largest value is not 1 to 65535");
  }
  return Header{.shape = {.height = static_cast<std::uint32_t>(*height),
                          .width = static_cast<std::uint32_t>(*width),
                          .channels = kind == '2' || kind == '5' ? 1U : 3U},
                .plain = kind == '2' || kind == '3',
                .maximum = static_cast<std::uint32_t>(*maximum),
                .words = words};
}

// 0 to the file's maximum becomes 0 to 255. Greys beyond 8 bits go by way of 16, of which the high byte
// stays: so does Pillow, and so is a 16-bit PNG read.
class Scale {
 public:
  Scale(std::uint32_t maximum, std::uint32_t channels)
      : maximum_(maximum), by_sixteen_(maximum > 255 && channels == 1) {
    if (maximum > 255) return;
    for (std::uint32_t value = 0; value < table_.size(); ++value) table_[value] = compute(value);
  }

  std::uint8_t operator()(std::uint32_t value) const {
    return maximum_ > 255 ? compute(value) : table_[value];
  }

 private:
  // Beyond the maximum is white. Halves go to the even neighbour.
  std::uint8_t compute(std::uint32_t value) const {
    const double share = static_cast<double>(std::min(value, maximum_)) / maximum_;
    if (!by_sixteen_) return static_cast<std::uint8_t>(std::nearbyint(share * 255));
    return static_cast<std::uint8_t>(static_cast<std::uint32_t>(std::nearbyint(share * 65535)) >> 8);
  }

  std::uint32_t maximum_;
  bool by_sixteen_;
  std::array<std::uint8_t, 256> table_{};
};

void read_plain(const Encoded& encoded, Header& header, const Scale& scale, image::Image& image) {
  for (std::uint8_t& pixel : image.pixels) {
    const auto value = header.words.next();
    if (!value) refuse_cut_off(encoded, Format::pnm);
    if (*value > header.maximum) refuse_damaged(encoded, Format::pnm, "a value above its largest");
    pixel = scale(static_cast<std::uint32_t>(*value));
  }
}

void read_raw(const Encoded& encoded, const Header& header, const Scale& scale, image::Image& image) {
  const std::size_t size = header.maximum > 255 ? 2 : 1;
  const std::size_t first = header.words.position() + 1;  // one space, whatever follows
  if (encoded.bytes.size() < first + image.pixels.size() * size) refuse_cut_off(encoded, Format::pnm);
  const auto* in = reinterpret_cast<const std::uint8_t*>(encoded.bytes.data()) + first;
  if (!is_space(static_cast<char>(in[-1])))
    refuse_damaged(encoded, Format::pnm, "no space before its pixels");
  if (size == 2) {
    for (std::uint8_t& pixel : image.pixels) {
      pixel = scale(std::uint32_t{in[0]} << 8 | in[1]);
      in += 2;
    }
  } else if (header.maximum == 255) {
    std::copy_n(in, image.pixels.size(), image.pixels.begin());
  } else {
    std::transform(in, in + image.pixels.size(), image.pixels.begin(), scale);
  }
}

}  // namespace

std::optional<image::Shape> probe_pnm(const Encoded& encoded) {
  const auto header = read_header(encoded);
  if (!header) return std::nullopt;
  return header->shape;
}

image::Image decode_pnm(const Encoded& encoded) {
  auto header = read_header(encoded);
  if (!header) refuse_cut_off(encoded, Format::pnm);
  // Every value takes a byte or more: a short file is known before memory is taken for a large picture.
  if (encoded.bytes.size() < header->shape.bytes()) refuse_cut_off(encoded, Format::pnm);
  image::Image image(header->shape);
  const Scale scale(header->maximum, header->shape.channels);
  if (header->plain) {
    read_plain(encoded, *header, scale, image);
  } else {
    read_raw(encoded, *header, scale, image);
  }
  return image;
}

}  // namespace titrate::codec
