#include "shard_packer.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "image_maker.hpp"
#include "quarantine.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/core/parallel.hpp"
#include "titrate/core/version.hpp"
#include "titrate/shard/byte_file.hpp"
#include "titrate/shard/large_memory.hpp"
#include "titrate/shard/reader.hpp"
#include "titrate/shard/writer.hpp"

namespace titrate::prep {
namespace {

using shard::Split;

constexpr std::size_t kBlock = 128;              // images per piece of work
constexpr std::size_t kReadBack = 1 << 20;       // bytes
constexpr double kSecondsWithoutProgress = 1.0;  // who is done at once shows no bar

// Drops the rows that could not be made; the others keep their order.
void compact(shard::ShardContent& content, const std::vector<char>& made) {
  if (std::ranges::count(made, 0) == 0) return;
  const std::size_t size = content.shape.bytes();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (made[i] == 0) continue;
    if (kept != i) {
      content.rows[kept] = std::move(content.rows[i]);
      std::copy_n(content.images.begin() + static_cast<std::ptrdiff_t>(i * size), size,
                  content.images.begin() + static_cast<std::ptrdiff_t>(kept * size));
    }
    ++kept;
  }
  content.rows.resize(kept);
  content.images.resize(kept * size);
}

void check_stored(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  const shard::ByteFile file(path);
  bool same = file.bytes() == bytes.size();
  std::vector<std::byte> block(std::min(kReadBack, bytes.size()));
  for (std::size_t done = 0; same && done < bytes.size(); done += block.size()) {
    const auto expected = bytes.subspan(done, std::min(block.size(), bytes.size() - done));
    const auto found = std::span(block).first(expected.size());
    file.read(done, found);
    same = std::memcmp(found.data(), expected.data(), expected.size()) == 0;
  }
  if (same) return;
  throw Error({.code = ErrorCode::integrity,
               .where = path.string(),
               .what = "the disk gives back other bytes than were written"});
}

}  // namespace

ImageCounter::ImageCounter(bool quiet) : progress_("pack", progress_style(quiet)) {}

void ImageCounter::advance(std::size_t images) {
  const std::size_t done = done_ += images;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
  if (seconds.count() < kSecondsWithoutProgress) return;
  progress_.update(static_cast<double>(done), static_cast<double>(total_), "images");
}

ShardPacker::ShardPacker(const Recipe& recipe, const Sources& sources, const Plan& plan, unsigned threads,
                         OutputFolder& folder, ImageCounter& counter)
    : recipe_(recipe), sources_(sources), plan_(plan), threads_(threads), folder_(folder), counter_(counter) {
  shard::Manifest& manifest = packed_.manifest;
  manifest.name = recipe.name;
  manifest.class_names = plan.class_names;
  manifest.shape = plan.shape;
  manifest.sources = plan.sources;
  manifest.recipe = to_json(recipe);
  manifest.seed = recipe.seed;
  manifest.tool_version = version();
  plan_shards();
}

void ShardPacker::plan_shards() {
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    const std::size_t rows = plan_.rows[static_cast<std::size_t>(split)].size();
    const std::uint32_t count = plan_.shard_counts[static_cast<std::size_t>(split)];
    for (std::uint32_t i = 0; i < count; ++i) {
      ranges_.push_back({rows * i / count, rows * (i + 1) / count, i, count});
      packed_.manifest.shards.push_back({.name = shard::shard_file_name(split, i, count), .split = split});
    }
    counter_.expect(rows);
  }
  packed_.facts.resize(ranges_.size(), {.sums = PixelSums(plan_.shape.channels)});
  refused_.resize(ranges_.size());
}

shard::ShardContent ShardPacker::describe(std::size_t index) const {
  shard::ShardContent content{.dataset = recipe_.name, .split = packed_.manifest.shards[index].split};
  content.index = ranges_[index].index;
  content.count = ranges_[index].count;
  content.shape = plan_.shape;
  content.class_names = plan_.class_names;
  content.operations = plan_.operations.texts();
  for (const shard::SourceInfo& source : plan_.sources) content.sources.push_back(shard::to_json(source));
  return content;
}

