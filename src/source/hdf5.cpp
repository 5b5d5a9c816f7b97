#include "hdf5.hpp"

#include <map>
#include <system_error>

#include "array_sets.hpp"
#include "block_cache.hpp"
#include "hdf5_sources.hpp"
#include "refuse.hpp"
#include "titrate/core/error.hpp"
#include "titrate/shard/foreign.hpp"
#include "titrate/shard/manifest.hpp"

namespace titrate::source {
namespace {

constexpr const char* kUsualClassNames = "class_names";

class ForeignHdf5 : public Source {
 public:
  explicit ForeignHdf5(const SourceSettings& settings)
      : channels_first_(settings.values.flag("channels_first")), cache_(kKeptBytes) {
    const shard::ForeignFile file(existing(settings.path));
    refuse_ours(file, settings.path);
    std::vector<LabelledSet> sets;
    for (const ArraySet& names : find_sets(settings, names_in(file, settings), settings.path.string())) {
      sets.push_back(open_set(settings, file, names));
    }
    list_sets(settings, class_names(settings, file), sets, listing_);
    listing_.state = file_state(settings.path);
  }

  image::Image read(std::size_t index) const override {
    const Item& item = listing_.items[index];
    const auto found = std::prev(images_.upper_bound(index));
    const Images& images = found->second;
    const std::uint64_t block = item.row / images.array.block_rows();
    const std::size_t row_pixels = item.shape.bytes();
    const std::uint64_t bytes = images.array.block_rows() * row_pixels;
    // Blocks of one array have the numbers from its first item on: there are no more blocks than items.
    const auto pixels = cache_.get(found->first + block, bytes, [&] { return read_block(images, block); });
    const std::span<const std::uint8_t> row =
        std::span(*pixels).subspan((item.row % images.array.block_rows()) * row_pixels, row_pixels);
    return images.planar ? interleaved(item.shape, row) : image::Image(image::View{item.shape, row});
  }

 private:
  using Block = std::vector<std::uint8_t>;

  struct Images {
    shard::ForeignArray array;
    std::string where;
    bool planar = false;
  };

  // A part of a dataset, whose augmented and synthetic images would come back as real ones.
  static void refuse_ours(const shard::ForeignFile& file, const std::filesystem::path& path) {
    for (const char* name : {"content_hash", "family_id", "origin"}) {
      if (!file.has_dataset(name)) return;
    }
    throw Error({.code = ErrorCode::usage,
                 .where = path.string(),
                 .what = "a file of a dataset that titrate packed, whose origins and splits it does not keep",
                 .hint = "pack its folder instead, with origins and splits = [...] for some of it"});
  }

  // Names that the recipe gives may lie deeper than those that are listed.
  static std::vector<std::string> names_in(const shard::ForeignFile& file, const SourceSettings& settings) {
    std::vector<std::string> names = file.datasets();
    for (const char* key : {"images", "labels"}) {
      if (settings.values.has(key)) names.push_back(settings.values.text(key));
    }
    return names;
  }

  static std::vector<std::string> class_names(const SourceSettings& settings,
                                              const shard::ForeignFile& file) {
    if (!settings.classes.empty()) return {};
    if (settings.values.has("class_names")) return file.texts(settings.values.text("class_names"));
    return file.has_dataset(kUsualClassNames) ? file.texts(kUsualClassNames) : std::vector<std::string>{};
  }

  LabelledSet open_set(const SourceSettings& settings, const shard::ForeignFile& file,
                       const ArraySet& names) {
    const std::string prefix = settings.path.string() + ": ";
    LabelledSet set{.images_where = prefix + names.images,
                    .labels_where = prefix + names.labels,
                    .path = names.images,
                    .split = names.split.value_or(settings.split.value_or(shard::Split::train))};
    shard::ForeignArray images = file.array(names.images);
    if (images.type().kind == shard::ElementKind::floating) {
      throw Error({.code = ErrorCode::integrity,
                   .where = set.images_where,
                   .what = "the elements cannot be pixels",
                   .expected = "uint8, another integer or bool",
                   .got = shard::to_string(images.type()),
                   .hint = "save them with .astype(\"uint8\"), from 0 to 255"});
    }
    check_rule({.type = images.type()}, set.images_where);
    set.layout = image_layout(images.extent(), channels_first_, set.images_where);
    const shard::ForeignArray labels = file.array(names.labels);
    check_labels(labels.type(), labels.extent(), set.labels_where);
    set.labels = to_labels(labels.type(), labels.read_all(), set.labels_where);
    if (set.layout.count > 0) {
      images_.emplace(count_, Images{std::move(images), set.images_where, set.layout.planar});
    }
    count_ += set.layout.count;
    return set;
  }

