#include "titrate/prep/verify.hpp"

#include "audit.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/hash.hpp"

namespace titrate::prep {
namespace {

using Counts = std::array<std::vector<std::array<std::uint64_t, 3>>, 3>;

// By split, whatever the order; a split without images is one that is not there.
Counts counts_of(const std::vector<shard::SplitCounts>& splits, std::size_t classes) {
  Counts counts;
  for (auto& split : counts) split.resize(classes);
  for (const shard::SplitCounts& split : splits) counts[static_cast<std::size_t>(split.split)] = split.counts;
  return counts;
}

void check_extra(const std::filesystem::path& path, const shard::ExtraFile& file) {
  const std::vector<std::byte> bytes = read_file(path);
  if (bytes.size() != file.bytes) {
    refuse_damaged(path, "the file has another size than the manifest says", std::to_string(file.bytes),
                   std::to_string(bytes.size()));
  }
  if (const std::string found = sha256_hex(bytes); found != file.sha256)
    refuse_damaged(path, "the file is not the one in the manifest", "SHA-256 " + file.sha256, found);
}

}  // namespace

shard::Manifest verify(const std::filesystem::path& folder) {
  shard::Manifest manifest = shard::read_manifest(folder);
  std::vector<ShardFacts> shards;
  for (const shard::ShardFile& file : manifest.shards) shards.push_back(audit_shard(folder, manifest, file));
  const Facts facts = audit(folder, manifest, shards);
  const std::filesystem::path path = folder / shard::kManifestName;
  const std::size_t classes = manifest.class_names.size();
  if (counts_of(facts.splits, classes) != counts_of(manifest.splits, classes))
    refuse_damaged(path, "the counts are not those of the shards");
  if (facts.mean != manifest.mean || facts.deviation != manifest.deviation)
    refuse_damaged(path, "mean and deviation are not those of the real training images");
  if (facts.leaks != manifest.leaks) {
    refuse_damaged(
        path, "the manifest counts other images that training gives away than the shards have",
        std::to_string(facts.leaks.same_image) + " and " + std::to_string(facts.leaks.same_family),
        std::to_string(manifest.leaks.same_image) + " and " + std::to_string(manifest.leaks.same_family));
  }
  if (facts.fingerprint != manifest.fingerprint)
    refuse_damaged(path, "the fingerprint is not that of the shards", facts.fingerprint,
                   manifest.fingerprint);
  for (const shard::ExtraFile& file : manifest.files) check_extra(folder / file.name, file);
  return manifest;
}

}  // namespace titrate::prep
