// A dataset that titrate packed, as a source of another one.
#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <unordered_map>

#include "block_cache.hpp"
#include "hdf5_sources.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/core/random.hpp"
#include "titrate/core/text.hpp"
#include "titrate/shard/manifest.hpp"
#include "titrate/shard/reader.hpp"

namespace titrate::source {
namespace {

using shard::Manifest;
using shard::Origin;
using shard::Row;
using shard::Split;

constexpr const char* kNothingDone = "[]";  // as a shard's /operations say it
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

[[noreturn]] void refuse_usage(const SourceSettings& settings, const std::string& what,
                               const std::string& expected = "", const std::string& got = "",
                               const std::string& hint = "") {
  throw Error({.code = ErrorCode::usage,
               .where = settings.where,
               .what = what,
               .expected = expected,
               .got = got,
               .hint = hint});
}

bool is_sidecar(const shard::ExtraFile& file) { return file.name.starts_with(shard::kSidecarPrefix); }

// Which rows pass.
struct Filter {
  std::array<bool, shard::kSplitNames.size()> splits{};
  std::array<bool, shard::kOriginNames.size()> origins{};
  std::vector<std::optional<std::int32_t>> labels{};  // by the dataset's class: the label here

  bool passes(const Row& row, Split split) const {
    return splits[static_cast<std::size_t>(split)] && origins[static_cast<std::size_t>(row.origin)] &&
           labels[static_cast<std::size_t>(row.label)].has_value();
  }
};

std::vector<std::string> chosen_classes(const SourceSettings& settings, const Manifest& manifest) {
  if (!settings.values.has("from_classes")) return manifest.class_names;
  const std::vector<std::string>& wanted = settings.values.texts("from_classes");
  const std::vector<std::string>& known = manifest.class_names;
  for (const std::string& name : wanted) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    refuse_usage(settings, "from_classes names a class that the dataset does not have: \"" + name + "\"",
                 join(known, ", "), "", did_you_mean(name, known));
  }
  std::vector<std::string> chosen;
  for (const std::string& name : known) {
    if (std::find(wanted.begin(), wanted.end(), name) != wanted.end()) chosen.push_back(name);
  }
  return chosen;
}

Filter make_filter(const SourceSettings& settings, const Manifest& manifest,
                   const std::vector<std::string>& class_names) {
  Filter filter;
  if (settings.split && settings.values.has("splits")) {
    refuse_usage(settings, "both split and splits say which images are meant", "one of them");
  }
  filter.splits.fill(!settings.split && !settings.values.has("splits"));
  if (settings.split) filter.splits[static_cast<std::size_t>(*settings.split)] = true;
  if (settings.values.has("splits")) {
    for (const std::string& name : settings.values.texts("splits")) {
      filter.splits[static_cast<std::size_t>(shard::parse_split(name, settings.where))] = true;
    }
  }
  filter.origins.fill(!settings.values.has("origins"));
  if (settings.values.has("origins")) {
    for (const std::string& name : settings.values.texts("origins")) {
      filter.origins[static_cast<std::size_t>(shard::parse_origin(name, settings.where))] = true;
    }
  }
  const std::vector<std::string> chosen = chosen_classes(settings, manifest);
  for (const std::string& name : manifest.class_names) {
    filter.labels.emplace_back();
    if (std::find(chosen.begin(), chosen.end(), name) == chosen.end()) continue;
    const auto found = std::find(class_names.begin(), class_names.end(), name);
    if (found == class_names.end()) {
      refuse_usage(settings, "classes lacks one that the dataset has: \"" + name + "\"",
                   join(class_names, ", "), "", "name it, or leave it out by from_classes");
    }
    filter.labels.back() = static_cast<std::int32_t>(found - class_names.begin());
  }
  return filter;
}

class Dataset : public Source {
 public:
  explicit Dataset(const SourceSettings& settings)
      : folder_(settings.path), manifest_(shard::read_manifest(folder_)), cache_(kKeptBytes) {
    check_keys(settings);
    listing_.class_names = settings.classes.empty() ? chosen_classes(settings, manifest_) : settings.classes;
    const Filter filter = make_filter(settings, manifest_, listing_.class_names);
    std::vector<Candidate> candidates;
    for (std::uint32_t i = 0; i < manifest_.shards.size(); ++i) collect(i, filter, candidates);
    leave_out_orphans(candidates);
    list(candidates);
    take_sidecars();
    listing_.state = state();
  }

