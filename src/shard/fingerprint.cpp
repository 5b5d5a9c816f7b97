#include <algorithm>

#include "titrate/core/hash.hpp"
#include "titrate/shard/manifest.hpp"

namespace titrate::shard {
namespace {

// A text whose parts cannot be mistaken for one another: each is preceded by its length.
void append_part(std::string& text, const std::string& part) {
  text += std::to_string(part.size()) + ":" + part;
}

std::uint64_t hash_of(const std::vector<std::uint64_t>& words) {
  return xxh3(std::as_bytes(std::span(words)));
}

}  // namespace

Fingerprint::Fingerprint(const image::Shape& shape, const std::vector<std::string>& class_names) {
  std::string text;
  append_part(text, image::to_string(shape));
  for (const std::string& name : class_names) append_part(text, name);
  head_ = xxh3(text);
}

Fingerprint::RowPrint Fingerprint::of(const Row& row, Split split, const std::string& source_name) {
  const std::uint64_t kinds = static_cast<std::uint64_t>(split) << 8 | static_cast<std::uint64_t>(row.origin);
  const auto label = static_cast<std::uint64_t>(row.label);
  return {row.sample_id, hash_of({label, kinds, row.family_id, xxh3(source_name), row.content_hash})};
}

std::string Fingerprint::finish() {
  std::sort(rows_.begin(), rows_.end());
  std::vector<std::uint64_t> words{head_, rows_.size()};
  words.reserve(2 + 2 * rows_.size());
  for (const auto& row : rows_) words.insert(words.end(), row.begin(), row.end());
  return hex(hash_of(words));
}

}  // namespace titrate::shard
