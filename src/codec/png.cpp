#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <new>

#include "parts.hpp"
#include "titrate/core/error.hpp"

namespace titrate::codec {
namespace {

constexpr png_uint_32 kNoLimit = 0x7fffffff;
// Only what libpng keeps in memory falls under it, and of chunks with a free length it keeps none here.
constexpr png_alloc_size_t kLongestChunk = png_alloc_size_t{1} << 26;

struct Complaint {
  char text[96] = "";
};

struct Feed {
  std::span<const std::byte> left;
  bool ended = false;
};

void complain(png_structp png, png_const_charp message) {
  auto* complaint = static_cast<Complaint*>(png_get_error_ptr(png));
  std::snprintf(complaint->text, sizeof complaint->text, "%s", message);
  png_longjmp(png, 1);
}

void stay_silent(png_structp, png_const_charp) {}

// libpng leaves by longjmp, which runs no destructors. So every call that can fail is a step whose frame, and
// those below it, hold nothing that has one; what owns memory lives above.
template <typename Step>
bool attempt(png_structp png, Step step) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  step();
  return true;
}

void take(png_structp png, png_bytep out, std::size_t count) {
  auto* feed = static_cast<Feed*>(png_get_io_ptr(png));
  if (count > feed->left.size()) {
    feed->ended = true;
    png_error(png, "the end comes too soon");
  }
  std::memcpy(out, feed->left.data(), count);
  feed->left = feed->left.subspan(count);
}

// Owns libpng's state for one file.
class Reader {
 public:
  explicit Reader(const Encoded& encoded);
  ~Reader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  bool read_head();  // false when a head ends too soon; else shape() is known
  const image::Shape& shape() const { return shape_; }
  image::Image read_pixels();

 private:
  template <typename Step>
  void must(Step step) {
    if (!attempt(png_, step)) fail();
  }
  [[noreturn]] void fail() const;
  int start_rows();
  void read_palette();
  void read_by_way_of_rows(image::Image& image, int passes);
  void convert(const std::uint8_t* row, std::span<std::uint8_t> out) const;

  const Encoded& encoded_;
  Feed feed_;
  Complaint complaint_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  image::Shape shape_;
  std::uint32_t channels_ = 0;  // as libpng gives rows: 2 and 4 have alpha, and indices into a palette are 1
  std::vector<std::array<std::uint8_t, 3>> palette_;  // already on the background
};

Reader::Reader(const Encoded& encoded) : encoded_(encoded), feed_{.left = encoded.bytes} {
  png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &complaint_, complain, stay_silent);
  info_ = png_ != nullptr ? png_create_info_struct(png_) : nullptr;
  if (info_ == nullptr) {
    png_destroy_read_struct(&png_, nullptr, nullptr);
    throw std::bad_alloc();
  }
}

void Reader::fail() const {
  if (feed_.ended) refuse_cut_off(encoded_, Format::png);
  refuse_damaged(encoded_, Format::png, complaint_.text);
}

bool Reader::read_head() {
  const bool done = attempt(png_, [this] {
    png_set_read_fn(png_, &feed_, take);
    png_set_user_limits(png_, kNoLimit, kNoLimit);  // check_size() says it in our words
    png_set_chunk_malloc_max(png_, kLongestChunk);
    // Colour profiles, text and other things beside the pixels are neither used nor unpacked.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_read_info(png_, info_);
  });
  if (!done && feed_.ended && !encoded_.whole) return false;
  if (!done) fail();

  shape_.height = png_get_image_height(png_, info_);
  shape_.width = png_get_image_width(png_, info_);
  check_size(encoded_, Format::png, shape_.height, shape_.width);
  const unsigned type = png_get_color_type(png_, info_);
  const bool coloured = (type & PNG_COLOR_MASK_COLOR) != 0;  // a palette has it too
  const bool alpha = (type & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png_, info_, PNG_INFO_tRNS) != 0;
  channels_ = type == PNG_COLOR_TYPE_PALETTE ? 1 : (coloured ? 3U : 1U) + (alpha ? 1U : 0U);
  shape_.channels = coloured || (alpha && !is_grey(encoded_.settings.background)) ? 3 : 1;
  return true;
}

// Asks for 8 bits a channel or an index. How often the rows pass.
int Reader::start_rows() {
  int passes = 1;
  must([this, &passes] {
    png_set_packing(png_);
    if (palette_.empty()) png_set_expand(png_);
    png_set_strip_16(png_);
    passes = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
  });
  if (png_get_rowbytes(png_, info_) != std::size_t{shape_.width} * channels_) {
    throw Error(
        {.code = ErrorCode::internal, .where = encoded_.where, .what = "libpng gives rows of another size"});
  }
  return passes;
}

// libpng would show a colour that is missing as black, without a word.
void Reader::read_palette() {
  png_colorp colours = nullptr;
  int count = 0;
  png_bytep alphas = nullptr;
  int alpha_count = 0;
  if (png_get_color_type(png_, info_) != PNG_COLOR_TYPE_PALETTE) return;
  png_get_PLTE(png_, info_, &colours, &count);
  png_get_tRNS(png_, info_, &alphas, &alpha_count, nullptr);
  palette_.resize(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const std::uint8_t alpha = i < alpha_count ? alphas[i] : 255;
    const std::array<std::uint8_t, 4> over{colours[i].red, colours[i].green, colours[i].blue, alpha};
    lay_on(encoded_.settings.background, over.data(), 4, 3, palette_[static_cast<std::size_t>(i)]);
  }
}

