#include "titrate/prep/pack.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>
#include <system_error>

#include "audit.hpp"
#include "output_folder.hpp"
#include "plain_recipe.hpp"
#include "plan.hpp"
#include "quarantine.hpp"
#include "shard_packer.hpp"
#include "survey.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/core/parallel.hpp"
#include "titrate/core/random.hpp"
#include "titrate/core/text.hpp"
#include "titrate/core/version.hpp"
#include "titrate/image/preset.hpp"
#include "titrate/shard/virtual_dataset.hpp"

namespace titrate::prep {
namespace {

using Clock = std::chrono::steady_clock;
using shard::Split;

std::filesystem::path data_root(const PackOptions& options) {
  if (options.data_root) return *options.data_root;
  const char* variable = std::getenv("TITRATE_DATA");
  return variable == nullptr || *variable == '\0' ? "." : variable;
}

[[noreturn]] void refuse_empty(const source::SourceSettings& settings, const source::Listing& listing) {
  if (listing.refused.empty())
    refuse_recipe(settings.where, "the source has no images", "", "", "look at its path and split");
  const source::Refusal& first = listing.refused.front();
  refuse_recipe(settings.where, "none of the source's " + with_commas(listing.refused.size()) +
                                    " files can be packed; the first, " + first.path + ": " + first.why);
}

Sources open_sources(const Recipe& recipe, const std::filesystem::path& root) {
  Sources sources;
  for (const SourceRecipe& source : recipe.sources) {
    source::SourceSettings settings = source.settings;
    if (settings.values.has("path")) settings.path = (root / settings.values.text("path")).lexically_normal();
    sources.push_back(source::open_source(settings));
    if (sources.back()->listing().items.empty()) refuse_empty(settings, sources.back()->listing());
  }
  return sources;
}

// Two packings of one key make the same bytes.
std::string key_of(const Recipe& recipe, const Sources& sources, const PackPlan& plan) {
  std::uint64_t key = xxh3(to_json(recipe) + version());
  const auto mix = [&](auto values) { key = hash_words(key, xxh3(std::as_bytes(std::span(values)))); };
  for (const auto& rows : plan.rows) mix(std::span(rows));
  mix(std::span(plan.families));
  for (const auto& source : sources)
    key = hash_words(key, source->listing().state, source->listing().items.size());
  return hex(key);
}

// What a full disk would otherwise end, later and dearer.
void check_space(const Recipe& recipe, const PackPlan& plan, const OutputFolder& folder) {
  constexpr std::uint64_t kColumns = 96;  // bytes of a row beside its pixels and path, about
  std::uint64_t need = 0;
  for (const auto& rows : plan.rows) need += rows.size() * (plan.shape.bytes() + kColumns);
  for (const auto& [name, sealed] : folder.sealed()) need -= std::min(need, sealed.file.bytes);
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(folder.staging(), error);
  if (error || space.available >= need) return;
  throw Error({.code = ErrorCode::io,
               .where = folder.staging().parent_path().string(),
               .what = "the disk has too little room for " + recipe.name,
               .expected = in_megabytes(need),
               .got = in_megabytes(space.available),
               .hint = "free some, or choose another --out"});
}

void refuse_grey(const Recipe& recipe, const Facts& facts) {
  if (std::ranges::any_of(facts.deviation, [](double deviation) { return deviation > 0; })) return;
  refuse_recipe(recipe.file, "the real training images are all of one grey level",
                "pixels that differ: images are normalised by their deviation");
}

// Images that could not be read may have been the last of their class.
void refuse_empty_classes(const Recipe& recipe, const shard::Manifest& manifest) {
  for (const shard::SplitCounts& split : manifest.splits) {
    if (split.split != Split::train) continue;
    for (std::size_t i = 0; i < split.counts.size(); ++i) {
      const auto& counts = split.counts[i];
      if (counts[0] + counts[1] + counts[2] == 0) {
        refuse_recipe(recipe.file,
                      "class \"" + manifest.class_names[i] + "\" has no training image that can be read");
      }
    }
  }
}

// A disk that was full may have room later.
[[noreturn]] void tell_of_resuming(const Error& error, const OutputFolder& folder) {
  ErrorInfo info = error.info();
  if (info.code == ErrorCode::io && !folder.sealed().empty()) {
    info.hint = "then run the same command again: it goes on after the " +
                std::to_string(folder.sealed().size()) + " shards that are whole";
  }
  throw Error(info);
}

class Packing {
 public:
  explicit Packing(const PackOptions& options)
      : options_(options),
        plain_(make_plain_recipe(options)),
        recipe_(plain_ ? plain_->recipe : load_recipe(options.recipe, options.overrides)),
        threads_(options.threads == 0 ? usable_processors() : options.threads) {}

  PackResult run();

 private:
  void finish(OutputFolder& folder, PackedShards packed, const Sources& sources, const PackPlan& plan);
  void refuse_leaks(const std::filesystem::path& folder, const PackedShards& packed, const Facts& facts);
  void attach(OutputFolder& folder, const std::string& name, std::span<const std::byte> bytes);
  void attach_sidecars(OutputFolder& folder, const Sources& sources);
  void warn(const PackPlan& plan, const Sources& sources);

