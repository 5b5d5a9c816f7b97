#include "titrate/prep/verify.hpp"

#include <string>
#include <unordered_map>

#include "titrate/core/error.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/core/text.hpp"
#include "titrate/prep/statistics.hpp"
#include "titrate/shard/reader.hpp"

namespace titrate::prep {
namespace {

using shard::Origin;
using shard::Row;
using shard::Split;

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what,
                         const std::string& expected = "", const std::string& got = "") {
  throw Error(
      {.code = ErrorCode::integrity, .where = file.string(), .what = what, .expected = expected, .got = got});
}

// What is gathered over all shards of a dataset.
class Verifier {
 public:
  Verifier(const std::filesystem::path& folder, const shard::Manifest& manifest)
      : folder_(folder),
        manifest_(manifest),
        sums_(manifest.shape.channels),
        fingerprint_(manifest.shape, manifest.class_names) {
    for (const Split split : {Split::train, Split::validation, Split::test}) {
      counts_[static_cast<std::size_t>(split)].resize(manifest.class_names.size());
    }
  }

  void read(const shard::ShardFile& file);
  void finish();

 private:
  struct Known {
    std::uint64_t family;
    std::int32_t label;
    Split split;
    Origin origin;
  };

  void check_row(const Row& row, std::span<const std::uint8_t> pixels, Split split,
                 const std::string& where) const;
  void note(const Row& row, Split split, const std::string& where);
  void check_parents() const;
  void check_counts() const;

  const std::filesystem::path& folder_;
  const shard::Manifest& manifest_;
  PixelSums sums_;
  shard::Fingerprint fingerprint_;
  std::unordered_map<std::uint64_t, Known> images_;
  std::unordered_map<std::uint64_t, Split> families_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> children_;  // sample id, parent id
  std::array<std::vector<std::array<std::uint64_t, 3>>, 3> counts_;
};

void Verifier::check_row(const Row& row, std::span<const std::uint8_t> pixels, Split split,
                         const std::string& where) const {
  if (const std::uint64_t hash = xxh3(std::as_bytes(pixels)); hash != row.content_hash) {
    refuse(where, "the pixels are not those that were packed", hex(row.content_hash), hex(hash));
  }
  if (split != Split::train && row.origin != Origin::real) {
    refuse(where, "only real images may be outside training", "real", std::string(name_of(row.origin)));
  }
  if (row.origin != manifest_.sources[row.source].origin && row.origin != Origin::augmented) {
    refuse(where, "the origin is not that of its source");
  }
  if ((row.origin == Origin::augmented) != (row.parent_id != row.sample_id)) {
    refuse(where, "augmented images have a parent, and no other images have");
  }
}

void Verifier::note(const Row& row, Split split, const std::string& where) {
  const Known known{row.family_id, row.label, split, row.origin};
  if (!images_.emplace(row.sample_id, known).second) {
    refuse(where, "the sample id " + hex(row.sample_id) + " is not unique");
  }
  if (const auto [family, is_new] = families_.emplace(row.family_id, split);
      !is_new && family->second != split) {
    refuse(where, "the family " + hex(row.family_id) + " lies on both sides of a split");
  }
  if (row.parent_id != row.sample_id) children_.emplace_back(row.sample_id, row.parent_id);
  ++counts_[static_cast<std::size_t>(split)][static_cast<std::size_t>(row.label)]
           [static_cast<std::size_t>(row.origin)];
  fingerprint_.add(row, split, manifest_.sources[row.source].name);
}

void Verifier::read(const shard::ShardFile& file) {
  const shard::Shard shard(folder_, manifest_, file);
  const std::size_t size = manifest_.shape.bytes();
  for (std::size_t i = 0; i < shard.rows().size(); ++i) {
    const Row& row = shard.rows()[i];
    const auto pixels = shard.pixels().subspan(i * size, size);
    const std::string where = (folder_ / file.name).string() + ": row " + std::to_string(i);
    check_row(row, pixels, file.split, where);
    note(row, file.split, where);
    if (file.split == Split::train && row.origin == Origin::real) sums_.add(pixels);
  }
}

void Verifier::check_parents() const {
  for (const auto& [child_id, parent_id] : children_) {
    const auto parent = images_.find(parent_id);
    const Known& child = images_.at(child_id);
    const bool good = parent != images_.end() && parent->second.origin == Origin::real &&
                      parent->second.family == child.family && parent->second.label == child.label &&
                      parent->second.split == child.split;
    if (!good) {
      refuse(folder_, "image " + hex(child_id) + " does not agree with its parent " + hex(parent_id));
    }
  }
}

void Verifier::check_counts() const {
  std::array<std::vector<std::array<std::uint64_t, 3>>, 3> stated = counts_;
  for (auto& split : stated) std::fill(split.begin(), split.end(), std::array<std::uint64_t, 3>{});
  for (const shard::SplitCounts& split : manifest_.splits) {
    stated[static_cast<std::size_t>(split.split)] = split.counts;
  }
  if (stated != counts_) refuse(folder_ / shard::kManifestName, "the counts are not those of the shards");
}

void Verifier::finish() {
  const std::filesystem::path manifest = folder_ / shard::kManifestName;
  check_parents();
  check_counts();
  if (sums_.mean() != manifest_.mean || sums_.deviation() != manifest_.deviation) {
    refuse(manifest, "mean and deviation are not those of the real training images");
  }
  if (const std::string found = fingerprint_.finish(); found != manifest_.fingerprint) {
    refuse(manifest, "the fingerprint is not that of the shards", found, manifest_.fingerprint);
  }
}

}  // namespace

shard::Manifest verify(const std::filesystem::path& folder) {
  shard::Manifest manifest = shard::read_manifest(folder);
  Verifier verifier(folder, manifest);
  for (const shard::ShardFile& file : manifest.shards) verifier.read(file);
  verifier.finish();
  return manifest;
}

}  // namespace titrate::prep
