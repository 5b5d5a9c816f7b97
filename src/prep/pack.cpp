#include "titrate/prep/pack.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <unordered_map>

#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/core/parallel.hpp"
#include "titrate/core/progress.hpp"
#include "titrate/core/version.hpp"
#include "titrate/prep/output_folder.hpp"
#include "titrate/prep/plan.hpp"
#include "titrate/prep/statistics.hpp"
#include "titrate/shard/reader.hpp"
#include "titrate/shard/writer.hpp"

namespace titrate::prep {
namespace {

using Clock = std::chrono::steady_clock;
using shard::Split;

constexpr std::size_t kBlock = 128;              // images per piece of work
constexpr double kSecondsWithoutProgress = 1.0;  // who is done at once shows no bar

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::filesystem::path data_root(const PackOptions& options) {
  if (options.data_root) return *options.data_root;
  const char* variable = std::getenv("TITRATE_DATA");
  return variable == nullptr || *variable == '\0' ? "." : variable;
}

Sources open_sources(const Recipe& recipe, const std::filesystem::path& root) {
  Sources sources;
  for (const SourceRecipe& source : recipe.sources) {
    source::SourceSettings settings = source.settings;
    settings.path = (root / settings.path).lexically_normal();
    sources.push_back(source::open_source(settings));
  }
  return sources;
}

// Turns a plan into shards, one after another; the images of each are made on all threads.
class Packer {
 public:
  Packer(const Recipe& recipe, const Sources& sources, const Plan& plan, const PackOptions& options)
      : recipe_(recipe),
        sources_(sources),
        plan_(plan),
        threads_(options.threads == 0 ? usable_processors() : options.threads),
        sums_(plan.shape.channels),
        fingerprint_(plan.shape, plan.class_names),
        progress_("pack", progress_style(options.quiet)) {
    for (const auto& rows : plan.rows) total_ += rows.size();
  }

  shard::Manifest write(const std::filesystem::path& folder);

 private:
  void write_split(const std::filesystem::path& folder, Split split, shard::Manifest& manifest);
  shard::ShardContent describe(Split split, std::uint32_t index) const;
  void fill(shard::ShardContent& content, std::span<const PlannedRow> planned);
  void make_image(const PlannedRow& planned, std::span<std::uint8_t> out) const;
  void advance(std::size_t images);
  void refuse_grey() const;
  void refuse_leaks() const;
  std::string place_of(Split split, std::size_t row) const;

