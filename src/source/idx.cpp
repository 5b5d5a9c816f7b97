#include "idx.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <system_error>

#include "byte_stream.hpp"
#include "refuse.hpp"
#include "titrate/core/large_memory.hpp"
#include "titrate/core/parallel.hpp"
#include "titrate/core/random.hpp"
#include "titrate/draw/glyph.hpp"

namespace titrate::source {
namespace {

constexpr int kUnsignedByte = 8;
constexpr std::uint32_t kLargestSide = 65535;
// Images and labels do not shrink a hundredfold; what claims to is refused before its memory is asked for.
constexpr std::uint64_t kLargestExpansion = 100, kAlwaysAllowedBytes = 16 << 20;

void read_header(ByteStream& stream, const std::filesystem::path& path, std::span<std::byte> out,
                 std::size_t offset) {
  if (const std::size_t count = stream.read(out); count < out.size()) {
    refuse(path, "the header is cut off", std::to_string(offset + out.size()) + " bytes",
           std::to_string(offset + count));
  }
}

std::vector<std::uint32_t> read_extent(ByteStream& stream, const std::filesystem::path& path,
                                       std::uint32_t dimensions) {
  std::array<std::byte, 4> word{};
  read_header(stream, path, word, 0);
  const std::array<int, 4> expected{0, 0, kUnsignedByte, static_cast<int>(dimensions)};
  const std::array<const char*, 4> meaning{"zero", "zero", "element type", "number of dimensions"};
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (const int found = std::to_integer<int>(word[i]); found != expected[i]) {
      refuse(path, "not an IDX file of this kind: byte " + std::to_string(i) + " (" + meaning[i] + ")",
             std::to_string(expected[i]), std::to_string(found));
    }
  }
  std::vector<std::uint32_t> extent(dimensions);
  for (std::uint32_t i = 0; i < dimensions; ++i) {
    read_header(stream, path, word, 4 + 4 * i);
    for (const std::byte byte : word) extent[i] = extent[i] << 8 | std::to_integer<std::uint32_t>(byte);
    if (i > 0 && (extent[i] == 0 || extent[i] > kLargestSide)) {
      refuse(path,
             "dimension " + std::to_string(i) + " at byte " + std::to_string(4 + 4 * i) + " is out of range",
             "1 to " + std::to_string(kLargestSide), std::to_string(extent[i]));
    }
  }
  return extent;
}

void check_length(const ByteStream& stream, const std::filesystem::path& path, std::uint64_t header,
                  std::uint64_t elements) {
  const std::uint64_t found = stream.file_bytes(), expected = header + elements;
  if (!stream.compressed()) {
    if (found == expected) return;
    refuse(path, found < expected ? "the file is cut off" : "there are bytes after the last element",
           "the file's end at byte " + std::to_string(expected), std::to_string(found) + " bytes");
  }
  if (elements > kAlwaysAllowedBytes && elements / kLargestExpansion > found) {
    refuse(path, "the header claims more than the compressed file can plausibly hold",
           "at most " + std::to_string(kLargestExpansion) + " times its " + std::to_string(found) + " bytes",
           std::to_string(elements) + " bytes", "unpack it yourself if it is meant to be so");
  }
}

// Dimensions after the first are at most 65,535 and there are at most two of them, so 64 bits hold the
// product.
std::uint64_t product(const std::vector<std::uint32_t>& extent) {
  std::uint64_t elements = 1;
  for (const std::uint32_t length : extent) elements *= length;
  return elements;
}

// The names under which a file of the set is looked for, the usual one first.
std::optional<std::filesystem::path> look_for(const SourceSettings& settings, const std::string& prefix,
                                              const std::string& format) {
  for (const char* separator : {"-", "."}) {
    for (const char* ending : {"", ".gz"}) {
      const std::filesystem::path path = settings.path / (prefix + separator + format + ending);
      std::error_code error;
      if (std::filesystem::exists(path, error)) return path;
    }
  }
  return std::nullopt;
}

std::filesystem::path find_file(const SourceSettings& settings, const std::string& prefix,
                                const std::string& format) {
  if (const auto path = look_for(settings, prefix, format)) return *path;
  const bool only_test = prefix.starts_with("t10k") && look_for(settings, "train-images", "idx3-ubyte");
  refuse(settings.path / (prefix + "-" + format), "the file is missing, plain and as .gz", "", "",
         only_test ? "where there are no test images, take the training images alone with split = \"train\""
                   : kWherePathsBegin);
}

// EMNIST keeps the columns of its images as rows.
image::Image transposed(const image::View& stored) {
  const std::size_t height = stored.shape.width, width = stored.shape.height;
  image::Image result(image::Shape{stored.shape.width, stored.shape.height, 1});
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) result.pixels[y * width + x] = stored.pixels[x * height + y];
  }
  return result;
}