  static Block read_block(const Images& images, std::uint64_t block) {
    const std::vector<std::byte> raw = images.array.read_block(block);
    const shard::ElementType& type = images.array.type();
    Block pixels(raw.size() / type.bytes);
    const std::uint64_t row_elements = images.array.row_bytes() / type.bytes;
    to_pixels({.type = type}, raw, pixels, images.where, block * images.array.block_rows() * row_elements);
    return pixels;
  }

  bool channels_first_;
  std::size_t count_ = 0;
  std::map<std::size_t, Images> images_;  // by the first item
  mutable BlockCache<Block> cache_;
};

std::unique_ptr<Source> open_hdf5(const SourceSettings& settings) {
  std::error_code error;
  const std::filesystem::path folder = settings.path.parent_path();
  if (settings.path.filename() == shard::kVirtualName &&
      std::filesystem::exists(folder / shard::kManifestName, error)) {
    throw Error({.code = ErrorCode::usage,
                 .where = settings.path.string(),
                 .what = "a view of the shards beside it, which together are a dataset",
                 .hint = "give their folder, " + folder.string()});
  }
  if (!std::filesystem::is_directory(settings.path, error)) return open_foreign_hdf5(settings);
  if (std::filesystem::exists(settings.path / shard::kManifestName, error)) return open_dataset(settings);
  throw Error({.code = ErrorCode::integrity,
               .where = settings.path.string(),
               .what = "a folder, but not of a dataset",
               .expected = std::string("an HDF5 file, or a folder with ") + shard::kManifestName});
}

}  // namespace

std::unique_ptr<Source> open_foreign_hdf5(const SourceSettings& settings) {
  for (const char* key : {"splits", "from_classes", "origins"}) {
    if (!settings.values.has(key)) continue;
    throw Error({.code = ErrorCode::usage,
                 .where = settings.where,
                 .what = std::string(key) + " is for datasets that titrate packed",
                 .expected = "a folder with " + std::string(shard::kManifestName),
                 .got = settings.path.string()});
  }
  return std::make_unique<ForeignHdf5>(settings);
}

Kind hdf5_kind() {
  return {
      .name = "hdf5",
      .help = "an HDF5 file of images and labels, or a dataset that titrate packed",
      .keys = {{.name = "path", .help = "the file or dataset folder, from the data root", .required = true},
               {.name = "images",
                .otherwise = "told by the usual names",
                .help = "of a file: name of the dataset of images: images, train/images, ..."},
               {.name = "labels",
                .otherwise = "told by the usual names",
                .help = "of a file: name of the dataset of their labels"},
               {.name = "class_names",
                .otherwise = "the dataset class_names where there is one, else numbers",
                .help = "of a file: name of the dataset or attribute that names the classes"},
               {.name = "channels_first",
                .type = KeyType::flag,
                .fallback = false,
                .help = "of a file: true where images are N x C x H x W"},
               {.name = "splits",
                .type = KeyType::texts,
                .otherwise = "all",
                .help = "of a dataset: only images of these splits"},
               {.name = "from_classes",
                .type = KeyType::texts,
                .otherwise = "all",
                .help = "of a dataset: only images of these classes"},
               {.name = "origins",
                .type = KeyType::texts,
                .otherwise = "all",
                .help = "of a dataset: only real, augmented or synthetic images"}},
      .open = open_hdf5};
}

}  // namespace titrate::source
