#include "titrate/prep/contents.hpp"

#include <algorithm>
#include <numeric>

#include "titrate/shard/reader.hpp"

namespace titrate::prep {
namespace {

struct Print {
  std::uint64_t content;
  std::int32_t label;
  auto operator<=>(const Print&) const = default;
};

void count_repeats(std::vector<Print>& prints, Contents& contents) {
  std::sort(prints.begin(), prints.end());
  for (auto begin = prints.begin(); begin != prints.end();) {
    const auto end = std::find_if(begin, prints.end(),
                                  [&](const Print& print) { return print.content != begin->content; });
    if (end - begin > 1) {
      contents.repeated_images += static_cast<std::uint64_t>(end - begin);
      ++contents.repeated_groups;
      contents.contradictions += begin->label != std::prev(end)->label ? 1 : 0;
    }
    begin = end;
  }
}

}  // namespace

double Look::brightness(const image::Shape& shape) const {
  const double values = static_cast<double>(images) * static_cast<double>(shape.bytes());
  return images == 0 ? 0 : static_cast<double>(levels) / values;
}

Contents read_contents(const std::filesystem::path& folder, const shard::Manifest& manifest) {
  Contents contents;
  contents.source_images.resize(manifest.sources.size());
  for (auto& split : contents.looks) split.resize(manifest.class_names.size());
  std::vector<Print> prints;
  const std::size_t size = manifest.shape.bytes();
  for (const shard::ShardFile& file : manifest.shards) {
    const shard::Shard shard(folder, manifest, file);
    for (std::size_t i = 0; i < shard.rows().size(); ++i) {
      const shard::Row& row = shard.rows()[i];
      const auto pixels = shard.pixels().subspan(i * size, size);
      Look& look = contents.looks[static_cast<std::size_t>(file.split)][static_cast<std::size_t>(row.label)]
                                 [static_cast<std::size_t>(row.origin)];
      ++look.images;
      look.levels += std::accumulate(pixels.begin(), pixels.end(), std::uint64_t{0});
      ++contents.source_images[row.source];
      prints.push_back({row.content_hash, row.label});
    }
  }
  count_repeats(prints, contents);
  return contents;
}

}  // namespace titrate::prep
