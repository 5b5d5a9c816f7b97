#include "titrate/data/catalog.hpp"

#include <cstring>

#include "titrate/shard/reader.hpp"

namespace titrate::data {
namespace {

// Byte offsets of the columns in the block, each on 64 bytes.
struct Layout {
  std::size_t rows = 0;
  std::size_t sample_id = 0, parent_id = 0, family_id = 0, label = 0, origin = 0, split = 0, pixels = 0,
              end = 0;
};

Layout layout_of(const shard::Manifest& manifest) {
  Layout layout;
  for (const shard::ShardFile& file : manifest.shards) layout.rows += file.rows;
  std::size_t offset = 0;
  const auto place = [&](std::size_t bytes_per_row) {
    const std::size_t here = offset;
    offset = (offset + layout.rows * bytes_per_row + 63) / 64 * 64;
    return here;
  };
  layout.sample_id = place(8);
  layout.parent_id = place(8);
  layout.family_id = place(8);
  layout.label = place(4);
  layout.origin = place(1);
  layout.split = place(1);
  layout.pixels = place(manifest.shape.bytes());
  layout.end = offset;
  return layout;
}

template <class T, class Byte>
auto column(std::span<Byte> block, std::size_t offset, std::size_t count) {
  using Element = std::conditional_t<std::is_const_v<Byte>, const T, T>;
  return std::span<Element>(reinterpret_cast<Element*>(block.data() + offset), count);
}

void copy_shard(const shard::Shard& shard, Split split, std::size_t first, const Layout& layout,
                std::span<std::byte> block, std::size_t image_bytes) {
  const auto sample_id = column<std::uint64_t>(block, layout.sample_id, layout.rows);
  const auto parent_id = column<std::uint64_t>(block, layout.parent_id, layout.rows);
  const auto family_id = column<std::uint64_t>(block, layout.family_id, layout.rows);
  const auto label = column<std::int32_t>(block, layout.label, layout.rows);
  const auto origin = column<Origin>(block, layout.origin, layout.rows);
  const auto splits = column<Split>(block, layout.split, layout.rows);
  for (std::size_t i = 0; i < shard.rows().size(); ++i) {
    const shard::Row& row = shard.rows()[i];
    sample_id[first + i] = row.sample_id;
    parent_id[first + i] = row.parent_id;
    family_id[first + i] = row.family_id;
    label[first + i] = row.label;
    origin[first + i] = row.origin;
    splits[first + i] = split;
  }
  const auto pixels = shard.pixels();
  if (!pixels.empty())
    std::memcpy(block.data() + layout.pixels + first * image_bytes, pixels.data(), pixels.size());
}

}  // namespace

std::size_t dataset_bytes(const shard::Manifest& manifest) { return layout_of(manifest).end; }

void load_dataset(const std::filesystem::path& folder, const shard::Manifest& manifest,
                  std::span<std::byte> block, const std::function<void()>& on_shard) {
  const Layout layout = layout_of(manifest);
  std::size_t first = 0;
  for (const shard::ShardFile& file : manifest.shards) {
    const shard::Shard shard(folder, manifest, file);
    copy_shard(shard, file.split, first, layout, block, manifest.shape.bytes());
    first += file.rows;
    on_shard();
  }
}

Dataset::Dataset(shard::Manifest manifest, std::span<const std::byte> block)
    : manifest_(std::move(manifest)) {
  const Layout layout = layout_of(manifest_);
  catalog_.sample_id = column<std::uint64_t>(block, layout.sample_id, layout.rows);
  catalog_.parent_id = column<std::uint64_t>(block, layout.parent_id, layout.rows);
  catalog_.family_id = column<std::uint64_t>(block, layout.family_id, layout.rows);
  catalog_.label = column<std::int32_t>(block, layout.label, layout.rows);
  catalog_.origin = column<Origin>(block, layout.origin, layout.rows);
  catalog_.split = column<Split>(block, layout.split, layout.rows);
  catalog_.classes = static_cast<std::uint32_t>(manifest_.class_names.size());
  pixels_ = column<std::uint8_t>(block, layout.pixels, layout.rows * manifest_.shape.bytes());
  index_.resize(slot(Split::test, Origin::synthetic, catalog_.classes));
  for (std::uint32_t row = 0; row < layout.rows; ++row) {
    const auto label = static_cast<std::uint32_t>(catalog_.label[row]);
    index_[slot(catalog_.split[row], catalog_.origin[row], label)].push_back(row);
  }
}

std::size_t Dataset::slot(Split split, Origin origin, std::uint32_t label) const {
  return (static_cast<std::size_t>(split) * 3 + static_cast<std::size_t>(origin)) * catalog_.classes + label;
}

std::span<const std::uint32_t> Dataset::rows_of(Split split, Origin origin, std::uint32_t label) const {
  return index_[slot(split, origin, label)];
}

std::vector<std::uint32_t> Dataset::rows_of(Split split) const {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t row = 0; row < catalog_.rows(); ++row) {
    if (catalog_.split[row] == split) rows.push_back(row);
  }
  return rows;
}

std::uint32_t Dataset::count(Split split, Origin origin) const {
  std::size_t total = 0;
  for (std::uint32_t label = 0; label < catalog_.classes; ++label)
    total += rows_of(split, origin, label).size();
  return static_cast<std::uint32_t>(total);
}

}  // namespace titrate::data