class Idx : public Source {
 public:
  explicit Idx(const SourceSettings& settings) : transpose_(settings.values.flag("transpose")) {
    listing_.class_names = settings.classes.empty() ? draw::glyph_set("digits") : settings.classes;
    std::vector<Set> sets;
    const auto wanted = [&](shard::Split split) { return !settings.split || settings.split == split; };
    if (wanted(shard::Split::train)) sets.push_back({shard::Split::train, "train"});
    // MNIST and its kin have none; what titrate-prep export gives may.
    if (settings.split == shard::Split::validation ||
        (!settings.split && look_for(settings, "val-images", "idx3-ubyte")))
      sets.push_back({shard::Split::validation, "val"});
    if (wanted(shard::Split::test)) sets.push_back({shard::Split::test, "t10k"});
    parallel_for(sets.size(), usable_processors(), [&](std::size_t i) { read_set(settings, sets[i]); });
    for (Set& set : sets) add(set);
  }

  image::Image read(std::size_t index) const override {
    std::size_t part = 0, row = index;
    while (row >= parts_[part].count) row -= parts_[part++].count;
    image::Shape shape = listing_.items[index].shape;
    if (transpose_) std::swap(shape.height, shape.width);
    const image::View view{shape, std::span(parts_[part].pixels).subspan(row * shape.bytes(), shape.bytes())};
    return transpose_ ? transposed(view) : image::Image(view);
  }

 private:
  struct Pixels {
    std::size_t count = 0;
    std::vector<std::uint8_t> pixels{};
  };

  // A file of images with its file of labels.
  struct Set {
    shard::Split split = shard::Split::train;
    std::string prefix{};
    std::filesystem::path images_path{}, labels_path{};
    IdxArray images{}, labels{};
  };

  static void read_set(const SourceSettings& settings, Set& set) {
    set.images_path = find_file(settings, set.prefix + "-images", "idx3-ubyte");
    set.labels_path = find_file(settings, set.prefix + "-labels", "idx1-ubyte");
    set.images = read_idx(set.images_path, 3);
    set.labels = read_idx(set.labels_path, 1);
    if (set.labels.extent[0] != set.images.extent[0]) {
      refuse(set.labels_path, "the number of labels is not that of " + set.images_path.filename().string(),
             std::to_string(set.images.extent[0]), std::to_string(set.labels.extent[0]));
    }
  }

  void add(Set& set) {
    for (const std::filesystem::path& path : {set.images_path, set.labels_path})
      listing_.state = hash_words(listing_.state, file_state(path));
    add_items(set);
    parts_.push_back({set.images.extent[0], std::move(set.images.values)});
  }

  void add_items(const Set& set) {
    const std::vector<std::uint8_t>& labels = set.labels.values;
    image::Shape shape{set.images.extent[1], set.images.extent[2], 1};
    if (transpose_) std::swap(shape.height, shape.width);
    // The same whether the file is compressed or not, so that packing either gives the same dataset.
    const std::string name = set.prefix + "-images-idx3-ubyte";
    listing_.items.reserve(listing_.items.size() + labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] >= listing_.class_names.size()) {
        refuse(set.labels_path, "the label at byte " + std::to_string(8 + i) + " is out of range",
               "0 to " + std::to_string(listing_.class_names.size() - 1), std::to_string(labels[i]),
               "where there are other classes, say which or how many with classes = ...");
      }
      listing_.items.push_back(
          {.label = labels[i], .split = set.split, .shape = shape, .row = i, .path = name});
    }
  }

  bool transpose_;
  std::vector<Pixels> parts_;  // of each set
};

std::unique_ptr<Source> open_idx(const SourceSettings& settings) { return std::make_unique<Idx>(settings); }

}  // namespace

IdxArray read_idx(const std::filesystem::path& path, std::uint32_t dimensions) {
  ByteStream stream(path);
  IdxArray array{.extent = read_extent(stream, path, dimensions)};
  const std::uint64_t header = 4 + 4 * std::uint64_t{dimensions}, elements = product(array.extent);
  check_length(stream, path, header, elements);
  reserve_large(array.values, elements);
  array.values.resize(elements);
  if (const std::size_t count = stream.read(std::as_writable_bytes(std::span(array.values)));
      count < elements) {
    refuse(path, "the unpacked file is cut off", "its end at byte " + std::to_string(header + elements),
           std::to_string(header + count) + " bytes");
  }
  std::array<std::byte, 1> more{};
  if (stream.read(more) != 0) {
    refuse(path, "there are bytes after the last element",
           "the end at byte " + std::to_string(header + elements), "more");
  }
  return array;
}

Kind idx_kind() {
  return {.name = "idx",
          .help = "files of MNIST and its kin, plain or .gz",
          .keys = {{.name = "path", .help = "their folder, from the data root", .required = true},
                   {.name = "transpose",
                    .type = KeyType::flag,
                    .fallback = false,
                    .help = "true where images lie column by column, as in EMNIST"}},
          .open = open_idx};
}

}  // namespace titrate::source