  image::Image read(std::size_t index) const override {
    const Place& place = places_[index];
    const shard::ShardFile& file = manifest_.shards[place.shard];
    const auto shard =
        cache_.get(place.shard, file.bytes, [&] { return shard::Shard(folder_, manifest_, file); });
    const std::size_t bytes = manifest_.shape.bytes();
    return image::Image(image::View{manifest_.shape, shard->pixels().subspan(place.row * bytes, bytes)});
  }

 private:
  struct Place {
    std::uint32_t shard = 0;
    std::uint32_t row = 0;
  };

  // A row that passes the filter, while it is open whether its parent does.
  struct Candidate {
    Row row{};
    std::int32_t label = 0;
    Split split = Split::train;
    Place place{};
    std::uint32_t operations = kNone;  // index into operations_; none: the image is whole, as it was read
    bool kept = true;
  };

  static void check_keys(const SourceSettings& settings) {
    for (const char* key : {"images", "labels", "class_names"}) {
      if (!settings.values.has(key)) continue;
      refuse_usage(settings, std::string(key) + " is for HDF5 files of others, not for datasets", "", "",
                   "leave it out: a dataset says what it holds");
    }
    if (settings.values.flag("channels_first"))
      refuse_usage(settings, "channels_first is for HDF5 files of others");
  }

  // One shard at a time is in memory.
  void collect(std::uint32_t index, const Filter& filter, std::vector<Candidate>& candidates) {
    const shard::ShardFile& file = manifest_.shards[index];
    const shard::Shard shard(folder_, manifest_, file);
    std::unordered_map<std::uint32_t, std::uint32_t> operations;  // by the shard's numbers
    for (std::uint32_t i = 0; i < shard.rows().size(); ++i) {
      const Row& row = shard.rows()[i];
      if (!filter.passes(row, file.split)) continue;
      Candidate candidate{.row = row,
                          .label = *filter.labels[static_cast<std::size_t>(row.label)],
                          .split = file.split,
                          .place = {index, i}};
      const std::string& done = shard.content().operations[row.operations];
      if (row.origin == Origin::augmented || done != kNothingDone) {
        const auto known =
            operations.try_emplace(row.operations, static_cast<std::uint32_t>(operations_.size()));
        if (known.second) operations_.push_back(done);
        candidate.operations = known.first->second;
      }
      candidates.push_back(std::move(candidate));
    }
  }

  void leave_out_orphans(std::vector<Candidate>& candidates);
  void list(const std::vector<Candidate>& candidates);
  void add_kinship(const std::vector<Candidate>& candidates);
  std::string path_of(const Candidate& candidate) const;
  void take_sidecars();

  std::uint64_t state() const {
    std::uint64_t state = file_state(folder_ / shard::kManifestName);
    for (const shard::ShardFile& file : manifest_.shards) {
      state = hash_words(state, file_state(folder_ / file.name));
    }
    for (const shard::ExtraFile& file : manifest_.files) {
      if (is_sidecar(file)) state = hash_words(state, file_state(folder_ / file.name));
    }
    return state;
  }

  std::filesystem::path folder_;
  Manifest manifest_;
  std::vector<Place> places_;  // by item
  std::vector<std::string> operations_;
  mutable BlockCache<shard::Shard> cache_;
};

// A child may itself be a parent, so what leaves takes its children along, until nobody is left to leave.
void Dataset::leave_out_orphans(std::vector<Candidate>& candidates) {
  std::unordered_map<std::uint64_t, std::size_t> by_id;
  for (std::size_t i = 0; i < candidates.size(); ++i) by_id.emplace(candidates[i].row.sample_id, i);
  std::size_t left_out = 0;
  // Whoever is not reached from an image that is no copy is an orphan, also where parents go round in a
  // circle.
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> children;
  std::vector<std::size_t> reached;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    Candidate& candidate = candidates[i];
    candidate.kept = candidate.row.origin != Origin::augmented;
    if (candidate.kept) {
      reached.push_back(i);
    } else {
      children[candidate.row.parent_id].push_back(i);
      ++left_out;
    }
  }
  for (std::size_t next = 0; next < reached.size(); ++next) {
    const std::uint64_t id = candidates[reached[next]].row.sample_id;
    if (by_id.at(id) != reached[next]) continue;
    const auto found = children.find(id);
    if (found == children.end()) continue;
    for (const std::size_t child : found->second) {
      candidates[child].kept = true;
      reached.push_back(child);
      --left_out;
    }
  }
  if (left_out == 0) return;
  listing_.notes.push_back("left out " + std::to_string(left_out) +
                           " augmented images whose parents are not among the images");
}

