#include "support/make_dataset.hpp"

#include <cmath>
#include <utility>

#include "support/temporary_folder.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/core/random.hpp"
#include "titrate/data/schedule.hpp"
#include "titrate/shard/writer.hpp"

namespace titrate::test {
namespace {

using data::Origin;
using data::Split;

std::vector<std::string> class_names(std::uint32_t classes) {
  std::vector<std::string> names;
  for (std::uint32_t c = 0; c < classes; ++c) names.push_back("c" + std::to_string(c));
  return names;
}

std::vector<std::uint8_t> random_pixels(std::size_t count, std::uint64_t seed, std::uint64_t sample) {
  const RandomStream stream(seed, Purpose::test, sample);
  std::vector<std::uint8_t> pixels(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t word = stream.block(static_cast<std::uint32_t>(i / 16))[i / 4 % 4];
    pixels[i] = static_cast<std::uint8_t>(word >> (8 * (i % 4)));
  }
  return pixels;
}

shard::Row row_of(const Sample& sample, std::size_t place) {
  shard::Row row{.sample_id = sample.sample_id != 0 ? sample.sample_id : default_sample_id(place)};
  row.parent_id = sample.parent_id != 0 ? sample.parent_id : row.sample_id;
  row.family_id = sample.family_id != 0 ? sample.family_id : row.parent_id;
  row.content_hash = xxh3(std::as_bytes(std::span(sample.pixels)));
  row.source_row = place;
  row.label = sample.label;
  row.source = static_cast<std::uint32_t>(sample.origin);
  row.origin = sample.origin;
  return row;
}

void measure(const DatasetContent& content, shard::Manifest& manifest) {
  const std::size_t channels = content.shape.channels;
  std::vector<double> sums(channels), squares(channels);
  double pixels = 0;
  for (const Sample& sample : content.samples) {
    if (sample.split != Split::train || sample.origin != Origin::real) continue;
    pixels += static_cast<double>(content.shape.pixels());
    for (std::size_t i = 0; i < sample.pixels.size(); ++i) {
      const double value = sample.pixels[i] / 255.0;
      sums[i % channels] += value;
      squares[i % channels] += value * value;
    }
  }
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = pixels > 0 ? sums[c] / pixels : 0;
    manifest.mean.push_back(mean);
    manifest.deviation.push_back(pixels > 0 ? std::sqrt(std::max(0.0, squares[c] / pixels - mean * mean))
                                            : 1);
  }
}

// One split's shards, in order; adds them to the manifest.
void write_split(const std::filesystem::path& folder, const DatasetContent& content, Split split,
                 std::uint32_t shards, shard::Manifest& manifest) {
  std::vector<std::uint32_t> places;
  shard::SplitCounts counts{.split = split};
  counts.counts.resize(content.classes);
  for (std::uint32_t i = 0; i < content.samples.size(); ++i) {
    const Sample& sample = content.samples[i];
    if (sample.split != split) continue;
    places.push_back(i);
    ++counts.counts[static_cast<std::size_t>(sample.label)][static_cast<std::size_t>(sample.origin)];
  }
  if (places.empty()) return;
  manifest.splits.push_back(counts);
  for (std::uint32_t index = 0; index < shards; ++index) {
    shard::ShardContent part{.dataset = content.name,
                             .split = split,
                             .index = index,
                             .count = shards,
                             .shape = content.shape,
                             .class_names = manifest.class_names,
                             .operations = {"[]"}};
    for (const shard::SourceInfo& source : manifest.sources) part.sources.push_back(shard::to_json(source));
    for (const std::uint32_t place : data::part_of(places, shards, index)) {
      part.rows.push_back(row_of(content.samples[place], place));
      const auto& pixels = content.samples[place].pixels;
      part.images.insert(part.images.end(), pixels.begin(), pixels.end());
    }
    const std::vector<std::byte> bytes = shard::build_shard(part);
    const std::string name = shard::shard_file_name(split, index, shards);
    write_file(folder / name, bytes);
    manifest.shards.push_back({.name = name,
                               .split = split,
                               .rows = part.rows.size(),
                               .bytes = bytes.size(),
                               .sha256 = sha256_hex(bytes)});
  }
}

}  // namespace

std::uint64_t default_sample_id(std::size_t place) { return hash_words(place, 17); }

DatasetContent random_content(const image::Shape& shape, const std::vector<ClassSize>& sizes,
                              std::uint64_t seed) {
  DatasetContent content{.shape = shape, .classes = static_cast<std::uint32_t>(sizes.size())};
  std::vector<Sample> ordered;
  for (std::uint32_t c = 0; c < sizes.size(); ++c) {
    const auto add = [&](std::uint32_t count, Split split, Origin origin) {
      for (std::uint32_t i = 0; i < count; ++i)
        ordered.push_back({.label = static_cast<std::int32_t>(c), .split = split, .origin = origin});
    };
    add(sizes[c].real, Split::train, Origin::real);
    add(sizes[c].synthetic, Split::train, Origin::synthetic);
    add(sizes[c].test, Split::test, Origin::real);
  }
  const auto order =
      permutation(static_cast<std::uint32_t>(ordered.size()), RandomStream(seed, Purpose::test));
  const auto push = [&](Sample sample) {
    sample.pixels = random_pixels(shape.bytes(), seed, content.samples.size() + 1);
    content.samples.push_back(std::move(sample));
  };
  for (const std::uint32_t place : order) push(ordered[place]);
  for (std::size_t parent = 0; parent < ordered.size(); ++parent) {
    const Sample& sample = content.samples[parent];
    if (sample.split != Split::train || sample.origin != Origin::real) continue;
    const Sample child{.label = sample.label,
                       .origin = Origin::augmented,
                       .parent_id = default_sample_id(parent),
                       .family_id = default_sample_id(parent)};
    for (std::uint32_t i = 0; i < sizes[static_cast<std::size_t>(child.label)].copies; ++i) push(child);
  }
  return content;
}

void write_dataset(const std::filesystem::path& folder, const DatasetContent& content, std::uint32_t shards) {
  shard::Manifest manifest{
      .name = content.name, .class_names = class_names(content.classes), .shape = content.shape, .seed = 1};
  for (std::size_t origin = 0; origin < shard::kOriginNames.size(); ++origin) {
    manifest.sources.push_back({.name = "test-" + std::string(shard::kOriginNames[origin]),
                                .kind = "test",
                                .origin = static_cast<Origin>(origin)});
  }
  measure(content, manifest);
  for (const Split split : {Split::train, Split::validation, Split::test})
    write_split(folder, content, split, shards, manifest);
  shard::Fingerprint fingerprint(content.shape, manifest.class_names);
  for (std::size_t i = 0; i < content.samples.size(); ++i) {
    const shard::Row row = row_of(content.samples[i], i);
    fingerprint.add(shard::Fingerprint::of(row, content.samples[i].split, manifest.sources[row.source].name));
  }
  manifest.fingerprint = fingerprint.finish();
  write_file(folder / shard::kManifestName, shard::to_json(manifest));
}

LoadedDataset make_dataset(const DatasetContent& content, std::uint32_t shards) {
  const TemporaryFolder folder;
  write_dataset(folder.path(), content, shards);
  return LoadedDataset(folder.path());
}

}  // namespace titrate::test

namespace titrate::data {

Pipeline make_pipeline(const shard::Manifest& manifest, const image::Noise& noise, std::uint64_t seed) {
  return {.seed = seed,
          .noise = noise,
          .standardisation = standardise_channels(manifest.mean, manifest.deviation)};
}

}  // namespace titrate::data
