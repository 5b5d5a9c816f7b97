#include "audit.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "titrate/core/error.hpp"
#include "titrate/core/hash.hpp"

namespace titrate::prep {
namespace {

using shard::Origin;
using shard::Row;
using shard::Split;

// `where()` is the name of the row.
template <class Where>
void check_row(const Row& row, std::span<const std::uint8_t> pixels, const shard::Manifest& manifest,
               Split split, const Where& where) {
  if (const std::uint64_t hash = xxh3(std::as_bytes(pixels)); hash != row.content_hash) {
    refuse_damaged(where(), "the pixels are not those that were packed", hex(row.content_hash), hex(hash));
  }
  if (split != Split::train && row.origin == Origin::synthetic) {
    refuse_damaged(where(), "synthetic images may not be outside training");
  }
  if (row.origin != manifest.sources[row.source].origin && row.origin != Origin::augmented) {
    refuse_damaged(where(), "the origin is not that of its source");
  }
  if ((row.origin == Origin::augmented) != (row.parent_id != row.sample_id)) {
    refuse_damaged(where(), "augmented images have a parent, and no other images have");
  }
}

// All rows, and where each image is among them.
class Catalogue {
 public:
  explicit Catalogue(std::span<const ShardFacts> shards) : shards_(shards) {
    std::size_t rows = 0;
    for (const ShardFacts& shard : shards) rows += shard.rows.size();
    ids_.reserve(rows);
    each([&](const RowFacts& row, Split split) { ids_.push_back({row.sample_id, &row, split}); });
    std::sort(ids_.begin(), ids_.end(), [](const Known& a, const Known& b) { return a.id < b.id; });
  }

  template <class Use>
  void each(const Use& use) const {
    for (const ShardFacts& shard : shards_) {
      for (const RowFacts& row : shard.rows) use(row, shard.split);
    }
  }

  struct Known {
    std::uint64_t id;
    const RowFacts* row;
    Split split;
  };
  const Known* find(std::uint64_t id) const {
    const auto found = std::lower_bound(ids_.begin(), ids_.end(), id,
                                        [](const Known& known, std::uint64_t i) { return known.id < i; });
    return found == ids_.end() || found->id != id ? nullptr : &*found;
  }
  const Known* twin() const {
    const auto same = [](const Known& a, const Known& b) { return a.id == b.id; };
    const auto found = std::adjacent_find(ids_.begin(), ids_.end(), same);
    return found == ids_.end() ? nullptr : &*found;
  }