// Copies of an image, and parts that were cut out of it, lie where it lay.
std::string Dataset::path_of(const Candidate& candidate) const {
  const Row& row = candidate.row;
  const std::string path = manifest_.sources[row.source].name + "/" + row.source_path;
  return candidate.operations == kNone ? path : path + "#" + hex(row.sample_id);
}

void Dataset::take_sidecars() {
  for (const shard::ExtraFile& file : manifest_.files) {
    if (!is_sidecar(file)) continue;
    const std::string text = read_text(folder_ / file.name);
    if (text.size() != file.bytes || sha256_hex(std::as_bytes(std::span(text))) != file.sha256) {
      throw Error({.code = ErrorCode::integrity,
                   .where = (folder_ / file.name).string(),
                   .what = "the file is not the one that the manifest tells of"});
    }
    listing_.sidecar += text;
    if (!listing_.sidecar.ends_with('\n')) listing_.sidecar += '\n';
  }
}

void Dataset::list(const std::vector<Candidate>& candidates) {
  std::vector<std::uint32_t> part_of(manifest_.sources.size(), kNone);
  for (const Candidate& candidate : candidates) {
    if (candidate.kept) part_of[candidate.row.source] = 0;
  }
  listing_.parts.clear();
  for (std::size_t i = 0; i < part_of.size(); ++i) {
    if (part_of[i] == kNone) continue;
    part_of[i] = static_cast<std::uint32_t>(listing_.parts.size());
    const shard::SourceInfo& source = manifest_.sources[i];
    listing_.parts.push_back({.name = source.name,
                              .origin = source.origin,
                              .generator = source.generator,
                              .trained_on = source.trained_on,
                              .licence = source.licence});
  }
  if (listing_.parts.empty()) listing_.parts.emplace_back();
  for (const Candidate& candidate : candidates) {
    if (!candidate.kept) continue;
    listing_.items.push_back({.label = candidate.label,
                              .split = candidate.split,
                              .part = part_of[candidate.row.source],
                              .shape = manifest_.shape,
                              .row = candidate.row.source_row,
                              .path = path_of(candidate)});
    places_.push_back(candidate.place);
  }
  add_kinship(candidates);
}

// An image alone in its family, made of no other, has no kin to know of.
void Dataset::add_kinship(const std::vector<Candidate>& candidates) {
  std::unordered_map<std::uint64_t, std::size_t> family_size, item_of;
  std::size_t item = 0;
  for (const Candidate& candidate : candidates) {
    if (!candidate.kept) continue;
    ++family_size[candidate.row.family_id];
    item_of.emplace(candidate.row.sample_id, item++);
  }
  item = 0;
  for (const Candidate& candidate : candidates) {
    if (!candidate.kept) continue;
    const std::size_t here = item++;
    if (family_size[candidate.row.family_id] < 2 && candidate.operations == kNone) continue;
    Kinship kinship{.family = candidate.row.family_id};
    if (candidate.operations != kNone) kinship.operations = operations_[candidate.operations];
    if (candidate.row.origin == Origin::augmented) kinship.parent = item_of.at(candidate.row.parent_id);
    listing_.kinship.emplace(here, std::move(kinship));
  }
}

}  // namespace

std::unique_ptr<Source> open_dataset(const SourceSettings& settings) {
  return std::make_unique<Dataset>(settings);
}

}  // namespace titrate::source
