#include "npy.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <system_error>

#include "array_sets.hpp"
#include "elements.hpp"
#include "npz.hpp"
#include "refuse.hpp"
#include "titrate/core/byte_file.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/random.hpp"
#include "titrate/core/text.hpp"

namespace titrate::source {
namespace {

constexpr std::uint64_t kStepBytes = 1 << 20;  // elements that are converted at a time

// The pixels of one array, in the order in which they are stored.
class Pixels {
 public:
  virtual ~Pixels() = default;
  virtual std::vector<std::uint8_t> read(std::uint64_t row) const = 0;
};

class PixelsInMemory : public Pixels {
 public:
  PixelsInMemory(std::vector<std::uint8_t> pixels, std::size_t row_pixels)
      : pixels_(std::move(pixels)), row_pixels_(row_pixels) {}

  std::vector<std::uint8_t> read(std::uint64_t row) const override {
    const auto begin = pixels_.begin() + static_cast<std::ptrdiff_t>(row * row_pixels_);
    return {begin, begin + static_cast<std::ptrdiff_t>(row_pixels_)};
  }

 private:
  std::vector<std::uint8_t> pixels_;
  std::size_t row_pixels_;
};

class PixelsInFile : public Pixels {
 public:
  PixelsInFile(ByteFile file, const PixelRule& rule, std::uint64_t begin, std::size_t row_pixels,
               std::string where)
      : file_(std::move(file)),
        rule_(rule),
        begin_(begin),
        row_pixels_(row_pixels),
        where_(std::move(where)) {}

  std::vector<std::uint8_t> read(std::uint64_t row) const override {
    std::vector<std::byte> raw(row_pixels_ * rule_.type.bytes);
    std::vector<std::uint8_t> pixels(row_pixels_);
    file_.read(begin_ + row * raw.size(), raw);
    to_pixels(rule_, raw, pixels, where_, row * row_pixels_);
    return pixels;
  }

 private:
  ByteFile file_;
  PixelRule rule_;
  std::uint64_t begin_;
  std::size_t row_pixels_;
  std::string where_;
};

std::vector<std::byte> read_elements(const NpyHeader& header, const ByteReader& read,
                                     const std::string& where) {
  std::vector<std::byte> raw(header.data_bytes);
  if (const std::size_t count = read(raw); count < raw.size()) {
    refuse(where, "the elements are cut off", std::to_string(raw.size()) + " bytes", std::to_string(count));
  }
  return raw;
}

std::vector<std::uint8_t> read_pixels(const NpyHeader& header, const PixelRule& rule, const ByteReader& read,
                                      const std::string& where) {
  const std::uint64_t elements = header.data_bytes / rule.type.bytes, step = kStepBytes / rule.type.bytes;
  std::vector<std::uint8_t> pixels(elements);
  std::vector<std::byte> raw(kStepBytes);
  for (std::uint64_t done = 0; done < elements;) {
    const std::uint64_t count = std::min(step, elements - done);
    const std::span<std::byte> part = std::span(raw).first(count * rule.type.bytes);
    if (const std::size_t got = read(part); got < part.size()) {
      refuse(where, "the elements are cut off", std::to_string(header.data_bytes) + " bytes",
             std::to_string(done * rule.type.bytes + got));
    }
    to_pixels(rule, part, std::span(pixels).subspan(done, count), where, done);
    done += count;
  }
  return pixels;
}

// A .npy file whose length is what its header says.
struct NpyFile {
  ByteFile file;
  NpyHeader header;
};

NpyFile open_npy(const std::filesystem::path& path) {
  ByteFile file(existing(path));
  std::uint64_t at = 0;
  const ByteReader read = [&](std::span<std::byte> out) {
    const std::size_t count = std::min<std::uint64_t>(out.size(), file.bytes() - at);
    file.read(at, out.first(count));
    at += count;
    return count;
  };
  NpyHeader header = read_npy_header(read, path.string());
  const std::uint64_t end = header.header_bytes + header.data_bytes;
  if (end != file.bytes()) {
    refuse(path.string(),
           end > file.bytes() ? "the file is cut off" : "there are bytes after the last element",
           "the file's end at byte " + std::to_string(end), std::to_string(file.bytes()) + " bytes");
  }
  return {std::move(file), std::move(header)};
}

std::string without_ending(const std::string& name) {
  return name.ends_with(".npy") ? name.substr(0, name.size() - 4) : name;
}

class Npy : public Source {
 public:
  explicit Npy(SourceSettings settings) : channels_first_(settings.values.flag("channels_first")) {
    for (const char* key : {"images", "labels"}) {
      if (settings.values.has(key)) settings.values[key] = without_ending(settings.values.text(key));
    }
    if (settings.values.has("scale")) scale_ = static_cast<double>(settings.values.integer("scale"));
    std::error_code error;
    if (std::filesystem::is_directory(settings.path, error)) {
      open_folder(settings);
    } else {
      open_archive(settings);
    }
  }

