// The forms in which a dataset is exported. Private to this module.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "titrate/prep/export.hpp"
#include "titrate/shard/manifest.hpp"

namespace titrate::prep {

// A row that is exported, with its pixels and its number among those of its split.
struct Exported {
  const shard::Row& row;
  std::span<const std::uint8_t> pixels;
  shard::Split split;
  std::uint64_t number;
};

// One way to write them down.
class Exporter {
 public:
  virtual ~Exporter() = default;
  virtual void add(const Exported& image) = 0;
  virtual void finish() = 0;
};

// Writes to `where`, a folder that is there (npz: a file that is not). Throws Error (usage) for a dataset
// that does not fit the form.
std::unique_ptr<Exporter> make_exporter(const ExportOptions& options, const std::filesystem::path& where,
                                        const shard::Manifest& manifest);

// Images of a split and of these origins; of all where none is named.
std::uint64_t rows_of(const shard::Manifest& manifest, shard::Split split,
                      const std::vector<shard::Origin>& origins);

// Throws Error (usage).
[[noreturn]] void refuse_export(const std::filesystem::path& where, const std::string& what,
                                const std::string& hint);

}  // namespace titrate::prep