std::vector<source::Refusal> ShardPacker::fill(std::size_t index, shard::ShardContent& content) {
  const auto& rows = plan_.rows[static_cast<std::size_t>(content.split)];
  const auto planned =
      std::span(rows).subspan(ranges_[index].begin, ranges_[index].end - ranges_[index].begin);
  const std::size_t size = plan_.shape.bytes();
  content.rows.resize(planned.size());
  shard::reserve_large(content.images, planned.size() * size);
  content.images.resize(planned.size() * size);
  std::vector<char> made(planned.size());
  Quarantine quarantine(recipe_, sources_);
  const auto make_one = [&](ImageMaker& maker, std::size_t i) {
    const image::Image& plain = maker.plain(planned[i]);
    shard::Row& row = content.rows[i] = make_row(recipe_, sources_, plan_, planned[i]);
    row.content_hash = xxh3(std::as_bytes(std::span(plain.pixels)));
    if (plan_.families.empty()) row.family_id = row.content_hash;
    const auto out = std::span(content.images).subspan(i * size, size);
    if (planned[i].augment == 0) {
      std::ranges::copy(plain.pixels, out.begin());
    } else {
      std::ranges::copy(maker.child(plain, planned[i], row.sample_id).pixels, out.begin());
      row.content_hash = xxh3(std::as_bytes(out));
    }
  };
  parallel_for((planned.size() + kBlock - 1) / kBlock, threads_, [&](std::size_t block) {
    ImageMaker maker(recipe_, sources_);
    const std::size_t begin = block * kBlock, end = std::min(planned.size(), begin + kBlock);
    for (std::size_t i = begin; i < end; ++i)
      made[i] = quarantine.unless_read(planned[i], [&] { make_one(maker, i); }) ? 1 : 0;
    counter_.advance(end - begin);
  });
  compact(content, made);
  return quarantine.refused();
}

// The file is looked at where it is in memory, while it is written and read back: what the disk gives back is
// what counts, before anything vouches for it.
void ShardPacker::write(std::size_t index, shard::ShardContent content,
                        std::vector<source::Refusal> refused) {
  shard::ShardFile& file = packed_.manifest.shards[index];
  std::vector<std::byte> bytes = shard::build_shard(content);
  file.rows = content.rows.size();
  file.bytes = bytes.size();
  content = {};
  const std::filesystem::path path = folder_.staging() / file.name;
  std::future<void> stored = std::async(threads_ > 1 ? std::launch::async : std::launch::deferred, [&] {
    write_file(path, bytes);
    check_stored(path, bytes);
  });
  file.sha256 = sha256_hex(bytes);
  packed_.facts[index] = audit_shard(shard::Shard(bytes, folder_.staging(), packed_.manifest, file),
                                     path.string(), packed_.manifest);
  stored.get();
  refused_[index] = refused;
  folder_.seal({file, std::move(refused)});
}

void ShardPacker::wait() {
  if (writing_.valid()) writing_.get();
}

void ShardPacker::make(std::size_t index) {
  shard::ShardContent content = describe(index);
  std::vector<source::Refusal> refused = fill(index, content);
  wait();
  writing_ = std::async(std::launch::async, &ShardPacker::write, this, index, std::move(content),
                        std::move(refused));
}

// A shard of an interrupted run is as good as a new one if it is what its journal says.
void ShardPacker::keep_sealed(std::size_t index) {
  shard::ShardFile& file = packed_.manifest.shards[index];
  const auto sealed = folder_.sealed().find(file.name);
  if (sealed == folder_.sealed().end()) return;
  const shard::ShardFile planned = file;
  try {
    file = sealed->second.file;
    packed_.facts[index] = audit_shard(folder_.staging(), packed_.manifest, file);
    refused_[index] = sealed->second.refused;
    counter_.advance(ranges_[index].end - ranges_[index].begin);
  } catch (const Error&) {
    file = planned;  // made again
  }
}

PackedShards ShardPacker::run() {
  for (std::size_t i = 0; i < ranges_.size(); ++i) keep_sealed(i);
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    if (packed_.manifest.shards[i].sha256.empty()) make(i);
  }
  wait();
  for (const auto& list : refused_) packed_.refused.insert(packed_.refused.end(), list.begin(), list.end());
  return std::move(packed_);
}

}  // namespace titrate::prep
