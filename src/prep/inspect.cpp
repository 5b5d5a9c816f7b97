#include "titrate/prep/inspect.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "titrate/core/text.hpp"

namespace titrate::prep {
namespace {

using TextRow = std::vector<std::string>;

// Code points, so that columns line up under names that are not ASCII.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

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

std::string sources_table(const shard::Manifest& manifest) {
  std::vector<TextRow> rows{{"source", "kind", "origin", "generator", "trained on", "licence"}};
  const auto or_dash = [](const std::string& text) { return text.empty() ? "-" : text; };
  for (const shard::SourceInfo& source : manifest.sources) {
    rows.push_back({source.name, source.kind, std::string(name_of(source.origin)), or_dash(source.generator),
                    or_dash(source.trained_on), or_dash(source.licence)});
  }
  return table(rows, Align::left);
}

std::string classes_table(const shard::Manifest& manifest) {
  std::vector<TextRow> rows(manifest.class_names.size() + 1);
  rows[0].push_back("class");
  for (std::size_t i = 0; i < manifest.class_names.size(); ++i)
    rows[i + 1].push_back(manifest.class_names[i]);
  for (const shard::SplitCounts& split : manifest.splits) {
    const std::array<std::uint64_t, 3> sums = by_origin(split);
    for (std::size_t origin = 0; origin < sums.size(); ++origin) {
      if (sums[origin] == 0) continue;
      rows[0].push_back(std::string(name_of(split.split)) + " " + std::string(shard::kOriginNames[origin]));
      for (std::size_t i = 0; i < split.counts.size(); ++i) {
        rows[i + 1].push_back(with_commas(split.counts[i][origin]));
      }
    }
  }
  return table(rows);
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

std::string describe(const shard::Manifest& manifest) {
  return "dataset      " + manifest.name + "\nimages       " + image::to_string(manifest.shape) + ", " +
         std::to_string(manifest.class_names.size()) + " classes\nfingerprint  " + manifest.fingerprint +
         "\nmean         " + numbers(manifest.mean) + "\ndeviation    " + numbers(manifest.deviation) +
         "\nseed         " + std::to_string(manifest.seed) + "\npacked by    titrate-prep " +
         manifest.tool_version + "\n\n" + sources_table(manifest) + "\n" + splits_table(manifest) + "\n" +
         classes_table(manifest);
}

std::string describe_json(const shard::Manifest& manifest) {
  auto json = nlohmann::ordered_json::parse(shard::to_json(manifest));
  std::uint64_t images = 0;
  for (const shard::ShardFile& file : manifest.shards) images += file.rows;
  json["images"] = images;
  json["bytes"] = total_bytes(manifest);
  return json.dump(1) + "\n";
}

}  // namespace titrate::prep