image::Image Reader::read_pixels() {
  read_palette();
  const int passes = start_rows();
  image::Image image(shape_);
  if (palette_.empty() && channels_ == shape_.channels) {
    const std::size_t stride = std::size_t{shape_.width} * channels_;
    std::uint8_t* const pixels = image.pixels.data();
    must([this, passes, pixels, stride] {
      for (int pass = 0; pass < passes; ++pass) {
        for (std::size_t y = 0; y < shape_.height; ++y) png_read_row(png_, pixels + y * stride, nullptr);
      }
    });
  } else {
    read_by_way_of_rows(image, passes);
  }
  must([this] { png_read_end(png_, nullptr); });
  return image;
}

// Interlaced rows are whole only after the last pass: all are kept until then, else one is.
void Reader::read_by_way_of_rows(image::Image& image, int passes) {
  const std::size_t stride = std::size_t{shape_.width} * channels_;
  const std::size_t out_stride = std::size_t{shape_.width} * shape_.channels;
  const std::size_t kept_stride = passes > 1 ? stride : 0;
  std::vector<std::uint8_t> kept(passes > 1 ? stride * shape_.height : stride);
  std::uint8_t* const rows = kept.data();
  for (int pass = 0; pass < passes; ++pass) {
    for (std::size_t y = 0; y < shape_.height; ++y) {
      std::uint8_t* const row = rows + y * kept_stride;
      must([this, row] { png_read_row(png_, row, nullptr); });
      if (pass + 1 == passes) convert(row, std::span(image.pixels).subspan(y * out_stride, out_stride));
    }
  }
}

void Reader::convert(const std::uint8_t* row, std::span<std::uint8_t> out) const {
  if (palette_.empty()) {
    lay_on(encoded_.settings.background, row, channels_, shape_.channels, out);
    return;
  }
  for (std::size_t i = 0; i < out.size(); i += 3, ++row) {
    if (*row >= palette_.size()) refuse_damaged(encoded_, Format::png, "a colour that its palette lacks");
    std::copy_n(palette_[*row].data(), 3, out.data() + i);
  }
}

// Owns libpng's state for one file that is written.
class Writer {
 public:
  Writer();
  ~Writer() { png_destroy_write_struct(&png_, &info_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  std::vector<std::byte> write(const image::View& view);

 private:
  static void put(png_structp png, png_bytep bytes, std::size_t count);

  std::vector<std::byte> out_;
  Complaint complaint_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

Writer::Writer() {
  png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, &complaint_, complain, stay_silent);
  info_ = png_ != nullptr ? png_create_info_struct(png_) : nullptr;
  if (info_ == nullptr) {
    png_destroy_write_struct(&png_, nullptr);
    throw std::bad_alloc();
  }
}

// No exception may cross libpng's frames, and none may be alive when it jumps.
void Writer::put(png_structp png, png_bytep bytes, std::size_t count) {
  auto& out = *static_cast<std::vector<std::byte>*>(png_get_io_ptr(png));
  bool done = true;
  try {
    const auto* first = reinterpret_cast<const std::byte*>(bytes);
    out.insert(out.end(), first, first + count);
  } catch (const std::bad_alloc&) {
    done = false;
  }
  if (!done) png_error(png, "out of memory");
}

std::vector<std::byte> Writer::write(const image::View& view) {
  const bool done = attempt(png_, [this, &view] {
    png_set_write_fn(png_, &out_, put, nullptr);
    png_set_user_limits(png_, kNoLimit, kNoLimit);
    png_set_IHDR(png_, info_, view.shape.width, view.shape.height, 8,
                 view.shape.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png_, info_);
    const std::size_t stride = std::size_t{view.shape.width} * view.shape.channels;
    for (std::size_t y = 0; y < view.shape.height; ++y) {
      png_write_row(png_, view.pixels.data() + y * stride);
    }
    png_write_end(png_, nullptr);
  });
  if (!done) {
    throw Error(
        {.what = std::string("cannot write a PNG of ") + to_string(view.shape), .got = complaint_.text});
  }
  return std::move(out_);
}

}  // namespace

std::optional<image::Shape> probe_png(const Encoded& encoded) {
  Reader reader(encoded);
  if (!reader.read_head()) return std::nullopt;
  return reader.shape();
}

image::Image decode_png(const Encoded& encoded) {
  Reader reader(encoded);
  reader.read_head();
  return reader.read_pixels();
}

std::vector<std::byte> encode_png(const image::View& view) {
  const bool channels_known = view.shape.channels == 1 || view.shape.channels == 3;
  if (!channels_known || view.shape.pixels() == 0 || view.pixels.size() != view.shape.bytes()) {
    throw Error({.code = ErrorCode::internal,
                 .what = "no picture to write as PNG",
                 .expected = "1 or 3 channels and a value for each",
                 .got = to_string(view.shape) + " and " + std::to_string(view.pixels.size()) + " values"});
  }
  return Writer().write(view);
}

}  // namespace titrate::codec