  image::Image read(std::size_t index) const override {
    const Item& item = listing_.items[index];
    const Part& part = *std::prev(parts_.upper_bound(index));
    const std::vector<std::uint8_t> pixels = part.second.pixels->read(item.row);
    if (part.second.planar) return interleaved(item.shape, pixels);
    return image::Image(image::View{item.shape, pixels});
  }

 private:
  struct Stored {
    std::unique_ptr<Pixels> pixels{};
    bool planar = false;
  };
  using Part = std::pair<const std::size_t, Stored>;  // by the first item

  void open_folder(const SourceSettings& settings);
  void open_archive(const SourceSettings& settings);
  LabelledSet begin_set(const SourceSettings& settings, const ArraySet& names, const NpyHeader& images,
                        const std::string& where) const;
  void add(LabelledSet set, std::unique_ptr<Pixels> pixels);
  PixelRule rule_for(const NpyHeader& header) const { return {.type = header.type, .scale = scale_}; }

  bool channels_first_;
  double scale_ = 0;
  std::vector<LabelledSet> sets_;  // while the source is opened
  std::size_t count_ = 0;
  std::map<std::size_t, Stored> parts_;
};

// As titrate-prep export writes them beside the images. Those that are not real would come back as real.
void refuse_other_origins(const NpzFile& archive, const std::string& images) {
  constexpr std::string_view kImages = "_images";
  if (!images.ends_with(kImages)) return;
  const std::string name = images.substr(0, images.size() - kImages.size()) + "_origin";
  if (std::ranges::count(archive.names(), name) == 0) return;
  archive.read(name, [&](const NpyHeader& header, const ByteReader& read) {
    const std::vector<std::byte> raw = read_elements(header, read, archive.where(name));
    if (header.type.bytes != 1 || std::ranges::all_of(raw, [](std::byte b) { return b == std::byte{0}; }))
      return;
    throw Error({.code = ErrorCode::usage,
                 .where = archive.where(name),
                 .what = "some of the images are augmented or synthetic, and would all come back as real",
                 .hint = "export the dataset again with --origin real, or pack the dataset itself"});
  });
}

LabelledSet Npy::begin_set(const SourceSettings& settings, const ArraySet& names, const NpyHeader& images,
                           const std::string& where) const {
  check_rule(rule_for(images), where);
  return {.images_where = where,
          .split = names.split.value_or(settings.split.value_or(shard::Split::train)),
          .layout = image_layout(images.extent, channels_first_, where)};
}

void Npy::add(LabelledSet set, std::unique_ptr<Pixels> pixels) {
  if (set.layout.count > 0) parts_[count_] = {std::move(pixels), set.layout.planar};
  count_ += set.layout.count;
  sets_.push_back(std::move(set));
}

void Npy::open_folder(const SourceSettings& settings) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(settings.path)) {
    const std::filesystem::path name = entry.path().filename();
    if (name.extension() == ".npy" && !name.string().starts_with('.')) names.push_back(name.stem().string());
  }
  std::sort(names.begin(), names.end());
  for (const ArraySet& names_of_set : find_sets(settings, names, settings.path.string())) {
    const std::filesystem::path images_path = settings.path / (names_of_set.images + ".npy");
    const std::filesystem::path labels_path = settings.path / (names_of_set.labels + ".npy");
    NpyFile images = open_npy(images_path);
    LabelledSet set = begin_set(settings, names_of_set, images.header, images_path.string());
    set.path = images_path.filename().string();
    set.labels_where = labels_path.string();
    const NpyFile labels = open_npy(labels_path);
    check_labels(labels.header.type, labels.header.extent, set.labels_where);
    std::vector<std::byte> raw(labels.header.data_bytes);
    labels.file.read(labels.header.header_bytes, raw);
    set.labels = to_labels(labels.header.type, raw, set.labels_where);
    for (const std::filesystem::path& path : {images_path, labels_path})
      listing_.state = hash_words(listing_.state, file_state(path));
    const std::size_t row_pixels = set.layout.shape.bytes();
    auto pixels = std::make_unique<PixelsInFile>(std::move(images.file), rule_for(images.header),
                                                 images.header.header_bytes, row_pixels, set.images_where);
    add(std::move(set), std::move(pixels));
  }
  list_sets(settings, {}, sets_, listing_);
  sets_ = {};
}

