#include "shard_packer.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "quarantine.hpp"
#include "titrate/core/byte_file.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/core/parallel.hpp"
#include "titrate/core/version.hpp"
#include "titrate/shard/reader.hpp"
#include "titrate/shard/writer.hpp"

namespace titrate::prep {
namespace {

using shard::Split;

constexpr std::size_t kBlock = 128;              // images per piece of work
constexpr std::size_t kReadBack = 1 << 20;       // bytes
constexpr double kSecondsWithoutProgress = 1.0;  // who is done at once shows no bar

// Keeps the rows that could be made, in their order, with their pixels.
void keep_made(shard::ShardContent& content, std::span<const std::uint8_t> pixels,
               const std::vector<char>& made) {
  const std::size_t size = content.shape.bytes();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (made[i] == 0) continue;
    if (kept != i) content.rows[kept] = std::move(content.rows[i]);
    const auto image = pixels.subspan(i * size, size);
    content.images.insert(content.images.end(), image.begin(), image.end());
    ++kept;
  }
  content.rows.resize(kept);
}

void check_stored(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  const ByteFile file(path);
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

ShardPacker::ShardPacker(const Recipe& recipe, const Sources& sources, const PackPlan& plan, unsigned threads,
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

void ShardPacker::make_image(ImageMaker& maker, const Planned& planned, shard::Row& row,
                             std::span<std::uint8_t> out) const {
  const image::Image& plain = maker.plain(planned);
  row.content_hash = xxh3(std::as_bytes(std::span(plain.pixels)));
  if (plan_.families.empty()) row.family_id = row.content_hash;
  if (planned.augment == 0) {
    std::ranges::copy(plain.pixels, out.begin());
  } else {
    std::ranges::copy(maker.child(plain, planned, row.sample_id).pixels, out.begin());
    row.content_hash = xxh3(std::as_bytes(out));
  }
}

ShardPacker::Filled ShardPacker::fill(std::size_t index) {
  shard::ShardContent content = describe(index);
  const auto& rows = plan_.rows[static_cast<std::size_t>(content.split)];
  const auto planned =
      std::span(rows).subspan(ranges_[index].begin, ranges_[index].end - ranges_[index].begin);
  const auto in_blocks = [&](const auto& work) {
    parallel_for((planned.size() + kBlock - 1) / kBlock, threads_, [&](std::size_t block) {
      work(block * kBlock, std::min(planned.size(), (block + 1) * kBlock));
    });
  };
  content.rows.resize(planned.size());
  in_blocks([&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      content.rows[i] = make_row(recipe_, sources_, plan_, planned[i]);
  });
  shard::ShardDraft draft(content, std::move(spare_));
  const std::size_t size = plan_.shape.bytes();
  std::vector<char> made(planned.size());
  Quarantine quarantine(recipe_, sources_);
  in_blocks([&](std::size_t begin, std::size_t end) {
    ImageMaker maker(recipe_, sources_);
    for (std::size_t i = begin; i < end; ++i) {
      const auto out = draft.pixels().subspan(i * size, size);
      const bool read =
          quarantine.unless_read(planned[i], [&] { make_image(maker, planned[i], content.rows[i], out); });
      made[i] = read ? 1 : 0;
    }
    counter_.advance(end - begin);
  });
  Filled filled{.refused = quarantine.refused()};
  if (filled.refused.empty()) {
    filled.bytes = draft.finish(content.rows);
  } else {
    keep_made(content, draft.pixels(), made);
    const std::vector<std::byte> bytes = shard::build_shard(content);
    filled.bytes.assign(bytes.begin(), bytes.end());
  }
  filled.rows = content.rows.size();
  return filled;
}

// The file is looked at where it is in memory, while it is written and read back: what the disk gives back is
// what counts, before anything vouches for it. Returns memory to use again.
LargeBytes ShardPacker::write(std::size_t index, Filled filled) {
  shard::ShardFile& file = packed_.manifest.shards[index];
  file.rows = filled.rows;
  file.bytes = filled.bytes.size();
  const std::filesystem::path path = folder_.staging() / file.name;
  const auto beside = threads_ > 1 ? std::launch::async : std::launch::deferred;
  std::future<void> stored = std::async(beside, [&] {
    write_file(path, filled.bytes);
    check_stored(path, filled.bytes);
  });
  std::future<std::string> hash = std::async(beside, [&] { return sha256_hex(filled.bytes); });
  packed_.facts[index] = audit_shard(shard::Shard(filled.bytes, folder_.staging(), packed_.manifest, file),
                                     path.string(), packed_.manifest);
  file.sha256 = hash.get();
  stored.get();
  refused_[index] = filled.refused;
  folder_.seal({file, std::move(filled.refused)});
  return std::move(filled.bytes);
}

void ShardPacker::wait() {
  if (writing_.valid()) spare_ = writing_.get();
}

void ShardPacker::make(std::size_t index) {
  Filled filled = fill(index);
  wait();
  writing_ = std::async(std::launch::async, &ShardPacker::write, this, index, std::move(filled));
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
