#include "titrate/shard/manifest.hpp"

#include <nlohmann/json.hpp>
#include <system_error>

#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/hash.hpp"

namespace titrate::shard {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "titrate-dataset";
constexpr const char* kChecksum = "sha256_of_the_rest";
constexpr int kDeepest = 16;  // far more than ours; what copies or prints JSON recurses into it

std::uint64_t images_of(const SplitCounts& split) {
  std::uint64_t images = 0;
  for (const auto& counts : split.counts) images += counts[0] + counts[1] + counts[2];
  return images;
}

Json counts_json(const SplitCounts& split) {
  Json json = Json::object();
  json["images"] = images_of(split);
  for (std::size_t origin = 0; origin < kOriginNames.size(); ++origin) {
    Json list = Json::array();
    for (const auto& counts : split.counts) list.push_back(counts[origin]);
    json[std::string(kOriginNames[origin])] = list;
  }
  return json;
}

SplitCounts read_counts(Split split, const Json& json) {
  SplitCounts result{.split = split};
  for (std::size_t origin = 0; origin < kOriginNames.size(); ++origin) {
    const auto list = json.at(std::string(kOriginNames[origin])).get<std::vector<std::uint64_t>>();
    result.counts.resize(std::max(result.counts.size(), list.size()));
    for (std::size_t i = 0; i < list.size(); ++i) result.counts[i][origin] = list[i];
  }
  return result;
}

Json source_json(const SourceInfo& source) {
  return {{"name", source.name},
          {"kind", source.kind},
          {"origin", name_of(source.origin)},
          {"generator", source.generator},
          {"trained_on", source.trained_on},
          {"licence", source.licence}};
}

SourceInfo read_source(const Json& json) {
  return {.name = json.at("name").get<std::string>(),
          .kind = json.at("kind").get<std::string>(),
          .origin = parse_origin(json.at("origin").get<std::string>(), ""),
          .generator = json.at("generator").get<std::string>(),
          .trained_on = json.at("trained_on").get<std::string>(),
          .licence = json.at("licence").get<std::string>()};
}

Json shard_json(const ShardFile& file) {
  return {{"name", file.name},
          {"split", name_of(file.split)},
          {"rows", file.rows},
          {"bytes", file.bytes},
          {"sha256", file.sha256}};
}

ShardFile read_shard(const Json& json) {
  return {.name = json.at("name").get<std::string>(),
          .split = parse_split(json.at("split").get<std::string>(), ""),
          .rows = json.at("rows").get<std::uint64_t>(),
          .bytes = json.at("bytes").get<std::uint64_t>(),
          .sha256 = json.at("sha256").get<std::string>()};
}

Json file_json(const ExtraFile& file) {
  return {{"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}};
}

ExtraFile read_file_json(const Json& json) {
  return {.name = json.at("name").get<std::string>(),
          .bytes = json.at("bytes").get<std::uint64_t>(),
          .sha256 = json.at("sha256").get<std::string>()};
}

// Of the compact text, so white space does not matter. A changed mean would change every training in silence.
std::string checksum(const Json& json) {
  const std::string text = json.dump();
  return sha256_hex(std::as_bytes(std::span(text)));
}

Manifest read_members(const Json& json) {
  Manifest manifest;
  manifest.format_version = json.at("format_version").get<std::uint32_t>();
  manifest.name = json.at("name").get<std::string>();
  manifest.fingerprint = json.at("fingerprint").get<std::string>();
  manifest.class_names = json.at("class_names").get<std::vector<std::string>>();
  const auto shape = json.at("shape").get<std::array<std::uint32_t, 3>>();
  manifest.shape = {shape[0], shape[1], shape[2]};
  manifest.mean = json.at("mean").get<std::vector<double>>();
  manifest.deviation = json.at("deviation").get<std::vector<double>>();
  for (const auto& [name, counts] : json.at("splits").items()) {
    manifest.splits.push_back(read_counts(parse_split(name, ""), counts));
  }
  for (const Json& source : json.at("sources")) manifest.sources.push_back(read_source(source));
  for (const Json& file : json.at("shards")) manifest.shards.push_back(read_shard(file));
  for (const Json& file : json.value("files", Json::array())) manifest.files.push_back(read_file_json(file));
  if (const auto leaks = json.find("leaks"); leaks != json.end()) {
    manifest.leaks = {.same_image = leaks->at("same_image").get<std::uint64_t>(),
                      .same_family = leaks->at("same_family").get<std::uint64_t>()};
  }
  manifest.quarantined = json.value("quarantined", std::uint64_t{0});
  manifest.recipe = json.at("recipe").dump();
  manifest.seed = json.at("seed").get<std::uint64_t>();
  manifest.tool_version = json.at("tool_version").get<std::string>();
  return manifest;
}

// Returns what is wrong with it, or nothing.
std::string find_fault(const Manifest& manifest) {
  if (manifest.shape.bytes() == 0) return "the image shape is empty";
  if (manifest.class_names.empty()) return "there are no classes";
  const std::size_t channels = manifest.shape.channels;
  if (manifest.mean.size() != channels || manifest.deviation.size() != channels)
    return "mean or deviation do not fit the number of channels";
  std::array<std::uint32_t, kSplitNames.size()> index{}, count{};
  std::array<std::uint64_t, kSplitNames.size()> rows{}, images{};
  for (const ShardFile& file : manifest.shards) {
    ++count[static_cast<std::size_t>(file.split)];
    rows[static_cast<std::size_t>(file.split)] += file.rows;
  }
  for (const ShardFile& file : manifest.shards) {
    const auto split = static_cast<std::size_t>(file.split);
    if (file.name != shard_file_name(file.split, index[split]++, count[split]))
      return "shard " + file.name + " stands in the wrong place";
  }
  for (const SplitCounts& split : manifest.splits) {
    if (split.counts.size() != manifest.class_names.size()) return "counts do not fit the number of classes";
    images[static_cast<std::size_t>(split.split)] += images_of(split);
  }
  for (const ExtraFile& file : manifest.files) {
    if (file.name.empty() || file.name.find('/') != std::string::npos || file.name.starts_with('.'))
      return "file \"" + file.name + "\" does not lie in the folder";
  }
  if (rows != images) return "the shards have other rows than the splits have images";
  return "";
}

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& what,
                         const std::string& got = "") {
  throw Error({.code = ErrorCode::integrity, .where = path.string(), .what = what, .got = got});
}

Json parse_checked(const std::filesystem::path& path) {
  Json json = Json::parse(read_text(path), [&](int depth, Json::parse_event_t, const Json&) {
    if (depth > kDeepest) refuse(path, "the manifest is nested too deeply");
    return true;
  });
  if (json.at("format") != kFormat) refuse(path, "not the manifest of a titrate dataset");
  if (const Json& version = json.at("format_version"); version != kFormatVersion) {
    refuse(path, "the dataset is of another format version than " + std::to_string(kFormatVersion),
           version.dump());
  }
  const std::string expected = json.at(kChecksum).get<std::string>();
  json.erase(kChecksum);
  if (checksum(json) != expected) refuse(path, "the manifest was changed after it was written");
  return json;
}

// An origin or a split that there is not is damage, as any other.
Manifest read_or_refuse(const Json& json, const std::filesystem::path& path) {
  try {
    return read_members(json);
  } catch (const Error& damage) {
    refuse(path, "the manifest is damaged", damage.what());
  }
}

}  // namespace

std::string to_json(const Manifest& manifest) {
  Json json;
  json["format"] = kFormat;
  json["format_version"] = manifest.format_version;
  json["name"] = manifest.name;
  json["fingerprint"] = manifest.fingerprint;
  json["class_names"] = manifest.class_names;
  json["shape"] = {manifest.shape.height, manifest.shape.width, manifest.shape.channels};
  json["mean"] = manifest.mean;
  json["deviation"] = manifest.deviation;
  json["splits"] = Json::object();
  for (const SplitCounts& split : manifest.splits) {
    json["splits"][std::string(name_of(split.split))] = counts_json(split);
  }
  json["sources"] = Json::array();
  for (const SourceInfo& source : manifest.sources) json["sources"].push_back(source_json(source));
  json["shards"] = Json::array();
  for (const ShardFile& file : manifest.shards) json["shards"].push_back(shard_json(file));
  json["files"] = Json::array();
  for (const ExtraFile& file : manifest.files) json["files"].push_back(file_json(file));
  json["leaks"] = {{"same_image", manifest.leaks.same_image}, {"same_family", manifest.leaks.same_family}};
  json["quarantined"] = manifest.quarantined;
  json["recipe"] = manifest.recipe.empty() ? Json::object() : Json::parse(manifest.recipe);
  json["seed"] = manifest.seed;
  json["tool_version"] = manifest.tool_version;
  json[kChecksum] = checksum(json);
  return json.dump(1) + "\n";
}

std::string to_json(const SourceInfo& source) { return source_json(source).dump(); }

Manifest read_manifest(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kManifestName;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    throw Error({.code = ErrorCode::usage,
                 .where = folder.string(),
                 .what = "there is no dataset in this folder",
                 .expected = std::string(kManifestName),
                 .hint = "make one with titrate-prep pack"});
  }
  try {
    const Manifest manifest = read_or_refuse(parse_checked(path), path);
    if (const std::string fault = find_fault(manifest); !fault.empty()) refuse(path, fault);
    return manifest;
  } catch (const nlohmann::json::exception& damage) {
    refuse(path, "the manifest is damaged", damage.what());
  }
}

std::uint64_t count_images(const Manifest& manifest, Split split, Origin origin) {
  std::uint64_t total = 0;
  for (const SplitCounts& counts : manifest.splits) {
    if (counts.split != split) continue;
    for (const auto& of_class : counts.counts) total += of_class[static_cast<std::size_t>(origin)];
  }
  return total;
}

}  // namespace titrate::shard
