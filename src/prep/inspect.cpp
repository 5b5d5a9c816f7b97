#include "titrate/prep/inspect.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "titrate/core/text.hpp"

namespace titrate::prep {
namespace {

using TextRow = std::vector<std::string>;

enum class Align { left, right };

// The first column to the left, the others as `align` says, two spaces between.
std::string table(const std::vector<TextRow>& rows, Align align = Align::right) {
  std::vector<std::size_t> widths;
  for (const TextRow& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const TextRow& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - width_of(row[i]), ' ');
      line += i == 0 ? "" : "  ";
      line += i == 0 || align == Align::left ? row[i] + space : space + row[i];
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return text;
}

std::array<std::uint64_t, 3> by_origin(const shard::SplitCounts& split) {
  std::array<std::uint64_t, 3> sums{};
  for (const auto& counts : split.counts) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += counts[i];
  }
  return sums;
}

std::string numbers(const std::vector<double>& values) {
  TextRow parts;
  for (const double value : values) parts.push_back(fixed(value, 6));
  return join(parts, ", ");
}

struct Files {
  std::uint64_t count = 0, bytes = 0;
};

Files files_of(const shard::Manifest& manifest, shard::Split split) {
  Files files;
  for (const shard::ShardFile& file : manifest.shards) {
    if (file.split != split) continue;
    ++files.count;
    files.bytes += file.bytes;
  }
  return files;
}

TextRow split_row(const std::string& name, const std::array<std::uint64_t, 3>& images, const Files& files) {
  return {name,
          with_commas(images[0]),
          with_commas(images[1]),
          with_commas(images[2]),
          with_commas(images[0] + images[1] + images[2]),
          with_commas(files.count),
          with_commas(files.bytes)};
}

std::string sources_table(const shard::Manifest& manifest, const Contents& contents) {
  std::vector<TextRow> rows{{"source", "images", "kind", "origin", "generator", "trained on", "licence"}};
  const auto or_dash = [](const std::string& text) { return text.empty() ? "-" : text; };
  for (std::size_t i = 0; i < manifest.sources.size(); ++i) {
    const shard::SourceInfo& source = manifest.sources[i];
    rows.push_back({source.name, with_commas(contents.source_images[i]), source.kind,
                    std::string(name_of(source.origin)), or_dash(source.generator),
                    or_dash(source.trained_on), or_dash(source.licence)});
  }
  return table(rows, Align::left);
}

// Images of each class, and how bright they are on average.
std::string classes_table(const shard::Manifest& manifest, const Contents& contents) {
  std::vector<TextRow> rows(manifest.class_names.size() + 1);
  rows[0].push_back("class");
  for (std::size_t i = 0; i < manifest.class_names.size(); ++i)
    rows[i + 1].push_back(manifest.class_names[i]);
  for (const shard::SplitCounts& split : manifest.splits) {
    const std::array<std::uint64_t, 3> sums = by_origin(split);
    for (std::size_t origin = 0; origin < sums.size(); ++origin) {
      if (sums[origin] == 0) continue;
      rows[0].push_back(std::string(name_of(split.split)) + " " + std::string(shard::kOriginNames[origin]));
      rows[0].push_back("level");
      for (std::size_t i = 0; i < split.counts.size(); ++i) {
        const Look& look = contents.looks[static_cast<std::size_t>(split.split)][i][origin];
        rows[i + 1].push_back(with_commas(split.counts[i][origin]));
        rows[i + 1].push_back(look.images == 0 ? "-" : fixed(look.brightness(manifest.shape), 1));
      }
    }
  }
  return table(rows);
}

struct Imbalance {
  std::size_t largest = 0, smallest = 0;  // classes
  std::uint64_t most = 0, fewest = 0;     // real training images of them
};

Imbalance imbalance_of(const shard::Manifest& manifest) {
  Imbalance found;
  for (const shard::SplitCounts& split : manifest.splits) {
    if (split.split != shard::Split::train) continue;
    const auto less = [](const auto& a, const auto& b) { return a[0] < b[0]; };
    const auto [low, high] = std::minmax_element(split.counts.begin(), split.counts.end(), less);
    found = {static_cast<std::size_t>(high - split.counts.begin()),
             static_cast<std::size_t>(low - split.counts.begin()), (*high)[0], (*low)[0]};
  }
  return found;
}

std::string imbalance_text(const shard::Manifest& manifest) {
  const Imbalance found = imbalance_of(manifest);
  if (found.most == found.fewest) return "none: " + with_commas(found.most) + " real training images a class";
  const auto name = [&](std::size_t i) { return "\"" + manifest.class_names[i] + "\""; };
  return with_commas(found.fewest) + " real training images of " + name(found.smallest) + " to " +
         with_commas(found.most) + " of " + name(found.largest);
}

std::string repeats_text(const Contents& contents) {
  if (contents.repeated_images == 0) return "none";
  return with_commas(contents.repeated_images) + " images show " + with_commas(contents.repeated_groups) +
         " pictures, " + with_commas(contents.contradictions) + " of them under several labels";
}

std::string leaks_text(const shard::Manifest& manifest) {
  if (manifest.leaks == shard::Leaks{}) return "none";
  return with_commas(manifest.leaks.same_image) + " held-out images are in training, " +
         with_commas(manifest.leaks.same_family) + " have a relative there";
}

}  // namespace