 private:
  std::span<const ShardFacts> shards_;
  std::vector<Known> ids_;
};

void check_kin(const std::filesystem::path& folder, const Catalogue& catalogue) {
  if (const auto* twin = catalogue.twin())
    refuse_damaged(folder, "the sample id " + hex(twin->id) + " is not unique");
  catalogue.each([&](const RowFacts& row, Split) {
    if (row.parent_id == row.sample_id) return;
    const auto* parent = catalogue.find(row.parent_id);
    const bool good = parent != nullptr && parent->row->origin == Origin::real &&
                      parent->row->family_id == row.family_id && parent->row->label == row.label;
    if (!good) {
      refuse_damaged(folder,
                     "image " + hex(row.sample_id) + " does not agree with its parent " + hex(row.parent_id));
    }
  });
}

void count_leaks(const Catalogue& catalogue, Facts& facts) {
  std::unordered_set<std::uint64_t> pixels, families;  // of what is held out: usually the smaller part
  catalogue.each([&](const RowFacts& row, Split split) {
    if (split == Split::train) return;
    pixels.insert(row.content_hash);
    families.insert(row.family_id);
  });
  std::unordered_set<std::uint64_t> trained_pixels, trained_families;
  catalogue.each([&](const RowFacts& row, Split split) {
    if (split != Split::train) return;
    if (pixels.contains(row.content_hash)) trained_pixels.insert(row.content_hash);
    if (families.contains(row.family_id)) trained_families.insert(row.family_id);
  });
  catalogue.each([&](const RowFacts& row, Split split) {
    if (split == Split::train) return;
    const std::uint64_t same = trained_pixels.contains(row.content_hash) ? 1 : 0;
    facts.leaks.same_image += same;
    facts.same_image[static_cast<std::size_t>(split)] += same;
    facts.leaks.same_family += trained_families.contains(row.family_id) ? 1 : 0;
  });
}

std::vector<shard::SplitCounts> count_rows(std::span<const ShardFacts> shards, std::size_t classes) {
  std::vector<shard::SplitCounts> splits;
  for (const ShardFacts& shard : shards) {
    if (splits.empty() || splits.back().split != shard.split) {
      splits.push_back({.split = shard.split});
      splits.back().counts.resize(classes);
    }
    for (const RowFacts& row : shard.rows)
      ++splits.back().counts[static_cast<std::size_t>(row.label)][static_cast<std::size_t>(row.origin)];
  }
  return splits;
}

}  // namespace

ShardFacts audit_shard(const std::filesystem::path& folder, const shard::Manifest& manifest,
                       const shard::ShardFile& file) {
  return audit_shard(shard::Shard(folder, manifest, file), (folder / file.name).string(), manifest);
}

ShardFacts audit_shard(const shard::Shard& shard, const std::string& where, const shard::Manifest& manifest) {
  const Split split = shard.content().split;
  ShardFacts facts{.split = split, .sums = PixelSums(manifest.shape.channels)};
  facts.rows.reserve(shard.rows().size());
  facts.prints.reserve(shard.rows().size());
  const std::size_t size = manifest.shape.bytes();
  for (std::size_t i = 0; i < shard.rows().size(); ++i) {
    const Row& row = shard.rows()[i];
    const auto pixels = shard.pixels().subspan(i * size, size);
    check_row(row, pixels, manifest, split, [&] { return where + ": row " + std::to_string(i); });
    facts.rows.push_back(
        {row.sample_id, row.parent_id, row.family_id, row.content_hash, row.label, row.origin});
    facts.prints.push_back(shard::Fingerprint::of(row, split, manifest.sources[row.source].name));
    if (split == Split::train && row.origin == Origin::real) facts.sums.add(pixels);
  }
  return facts;
}

Facts audit(const std::filesystem::path& folder, const shard::Manifest& manifest,
            std::span<const ShardFacts> shards) {
  const Catalogue catalogue(shards);
  check_kin(folder, catalogue);
  PixelSums sums(manifest.shape.channels);
  shard::Fingerprint fingerprint(manifest.shape, manifest.class_names);
  for (const ShardFacts& shard : shards) {
    sums.add(shard.sums);
    for (const auto& print : shard.prints) fingerprint.add(print);
  }
  Facts facts{.mean = sums.mean(),
              .deviation = sums.deviation(),
              .fingerprint = fingerprint.finish(),
              .splits = count_rows(shards, manifest.class_names.size())};
  count_leaks(catalogue, facts);
  return facts;
}

std::string first_leak(const std::filesystem::path& folder, const shard::Manifest& manifest,
                       std::span<const ShardFacts> shards) {
  struct Place {
    std::size_t shard, row;
  };
  const auto name = [&](const Place& place) {
    const shard::Shard shard(folder, manifest, manifest.shards[place.shard]);
    const Row& row = shard.rows()[place.row];
    return std::string(row.origin == Origin::augmented ? "an augmented copy of " : "") + "source " +
           manifest.sources[row.source].name + ", row " + std::to_string(row.source_row) + " of " +
           row.source_path;
  };
  std::unordered_map<std::uint64_t, Place> held_out;
  for (std::size_t s = 0; s < shards.size(); ++s) {
    for (std::size_t i = 0; i < shards[s].rows.size() && shards[s].split != Split::train; ++i)
      held_out.emplace(shards[s].rows[i].content_hash, Place{s, i});
  }
  for (std::size_t s = 0; s < shards.size() && shards[s].split == Split::train; ++s) {
    for (std::size_t i = 0; i < shards[s].rows.size(); ++i) {
      const auto found = held_out.find(shards[s].rows[i].content_hash);
      if (found == held_out.end()) continue;
      return "a " + std::string(name_of(shards[found->second.shard].split)) + " image (" +
             name(found->second) + ") is the same as a training image (" + name({s, i}) + ")";
    }
  }
  return "";
}

void refuse_damaged(const std::filesystem::path& where, const std::string& what, const std::string& expected,
                    const std::string& got) {
  throw Error({.code = ErrorCode::integrity,
               .where = where.string(),
               .what = what,
               .expected = expected,
               .got = got});
}

}  // namespace titrate::prep
