#include "encoded_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/core/parallel.hpp"
#include "titrate/core/random.hpp"
#include "titrate/core/text.hpp"

namespace titrate::source {
namespace {

constexpr std::size_t kHeadBytes = 64 << 10;  // holds the shape of nearly every file
constexpr std::size_t kGrowth = 8;
constexpr std::size_t kFilesPerTurn = 32;  // which share one buffer
constexpr std::int64_t kMostPixels = std::int64_t{1} << 28;

// The message of an error that is about a file which is named elsewhere.
std::string without_where(const Error& error) {
  ErrorInfo info = error.info();
  info.where.clear();
  return Error(std::move(info)).what();
}

std::string system_fault(const char* what, int error_number) {
  return std::string(what) + "; got " + system_message(error_number);
}

std::uint64_t state_of(const std::string& name, const struct stat& status) {
  const auto seconds = static_cast<std::uint64_t>(status.st_mtim.tv_sec);
  const auto nanoseconds = static_cast<std::uint64_t>(status.st_mtim.tv_nsec);
  return hash_words(xxh3(name), static_cast<std::uint64_t>(status.st_size),
                    seconds * 1'000'000'000 + nanoseconds);
}

// Reads on until `buffer` holds `wanted` bytes or the file ends. Returns errno, 0 where it went well.
int read_up_to(const FileDescriptor& file, std::size_t wanted, std::vector<std::byte>& buffer,
               std::size_t& filled) {
  if (buffer.size() < wanted) buffer.resize(wanted);
  while (filled < wanted) {
    const ssize_t count = ::read(file.get(), buffer.data() + filled, wanted - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return 0;
}

// Empty where the content may stand under this name.
std::string fault_of_ending(const std::string& name, std::span<const std::byte> head) {
  const auto promised = format_of_ending(name), found = codec::format_of(head);
  if (!promised || !found || *promised == *found) return "";
  return "a " + codec::name_of(*found) + " file whose name ends as that of a " + codec::name_of(*promised) +
         " file";
}

// "jpg" of "a/b.JPG"; empty where there is none.
std::string ending_of(std::string_view name) {
  const std::size_t dot = name.find_last_of("./");
  if (dot == std::string_view::npos || name[dot] != '.') return "";
  std::string ending(name.substr(dot + 1));
  for (char& c : ending) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return ending;
}

// The name of a format of pictures that is not read.
std::optional<std::string_view> unread_format(std::string_view name) {
  using Ending = std::pair<std::string_view, std::string_view>;
  constexpr std::array<Ending, 18> kEndings{{{"webp", "WebP"},
                                             {"gif", "GIF"},
                                             {"tif", "TIFF"},
                                             {"tiff", "TIFF"},
                                             {"heic", "HEIC"},
                                             {"heif", "HEIF"},
                                             {"avif", "AVIF"},
                                             {"svg", "SVG"},
                                             {"jxl", "JPEG XL"},
                                             {"jp2", "JPEG 2000"},
                                             {"j2k", "JPEG 2000"},
                                             {"ico", "ICO"},
                                             {"tga", "TGA"},
                                             {"psd", "PSD"},
                                             {"exr", "OpenEXR"},
                                             {"hdr", "Radiance HDR"},
                                             {"dcm", "DICOM"},
                                             {"pdf", "PDF"}}};
  const std::string ending = ending_of(name);
  for (const auto& [known, format] : kEndings) {
    if (ending == known) return format;
  }
  return std::nullopt;
}

// Fills in shape or fault. `buffer` is only there to be used again.
void probe_open_file(const FileDescriptor& file, std::size_t size, const std::string& name,
                     const std::string& where, const codec::DecodeSettings& settings,
                     std::vector<std::byte>& buffer, ProbedFile& probed) {
  if (size == 0) {
    probed.fault = "the file is empty";
    return;
  }
  std::size_t filled = 0;
  for (std::size_t wanted = std::min(size, kHeadBytes);; wanted = std::min(size, wanted * kGrowth)) {
    if (const int error_number = read_up_to(file, wanted, buffer, filled); error_number != 0) {
      probed.fault = system_fault("cannot read the file", error_number);
      return;
    }
    const std::span<const std::byte> head(buffer.data(), filled);
    probed.fault = fault_of_ending(name, head);
    if (!codec::format_of(head) && unread_format(name)) probed.fault = why_not_taken(name);
    if (!probed.fault.empty()) return;
    try {
      if (const auto shape = codec::probe(head, settings, where)) {
        probed.shape = *shape;
        return;
      }
    } catch (const Error& error) {
      probed.fault = without_where(error);
      return;
    }
    if (filled < wanted || filled >= size) {
      probed.fault = "the file ends, at byte " + std::to_string(filled) + ", before the picture's shape";
      return;
    }
  }
}

ProbedFile probe_file(const std::filesystem::path& path, const std::string& name,
                      const codec::DecodeSettings& settings, std::vector<std::byte>& buffer) {
  ProbedFile probed{.state = xxh3(name)};
  // Without O_NONBLOCK, opening a pipe waits for its writer.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) {
    probed.fault = system_fault("cannot open the file", errno);
    return probed;
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    probed.fault = system_fault("cannot read the file's size", errno);
    return probed;
  }
  probed.state = state_of(name, status);
  if (!S_ISREG(status.st_mode)) {
    probed.fault = S_ISDIR(status.st_mode) ? "a folder, not a file" : "not a regular file";
    return probed;
  }
  probe_open_file(file, static_cast<std::size_t>(status.st_size), name, path.string(), settings, buffer,
                  probed);
  return probed;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Bytes of the character that `text` begins with; 0 for a control character and for what is not UTF-8.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t length = utf8_length(text);
  const bool control = length == 1 && (byte(0) < 0x20 || byte(0) == 0x7f);
  const bool upper_control = length == 2 && byte(0) == 0xc2 && byte(1) < 0xa0;
  return control || upper_control ? 0 : length;
}

}  // namespace

std::vector<DocumentKey> decode_keys() {
  return {{.name = "background",
           .type = KeyType::text,
           .fallback = std::string("#000000"),
           .help = "the colour under what is transparent, \"#rrggbb\""},
          {.name = "most_pixels",
           .type = KeyType::integer,
           .fallback = std::int64_t{1} << 24,
           .help = "an image of more is refused",
           .range = {.low = 1, .high = kMostPixels}}};
}

codec::DecodeSettings decode_settings(const SourceSettings& settings) {
  codec::DecodeSettings decode{.most_pixels =
                                   static_cast<std::uint64_t>(settings.values.integer("most_pixels"))};
  const std::string& text = settings.values.text("background");
  bool good = text.size() == 7 && text[0] == '#';
  for (std::size_t i = 0; good && i < decode.background.size(); ++i) {
    const int high = hex_digit(text[1 + 2 * i]), low = hex_digit(text[2 + 2 * i]);
    good = high >= 0 && low >= 0;
    decode.background[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  if (!good) {
    throw Error({.code = ErrorCode::usage,
                 .where = settings.where,
                 .what = "background is not a colour",
                 .expected = "\"#rrggbb\"",
                 .got = '"' + text + '"'});
  }
  return decode;
}

std::optional<codec::Format> format_of_ending(std::string_view name) {
  using enum codec::Format;
  constexpr std::array<std::pair<std::string_view, codec::Format>, 8> kEndings{{{"png", png},
                                                                                {"jpg", jpeg},
                                                                                {"jpeg", jpeg},
                                                                                {"bmp", bmp},
                                                                                {"pgm", pnm},
                                                                                {"ppm", pnm},
                                                                                {"pnm", pnm},
                                                                                {"pbm", pnm}}};
  const std::string ending = ending_of(name);
  for (const auto& [known, format] : kEndings) {
    if (ending == known) return format;
  }
  return std::nullopt;
}

std::string why_not_taken(std::string_view name) {
  const auto format = unread_format(name);
  return format ? std::string(*format) + " is not read; save it as PNG or JPEG" : "not an image file";
}

std::string fault_of_name(std::string_view name) {
  for (std::size_t i = 0; i < name.size();) {
    const std::size_t length = character_length(name.substr(i));
    if (length == 0) return "the name is not UTF-8 without control characters";
    i += length;
  }
  return "";
}

std::string escaped(std::string_view name) {
  std::string text;
  for (std::size_t i = 0; i < name.size();) {
    const std::size_t length = character_length(name.substr(i));
    if (length == 0) {
      text += "\\x" + hex(static_cast<unsigned char>(name[i++]), 2);
    } else {
      text += name.substr(i, length);
      i += length;
    }
  }
  return text;
}

std::vector<ProbedFile> probe_files(const std::filesystem::path& folder, std::span<const std::string> names,
                                    const codec::DecodeSettings& settings) {
  std::vector<ProbedFile> probed(names.size());
  const std::size_t turns = (names.size() + kFilesPerTurn - 1) / kFilesPerTurn;
  parallel_for(turns, usable_processors(), [&](std::size_t turn) {
    std::vector<std::byte> buffer;
    const std::size_t end = std::min(names.size(), (turn + 1) * kFilesPerTurn);
    for (std::size_t i = turn * kFilesPerTurn; i < end; ++i)
      probed[i] = probe_file(folder / names[i], names[i], settings, buffer);
  });
  return probed;
}

image::Image decode_file(const std::filesystem::path& path, const image::Shape& shape,
                         const codec::DecodeSettings& settings) {
  image::Image image = codec::decode(read_file(path), settings, path.string());
  if (image.shape != shape) {
    throw Error({.code = ErrorCode::integrity,
                 .where = path.string(),
                 .what = "the picture is not of the shape that its head had",
                 .expected = image::to_string(shape),
                 .got = image::to_string(image.shape),
                 .hint = "the file has changed"});
  }
  return image;
}

}  // namespace titrate::source