std::uint64_t total_bytes(const shard::Manifest& manifest) {
  std::uint64_t bytes = 0;
  for (const shard::ShardFile& file : manifest.shards) bytes += file.bytes;
  return bytes;
}

std::string splits_table(const shard::Manifest& manifest) {
  std::vector<TextRow> rows{{"split", "real", "augmented", "synthetic", "images", "shards", "bytes"}};
  std::array<std::uint64_t, 3> total{};
  for (const shard::SplitCounts& split : manifest.splits) {
    const std::array<std::uint64_t, 3> images = by_origin(split);
    for (std::size_t i = 0; i < total.size(); ++i) total[i] += images[i];
    rows.push_back(split_row(std::string(name_of(split.split)), images, files_of(manifest, split.split)));
  }
  rows.push_back(split_row("all", total, {manifest.shards.size(), total_bytes(manifest)}));
  return table(rows);
}

std::string describe(const shard::Manifest& manifest, const Contents& contents) {
  const std::vector<TextRow> facts{
      {"dataset", manifest.name},
      {"images",
       image::to_string(manifest.shape) + ", " + std::to_string(manifest.class_names.size()) + " classes"},
      {"fingerprint", manifest.fingerprint},
      {"mean", numbers(manifest.mean)},
      {"deviation", numbers(manifest.deviation)},
      {"imbalance", imbalance_text(manifest)},
      {"duplicates", repeats_text(contents)},
      {"leaks", leaks_text(manifest)},
      {"quarantined", with_commas(manifest.quarantined) +
                          (manifest.quarantined > 0 ? std::string(", see ") + shard::kQuarantineName : "")},
      {"seed", std::to_string(manifest.seed)},
      {"packed by", "titrate-prep " + manifest.tool_version}};
  return table(facts, Align::left) + "\n" + sources_table(manifest, contents) + "\n" +
         splits_table(manifest) + "\n" + classes_table(manifest, contents);
}

std::string describe_json(const shard::Manifest& manifest, const Contents& contents) {
  auto json = nlohmann::ordered_json::parse(shard::to_json(manifest));
  std::uint64_t images = 0;
  for (const shard::ShardFile& file : manifest.shards) images += file.rows;
  json["images"] = images;
  json["bytes"] = total_bytes(manifest);
  json["duplicates"] = {{"images", contents.repeated_images},
                        {"pictures", contents.repeated_groups},
                        {"with_several_labels", contents.contradictions}};
  const Imbalance imbalance = imbalance_of(manifest);
  json["imbalance"] = {{"largest_class", manifest.class_names[imbalance.largest]},
                       {"most", imbalance.most},
                       {"smallest_class", manifest.class_names[imbalance.smallest]},
                       {"fewest", imbalance.fewest}};
  for (std::size_t i = 0; i < manifest.sources.size(); ++i)
    json["sources"][i]["images"] = contents.source_images[i];
  for (const shard::SplitCounts& split : manifest.splits) {
    auto& levels = json["brightness"][std::string(name_of(split.split))];
    for (std::size_t origin = 0; origin < shard::kOriginNames.size(); ++origin) {
      auto list = nlohmann::ordered_json::array();
      for (const auto& look : contents.looks[static_cast<std::size_t>(split.split)])
        list.push_back(look[origin].brightness(manifest.shape));
      levels[std::string(shard::kOriginNames[origin])] = std::move(list);
    }
  }
  return json.dump(1) + "\n";
}

}  // namespace titrate::prep