void Npy::open_archive(const SourceSettings& settings) {
  std::error_code error;
  if (!std::filesystem::exists(settings.path, error)) {
    refuse(settings.path.string(), "neither a folder of .npy files nor a .npz file is there", "", "",
           kWherePathsBegin);
  }
  if (settings.path.extension() == ".npy") {
    refuse(settings.path.string(), "one array alone: images need their labels", "a folder, or a .npz file",
           "", "give the folder, and the names by images = and labels =");
  }
  const NpzFile archive(settings.path);
  for (const ArraySet& names : find_sets(settings, archive.names(), settings.path.string())) {
    refuse_other_origins(archive, names.images);
    LabelledSet set;
    std::unique_ptr<Pixels> pixels;
    archive.read(names.images, [&](const NpyHeader& header, const ByteReader& read) {
      const std::string where = archive.where(names.images);
      set = begin_set(settings, names, header, where);
      pixels = std::make_unique<PixelsInMemory>(read_pixels(header, rule_for(header), read, where),
                                                set.layout.shape.bytes());
    });
    set.path = names.images;
    set.labels_where = archive.where(names.labels);
    archive.read(names.labels, [&](const NpyHeader& header, const ByteReader& read) {
      check_labels(header.type, header.extent, set.labels_where);
      set.labels = to_labels(header.type, read_elements(header, read, set.labels_where), set.labels_where);
    });
    add(std::move(set), std::move(pixels));
  }
  for (const std::string& name : archive.others()) {
    listing_.notes.push_back("passed over " + printable(name) + ", which is no array");
  }
  listing_.state = file_state(settings.path);
  list_sets(settings, {}, sets_, listing_);
  sets_ = {};
}

std::unique_ptr<Source> open_npy_source(const SourceSettings& settings) {
  return std::make_unique<Npy>(settings);
}

}  // namespace

Kind npy_kind() {
  return {.name = "npy",
          .help = "NumPy arrays: a folder of .npy files, or a .npz file",
          .keys = {{.name = "path", .help = "the folder or .npz file, from the data root", .required = true},
                   {.name = "images",
                    .otherwise = "told by the usual names",
                    .help = "name of the array of images: X_train, train_images, ..."},
                   {.name = "labels",
                    .otherwise = "told by the usual names",
                    .help = "name of the array of their labels"},
                   {.name = "channels_first",
                    .type = KeyType::flag,
                    .fallback = false,
                    .help = "true where images are N x C x H x W"},
                   {.name = "scale",
                    .type = KeyType::integer,
                    .otherwise = "floating-point images are refused",
                    .help = "what their values are multiplied by: 255 where white is 1, 1 where it is 255",
                    .range = {.low = 1, .high = 255}}},
          .open = open_npy_source};
}

}  // namespace titrate::source
