#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <new>

#include <jpeglib.h>
// After jpeglib.h, which it needs.
#include <jerror.h>

#include "exif.hpp"
#include "parts.hpp"

namespace titrate::codec {
namespace {

// Pictures have up to a dozen scans. Each costs a walk over all blocks, however few bytes it has.
constexpr int kMostScans = 100;
constexpr std::size_t kRowsAtOnce = 16;

enum class Trouble { none, cut_off, many_scans, library };

// libjpeg's three tables of functions, with what they write down. libjpeg hands back only the struct itself,
// so each comes first in its own.
struct ErrorManager {
  jpeg_error_mgr base{};
  std::jmp_buf jump;
  Trouble trouble = Trouble::none;
  char text[JMSG_LENGTH_MAX] = "";
};

struct Feed {
  jpeg_source_mgr base{};
  bool whole = true;
};

[[noreturn]] void leave(j_common_ptr codec, Trouble trouble) {
  auto* errors = reinterpret_cast<ErrorManager*>(codec->err);
  errors->trouble = trouble;
  if (trouble == Trouble::library) errors->base.format_message(codec, errors->text);
  std::longjmp(errors->jump, 1);
}

void complain(j_common_ptr codec) { leave(codec, Trouble::library); }

// A warning means pixels were made up, but for these, which say nothing about them.
void warn(j_common_ptr codec, int level) {
  if (level >= 0) return;
  const int code = codec->err->msg_code;
  if (code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM || code == JWRN_NOT_SEQUENTIAL) return;
  leave(codec, Trouble::library);
}

void stay_silent(j_common_ptr) {}

void count_scans(j_common_ptr codec) {
  const auto* decompress = reinterpret_cast<j_decompress_ptr>(codec);
  if (decompress->input_scan_number > kMostScans) leave(codec, Trouble::many_scans);
}

void do_nothing(j_decompress_ptr) {}

boolean find_no_more(j_decompress_ptr codec) {
  if (reinterpret_cast<const Feed*>(codec->src)->whole) {
    leave(reinterpret_cast<j_common_ptr>(codec), Trouble::cut_off);
  }
  return FALSE;  // libjpeg stops where it is and says JPEG_SUSPENDED
}

void skip(j_decompress_ptr codec, long count) {
  if (count <= 0) return;
  const std::size_t there = codec->src->bytes_in_buffer;
  const std::size_t step = std::min(static_cast<std::size_t>(count), there);
  codec->src->next_input_byte += step;
  codec->src->bytes_in_buffer -= step;
  if (static_cast<std::size_t>(count) > there) find_no_more(codec);
}

// libjpeg leaves by longjmp, which runs no destructors. So every call that can fail is a step whose frame,
// and those below it, hold nothing that has one; what owns memory lives above.
template <typename Step>
bool attempt(ErrorManager& errors, Step step) {
  if (setjmp(errors.jump) != 0) return false;
  step();
  return true;
}

// CMYK as Adobe writes it: 255 is no ink.
void to_rgb(const std::uint8_t* cmyk, std::span<std::uint8_t> rgb) {
  for (std::size_t i = 0; i < rgb.size(); i += 3, cmyk += 4) {
    const unsigned light = cmyk[3];
    for (std::size_t c = 0; c < 3; ++c) {
      const unsigned product = (255U - cmyk[c]) * light + 128;
      rgb[i + c] = static_cast<std::uint8_t>(light - ((product + (product >> 8)) >> 8));
    }
  }
}

// Owns libjpeg's state for one file.
class Reader {
 public:
  explicit Reader(const Encoded& encoded);
  ~Reader() { jpeg_destroy_decompress(&codec_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  bool read_head();  // false when a head ends too soon; else stored() and orientation() are known
  const image::Shape& stored() const { return stored_; }
  int orientation() const { return orientation_; }
  image::Image read_pixels();  // as stored: not yet turned

 private:
  template <typename Step>
  void must(Step step) {
    if (!attempt(errors_, step)) fail();
  }
  [[noreturn]] void fail() const;
  void read_rows(image::Image& image);
  void read_cmyk_rows(image::Image& image);

  const Encoded& encoded_;
  ErrorManager errors_;
  Feed feed_;
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct codec_{};
  image::Shape stored_;
  int orientation_ = 1;
};

Reader::Reader(const Encoded& encoded) : encoded_(encoded) {
  codec_.err = jpeg_std_error(&errors_.base);
  errors_.base.error_exit = complain;
  errors_.base.emit_message = warn;
  errors_.base.output_message = stay_silent;
  feed_.whole = encoded.whole;
  feed_.base.next_input_byte = reinterpret_cast<const JOCTET*>(encoded.bytes.data());
  feed_.base.bytes_in_buffer = encoded.bytes.size();
  feed_.base.init_source = do_nothing;
  feed_.base.fill_input_buffer = find_no_more;
  feed_.base.skip_input_data = skip;
  feed_.base.resync_to_restart = jpeg_resync_to_restart;
  feed_.base.term_source = do_nothing;
  progress_.progress_monitor = count_scans;
}

void Reader::fail() const {
  if (errors_.trouble == Trouble::cut_off) refuse_cut_off(encoded_, Format::jpeg);
  const std::string most_scans = "at most " + std::to_string(kMostScans) + " scans";
  if (errors_.trouble == Trouble::many_scans) refuse_form(encoded_, Format::jpeg, most_scans, "more");
  switch (errors_.base.msg_code) {
    case JERR_OUT_OF_MEMORY:
      throw std::bad_alloc();
    case JERR_IMAGE_TOO_BIG:
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
      refuse_form(encoded_, Format::jpeg, "baseline or progressive", errors_.text);
    default:
      refuse_damaged(encoded_, Format::jpeg, errors_.text);
  }
}

bool Reader::read_head() {
  int status = JPEG_SUSPENDED;
  must([this, &status] {
    jpeg_create_decompress(&codec_);
    codec_.src = &feed_.base;
    codec_.progress = &progress_;
    jpeg_save_markers(&codec_, JPEG_APP0 + 1, 0xffff);
    status = jpeg_read_header(&codec_, TRUE);
  });
  if (status == JPEG_SUSPENDED) return false;

  check_size(encoded_, Format::jpeg, codec_.image_height, codec_.image_width);
  const int channels = codec_.num_components;
  if (channels != 1 && channels != 3 && channels != 4) {
    refuse_form(encoded_, Format::jpeg, "1, 3 or 4 channels", std::to_string(channels));
  }
  stored_ = {codec_.image_height, codec_.image_width, channels == 1 ? 1U : 3U};
  for (const auto* marker = codec_.marker_list; marker != nullptr; marker = marker->next) {
    const auto found = exif_orientation(std::as_bytes(std::span(marker->data, marker->data_length)));
    if (!found) continue;
    orientation_ = *found;
    break;
  }
  return true;
}

image::Image Reader::read_pixels() {
  must([this] {
    if (codec_.num_components == 3) codec_.out_color_space = JCS_RGB;
    jpeg_start_decompress(&codec_);
  });
  image::Image image(stored_);
  if (codec_.num_components == 4) {
    read_cmyk_rows(image);
  } else {
    read_rows(image);
  }
  must([this] { jpeg_finish_decompress(&codec_); });
  return image;
}

void Reader::read_rows(image::Image& image) {
  const std::size_t stride = std::size_t{stored_.width} * stored_.channels;
  std::uint8_t* const pixels = image.pixels.data();
  must([this, pixels, stride] {
    while (codec_.output_scanline < codec_.output_height) {
      JSAMPROW rows[kRowsAtOnce];
      const std::size_t first = codec_.output_scanline;
      const std::size_t count = std::min<std::size_t>(kRowsAtOnce, codec_.output_height - first);
      for (std::size_t i = 0; i < count; ++i) rows[i] = pixels + (first + i) * stride;
      jpeg_read_scanlines(&codec_, rows, static_cast<JDIMENSION>(count));
    }
  });
}

void Reader::read_cmyk_rows(image::Image& image) {
  std::vector<std::uint8_t> inks(std::size_t{stored_.width} * 4);
  const std::size_t stride = std::size_t{stored_.width} * 3;
  JSAMPROW row = inks.data();
  for (std::size_t y = 0; y < stored_.height; ++y) {
    must([this, &row] { jpeg_read_scanlines(&codec_, &row, 1); });
    to_rgb(inks.data(), std::span(image.pixels).subspan(y * stride, stride));
  }
}

}  // namespace

std::optional<image::Shape> probe_jpeg(const Encoded& encoded) {
  Reader reader(encoded);
  if (!reader.read_head()) return std::nullopt;
  return turned_shape(reader.stored(), reader.orientation());
}

image::Image decode_jpeg(const Encoded& encoded) {
  image::Image image;
  int orientation = 1;
  {
    // libjpeg's memory is given back before a second picture is made.
    Reader reader(encoded);
    reader.read_head();
    orientation = reader.orientation();
    image = reader.read_pixels();
  }
  return turned(std::move(image), orientation);
}

}  // namespace titrate::codec