  const PackOptions& options_;
  std::optional<PlainRecipe> plain_;
  Recipe recipe_;
  unsigned threads_;
  PackResult result_{};
};

// A held-out image that is in training too, pixel for pixel, would be known by heart.
void Packing::refuse_leaks(const std::filesystem::path& folder, const PackedShards& packed,
                           const Facts& facts) {
  const shard::Leaks& leaks = packed.manifest.leaks;
  // A recipe that splits by image asks for them, in the splits that it makes.
  const bool careless = recipe_.split.by == SplitUnit::image;
  const std::uint64_t asked_for =
      (careless && recipe_.split.test > 0 ? facts.same_image[static_cast<std::size_t>(Split::test)] : 0) +
      (careless && recipe_.split.validation > 0
           ? facts.same_image[static_cast<std::size_t>(Split::validation)]
           : 0);
  if (leaks.same_image > asked_for && !options_.allow_leaks) {
    throw Error({.code = ErrorCode::integrity,
                 .where = recipe_.file,
                 .what = first_leak(folder, packed.manifest, packed.facts),
                 .got = std::to_string(leaks.same_image) + " such images",
                 .hint = "take one of each away (glyphs: another seed; copies: other operations), or go on "
                         "with --allow-leaks"});
  }
  if (leaks.same_image + leaks.same_family > 0) {
    result_.warnings.push_back("training gives held-out images away: " + std::to_string(leaks.same_image) +
                               " are in it, " + std::to_string(leaks.same_family) +
                               " have a relative in it; the manifest says so");
  }
}

void Packing::attach(OutputFolder& folder, const std::string& name, std::span<const std::byte> bytes) {
  write_file(folder.staging() / name, bytes);
  result_.manifest.files.push_back({.name = name, .bytes = bytes.size(), .sha256 = sha256_hex(bytes)});
}

void Packing::attach_sidecars(OutputFolder& folder, const Sources& sources) {
  for (std::size_t s = 0; s < sources.size(); ++s) {
    const std::string& text = sources[s]->listing().sidecar;
    if (!text.empty())
      attach(folder, shard::kSidecarPrefix + std::to_string(s) + ".jsonl", std::as_bytes(std::span(text)));
  }
}

void Packing::finish(OutputFolder& folder, PackedShards packed, const Sources& sources,
                     const PackPlan& plan) {
  Facts facts = audit(folder.staging(), packed.manifest, packed.facts);
  refuse_grey(recipe_, facts);
  packed.manifest.mean = std::move(facts.mean);
  packed.manifest.deviation = std::move(facts.deviation);
  packed.manifest.fingerprint = std::move(facts.fingerprint);
  packed.manifest.splits = std::move(facts.splits);
  packed.manifest.leaks = facts.leaks;
  refuse_empty_classes(recipe_, packed.manifest);
  refuse_leaks(folder.staging(), packed, facts);
  result_.manifest = std::move(packed.manifest);

  std::vector<source::Refusal> refused = refused_at_opening(recipe_, sources);
  refused.insert(refused.end(), plan.refused.begin(), plan.refused.end());
  refused.insert(refused.end(), packed.refused.begin(), packed.refused.end());
  // An image and its children may lie in several shards.
  std::set<std::pair<std::string, std::string>> named;
  std::erase_if(refused, [&](const source::Refusal& refusal) {
    return !named.emplace(refusal.path, refusal.why).second;
  });
  result_.manifest.quarantined = refused.size();
  if (const std::string lines = quarantine_lines(refused); !lines.empty())
    attach(folder, shard::kQuarantineName, std::as_bytes(std::span(lines)));
  attach_sidecars(folder, sources);
  attach(folder, shard::kVirtualName, shard::build_virtual_dataset(folder.staging(), result_.manifest));
  folder.publish(shard::to_json(result_.manifest));
}

void Packing::warn(const PackPlan& plan, const Sources& sources) {
  for (const AugmentRecipe& augment : recipe_.augments) {
    if (augment.preset.empty()) continue;
    for (const std::string& risk : image::label_risks(augment.preset, augment.operations, plan.shape))
      result_.warnings.push_back(augment.where + ": " + risk);
  }
  if (plan.rows[static_cast<std::size_t>(Split::test)].empty()) {
    result_.warnings.push_back(
        "the dataset has no test images, which every sweep needs: more than one image of a class, and "
        "[split] "
        "test = 0.2");
    return;
  }
  std::vector<bool> tested(plan.class_names.size());
  for (const Planned& row : plan.rows[static_cast<std::size_t>(Split::test)])
    tested[static_cast<std::size_t>(sources[row.source]->listing().items[row.item].label)] = true;
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < tested.size(); ++i) {
    if (!tested[i]) missing.push_back('"' + plan.class_names[i] + '"');
  }
  if (!missing.empty()) result_.warnings.push_back("classes without a test image: " + join(missing, ", "));
}

PackResult Packing::run() {
  const auto start = Clock::now();
  refuse_dataset(options_.out, options_.force);
  const Sources sources = open_sources(recipe_, plain_ ? plain_->root : data_root(options_));
  if (plain_) hold_out_unless_given(sources, recipe_, result_.notes);
  for (const auto& source : sources)
    result_.notes.insert(result_.notes.end(), source->listing().notes.begin(), source->listing().notes.end());
  refused_at_opening(recipe_, sources);
  ImageCounter counter(options_.quiet);
  std::optional<Survey> survey;
  if (needs_survey(recipe_, sources)) {
    counter.expect(list_images(recipe_, sources).size());
    survey = survey_images(recipe_, sources, threads_, [&](std::size_t images) { counter.advance(images); });
  }
  const PackPlan plan = make_plan(recipe_, sources, survey);
  warn(plan, sources);
  OutputFolder folder(options_.out, options_.force, key_of(recipe_, sources, plan));
  check_space(recipe_, plan, folder);
  try {
    finish(folder, ShardPacker(recipe_, sources, plan, threads_, folder, counter).run(), sources, plan);
  } catch (const Error& error) {
    tell_of_resuming(error, folder);
  }
  result_.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return std::move(result_);
}

}  // namespace

PackResult pack(const PackOptions& options) { return Packing(options).run(); }

}  // namespace titrate::prep
