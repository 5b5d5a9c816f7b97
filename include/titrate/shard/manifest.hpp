// manifest.json: what a dataset folder holds. It is written last: a folder without it is not a dataset.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "titrate/image/image.hpp"
#include "titrate/shard/format.hpp"

namespace titrate::shard {

inline constexpr const char* kManifestName = "manifest.json";
inline constexpr const char* kVirtualName = "dataset.h5";           // all shards as one, for other programs
inline constexpr const char* kQuarantineName = "quarantine.jsonl";  // what was named but not packed, and why
inline constexpr const char* kSidecarPrefix = "sidecar-";  // sidecar-SOURCE.jsonl: of generated images

struct SourceInfo {
  std::string name{};
  std::string kind{};
  Origin origin = Origin::real;
  std::string generator{};
  std::string trained_on{};  // what the generator saw
  std::string licence{};
};

struct ShardFile {
  std::string name{};
  Split split = Split::train;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::string sha256{};
};

// A file beside the shards: dataset.h5, quarantine.jsonl, what is known of generated images.
struct ExtraFile {
  std::string name{};
  std::uint64_t bytes = 0;
  std::string sha256{};
  bool operator==(const ExtraFile&) const = default;
};

// Validation and test images that training gives away.
struct Leaks {
  std::uint64_t same_image = 0;   // a training image has the same pixels
  std::uint64_t same_family = 0;  // a training image is of the same family
  bool operator==(const Leaks&) const = default;
};

// Images of one split: counts[class][origin].
struct SplitCounts {
  Split split = Split::train;
  std::vector<std::array<std::uint64_t, 3>> counts{};
};

struct Manifest {
  std::uint32_t format_version = kFormatVersion;
  std::string name{};
  std::string fingerprint{};  // 16 hex digits; see Fingerprint
  std::vector<std::string> class_names{};
  image::Shape shape{};
  std::vector<double> mean{};       // per channel over real training images, of pixel / 255
  std::vector<double> deviation{};  // likewise, population standard deviation
  std::vector<SplitCounts> splits{};
  std::vector<SourceInfo> sources{};
  std::vector<ShardFile> shards{};  // in the order of the dataset's rows: train, validation, test; by index
  std::vector<ExtraFile> files{};
  Leaks leaks{};
  std::uint64_t quarantined = 0;  // images that were named but not packed; quarantine.jsonl says why
  std::string recipe{};           // the resolved recipe, JSON
  std::uint64_t seed = 0;
  std::string tool_version{};
};

// Ends in a checksum of itself, so that no bit of the file can change unseen.
std::string to_json(const Manifest& manifest);
std::string to_json(const SourceInfo& source);  // one row of a shard's /sources

// Reads and checks `folder`/manifest.json. Throws Error: usage when there is no dataset in the folder;
// integrity when the file is damaged or of another version.
Manifest read_manifest(const std::filesystem::path& folder);

// Hashes what training can see and nothing of how it is stored: shape, class names, and the rows sorted by id
// with label, split, origin, family, source name and content hash. Sharding and thread count do not change
// it.
class Fingerprint {
 public:
  Fingerprint(const image::Shape& shape, const std::vector<std::string>& class_names);

  using RowPrint = std::array<std::uint64_t, 2>;  // sample id, hash of the rest
  static RowPrint of(const Row& row, Split split, const std::string& source_name);
  void add(const RowPrint& row) { rows_.push_back(row); }
  std::string finish();  // 16 hex digits

 private:
  std::uint64_t head_ = 0;
  std::vector<RowPrint> rows_;
};

// Images of one split and origin.
std::uint64_t count_images(const Manifest& manifest, Split split, Origin origin);

}  // namespace titrate::shard