  const Recipe& recipe_;
  const Sources& sources_;
  const Plan& plan_;
  unsigned threads_;
  std::mutex mutex_;  // of sums_
  PixelSums sums_;
  shard::Fingerprint fingerprint_;
  std::array<std::vector<std::uint64_t>, 3> content_;  // hashes, by split, as the rows of the plan
  Progress progress_;
  Clock::time_point start_ = Clock::now();
  std::atomic<std::size_t> done_{0};
  std::size_t total_ = 0;
};

void Packer::make_image(const PlannedRow& planned, std::span<std::uint8_t> out) const {
  sources_[planned.row.source]->read(planned.item, out);
  if (planned.row.operations == 0) return;
  const AugmentRecipe& augment = recipe_.augments[planned.row.operations - 1];
  const image::Image changed = image::apply(augment.operations, {plan_.shape, out},
                                            {.seed = recipe_.seed, .sample = planned.row.sample_id});
  std::copy(changed.pixels.begin(), changed.pixels.end(), out.begin());
}

void Packer::advance(std::size_t images) {
  const std::size_t done = done_ += images;
  if (seconds_since(start_) < kSecondsWithoutProgress) return;
  progress_.update(static_cast<double>(done), static_cast<double>(total_), "images");
}

void Packer::fill(shard::ShardContent& content, std::span<const PlannedRow> planned) {
  const std::size_t size = plan_.shape.bytes();
  content.rows.resize(planned.size());
  content.images.resize(planned.size() * size);
  const bool counts = content.split == Split::train;
  parallel_for((planned.size() + kBlock - 1) / kBlock, threads_, [&](std::size_t block) {
    PixelSums sums(plan_.shape.channels);
    const std::size_t begin = block * kBlock, end = std::min(planned.size(), begin + kBlock);
    for (std::size_t i = begin; i < end; ++i) {
      const auto out = std::span(content.images).subspan(i * size, size);
      make_image(planned[i], out);
      content.rows[i] = planned[i].row;
      content.rows[i].content_hash = xxh3(std::as_bytes(out));
      if (counts && planned[i].row.origin == shard::Origin::real) sums.add(out);
    }
    {
      const std::scoped_lock lock(mutex_);
      sums_.add(sums);
    }
    advance(end - begin);
  });
}

shard::ShardContent Packer::describe(Split split, std::uint32_t index) const {
  shard::ShardContent content{.dataset = recipe_.name, .split = split, .index = index};
  content.count = plan_.shard_counts[static_cast<std::size_t>(split)];
  content.shape = plan_.shape;
  content.class_names = plan_.class_names;
  content.operations = plan_.operations;
  for (const SourceRecipe& source : recipe_.sources) content.sources.push_back(shard::to_json(source.info));
  return content;
}

void Packer::write_split(const std::filesystem::path& folder, Split split, shard::Manifest& manifest) {
  const std::span<const PlannedRow> rows = plan_.rows[static_cast<std::size_t>(split)];
  if (rows.empty()) return;
  shard::SplitCounts counts{.split = split};
  counts.counts.resize(plan_.class_names.size());
  const std::uint32_t shards = plan_.shard_counts[static_cast<std::size_t>(split)];
  for (std::uint32_t index = 0; index < shards; ++index) {
    shard::ShardContent content = describe(split, index);
    const std::size_t begin = rows.size() * index / shards, end = rows.size() * (index + 1) / shards;
    fill(content, rows.subspan(begin, end - begin));
    const std::vector<std::byte> bytes = shard::build_shard(content);
    const std::string name = shard::shard_file_name(split, index, shards);
    write_file(folder / name, bytes);
    manifest.shards.push_back({.name = name,
                               .split = split,
                               .rows = content.rows.size(),
                               .bytes = bytes.size(),
                               .sha256 = sha256_hex(bytes)});
    for (const shard::Row& row : content.rows) {
      ++counts.counts[static_cast<std::size_t>(row.label)][static_cast<std::size_t>(row.origin)];
      fingerprint_.add(row, split, recipe_.sources[row.source].info.name);
      content_[static_cast<std::size_t>(split)].push_back(row.content_hash);
    }
  }
  manifest.splits.push_back(std::move(counts));
}

void Packer::refuse_grey() const {
  if (std::ranges::any_of(sums_.deviation(), [](double deviation) { return deviation > 0; })) return;
  refuse_recipe(recipe_.file, "the real training images are all of one grey level",
                "pixels that differ: images are normalised by their deviation");
}

std::string Packer::place_of(Split split, std::size_t row) const {
  const shard::Row& found = plan_.rows[static_cast<std::size_t>(split)][row].row;
  return "source " + recipe_.sources[found.source].info.name + ", row " + std::to_string(found.source_row) +
         " of " + found.source_path;
}

// A test image that is in training too, pixel for pixel, would be known by heart.
void Packer::refuse_leaks() const {
  const auto& trained = content_[static_cast<std::size_t>(Split::train)];
  const auto& tested = content_[static_cast<std::size_t>(Split::test)];
  std::unordered_map<std::uint64_t, std::size_t> tests;
  for (std::size_t i = 0; i < tested.size(); ++i) tests.emplace(tested[i], i);
  for (std::size_t i = 0; i < trained.size(); ++i) {
    const auto found = tests.find(trained[i]);
    if (found == tests.end()) continue;
    throw Error({.code = ErrorCode::integrity,
                 .where = recipe_.file,
                 .what = "a test image (" + place_of(Split::test, found->second) +
                         ") is the same as a training image (" + place_of(Split::train, i) + ")",
                 .hint = "take one of them away, or give glyphs another seed"});
  }
}

shard::Manifest Packer::write(const std::filesystem::path& folder) {
  shard::Manifest manifest{.name = recipe_.name, .class_names = plan_.class_names, .shape = plan_.shape};
  for (const SourceRecipe& source : recipe_.sources) manifest.sources.push_back(source.info);
  for (const Split split : {Split::train, Split::validation, Split::test})
    write_split(folder, split, manifest);
  refuse_grey();
  refuse_leaks();
  manifest.mean = sums_.mean();
  manifest.deviation = sums_.deviation();
  manifest.fingerprint = fingerprint_.finish();
  manifest.recipe = to_json(recipe_);
  manifest.seed = recipe_.seed;
  manifest.tool_version = version();
  return manifest;
}

}  // namespace

PackResult pack(const PackOptions& options) {
  const auto start = Clock::now();
  const Recipe recipe = load_recipe(options.recipe, options.overrides);
  refuse_dataset(options.out, options.force);
  const Sources sources = open_sources(recipe, data_root(options));
  const Plan plan = make_plan(recipe, sources);
  OutputFolder folder(options.out, options.force);
  PackResult result{.manifest = Packer(recipe, sources, plan, options).write(folder.staging())};
  // What the disk gives back is what counts, before the manifest vouches for it.
  for (const shard::ShardFile& file : result.manifest.shards) {
    shard::Shard(folder.staging(), result.manifest, file);
  }
  folder.publish(shard::to_json(result.manifest));
  if (plan.rows[static_cast<std::size_t>(Split::test)].empty())
    result.warnings.push_back("the dataset has no test images, which every sweep needs");
  result.seconds = seconds_since(start);
  return result;
}

}  // namespace titrate::prep
