#include "cifar.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <system_error>

#include "array_sets.hpp"
#include "byte_stream.hpp"
#include "refuse.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/random.hpp"
#include "titrate/core/text.hpp"

namespace titrate::source {
namespace {

constexpr image::Shape kShape{32, 32, 3};
constexpr std::size_t kPixelBytes = 3072, kStepBytes = 1 << 20;
// As for IDX files: what shrinks more than that is no set of photographs.
constexpr std::uint64_t kLargestExpansion = 100, kAlwaysAllowedBytes = 16 << 20;

// What differs between the two sets and between their labels.
struct Variant {
  std::size_t label_bytes = 1;
  std::size_t label_at = 0;
  std::size_t classes = 10;
  const char* names_file = "batches.meta.txt";
  std::vector<std::string> known_names{};
  std::vector<std::string> train{}, test{};  // files
};

Variant cifar_10() {
  return {.known_names = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship",
                          "truck"},
          .train = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                    "data_batch_5.bin"},
          .test = {"test_batch.bin"}};
}

Variant cifar_100(bool fine) {
  Variant variant{.label_bytes = 2,
                  .label_at = fine ? 1u : 0u,
                  .classes = fine ? 100u : 20u,
                  .names_file = fine ? "fine_label_names.txt" : "coarse_label_names.txt",
                  .train = {"train.bin"},
                  .test = {"test.bin"}};
  for (std::size_t i = 0; i < variant.classes; ++i) variant.known_names.push_back(std::to_string(i));
  return variant;
}

std::optional<std::filesystem::path> find_file(const std::filesystem::path& folder, const std::string& name) {
  for (const char* ending : {"", ".gz"}) {
    std::error_code error;
    if (std::filesystem::exists(folder / (name + ending), error)) return folder / (name + ending);
  }
  return std::nullopt;
}

bool has_some(const std::filesystem::path& folder, const Variant& variant) {
  const auto there = [&](const std::string& name) { return find_file(folder, name).has_value(); };
  return std::any_of(variant.train.begin(), variant.train.end(), there) ||
         std::any_of(variant.test.begin(), variant.test.end(), there);
}

Variant choose(const SourceSettings& settings) {
  const std::string& labels = settings.values.text("labels");
  if (labels != "fine" && labels != "coarse") {
    throw Error({.code = ErrorCode::usage,
                 .where = settings.where,
                 .what = "unknown labels",
                 .expected = "\"fine\" or \"coarse\"",
                 .got = "\"" + labels + "\""});
  }
  const Variant ten = cifar_10(), hundred = cifar_100(labels == "fine");
  const bool is_ten = has_some(settings.path, ten), is_hundred = has_some(settings.path, hundred);
  if (is_ten && is_hundred) refuse(settings.path, "the folder holds both CIFAR-10 and CIFAR-100", "one");
  if (is_hundred) return hundred;
  if (is_ten && labels == "coarse") {
    throw Error({.code = ErrorCode::usage,
                 .where = settings.where,
                 .what = "labels = \"coarse\" is for CIFAR-100, but the files are those of CIFAR-10"});
  }
  if (is_ten) return ten;
  std::error_code error;
  const bool pickled = std::filesystem::exists(settings.path / "data_batch_1", error) ||
                       std::filesystem::exists(settings.path / "train", error);
  refuse(settings.path, "there are no files of CIFAR here, plain or as .gz",
         "data_batch_1.bin to data_batch_5.bin and test_batch.bin, or train.bin and test.bin", "",
         pickled ? "the Python version holds pickles, which run code when read; take the binary version"
                 : kWherePathsBegin);
}

std::vector<std::string> read_names(const std::filesystem::path& path, std::size_t classes) {
  std::vector<std::string> names;
  for (const std::string& line : split(read_text(path), '\n')) {
    if (const std::string name = trim(line); !name.empty()) names.push_back(name);
  }
  const std::set<std::string> different(names.begin(), names.end());
  if (names.size() != classes || different.size() != classes) {
    refuse(path, "not one name for each class", std::to_string(classes) + " different lines",
           std::to_string(names.size()) + ", " + std::to_string(different.size()) + " different");
  }
  return names;
}

std::vector<std::byte> read_whole(const std::filesystem::path& path) {
  ByteStream stream(path);
  const std::uint64_t most = stream.compressed()
                                 ? std::max(kAlwaysAllowedBytes, kLargestExpansion * stream.file_bytes())
                                 : stream.file_bytes();
  std::vector<std::byte> bytes;
  while (true) {
    const std::size_t done = bytes.size();
    bytes.resize(done + kStepBytes);
    const std::size_t count = stream.read(std::span(bytes).subspan(done));
    bytes.resize(done + count);
    if (bytes.size() > most) {
      refuse(path, "unpacks to more than the compressed file can plausibly hold",
             "at most " + std::to_string(most) + " bytes");
    }
    if (count < kStepBytes) return bytes;
  }
}

class Cifar : public Source {
 public:
  explicit Cifar(const SourceSettings& settings) : variant_(choose(settings)) {
    listing_.class_names = settings.classes;
    const std::filesystem::path names = settings.path / variant_.names_file;
    std::error_code error;
    if (settings.classes.empty()) {
      const bool named = std::filesystem::exists(names, error);
      listing_.class_names = named ? read_names(names, variant_.classes) : variant_.known_names;
      if (named) listing_.state = file_state(names);
    }
    if (settings.split == shard::Split::validation) {
      refuse(settings.path, "CIFAR has no images of split validation", "train or test");
    }
    if (settings.split != shard::Split::test) add(settings, shard::Split::train, variant_.train);
    if (settings.split != shard::Split::train) add(settings, shard::Split::test, variant_.test);
  }

  image::Image read(std::size_t index) const override {
    const auto file = std::prev(files_.upper_bound(index));
    const std::size_t record = variant_.label_bytes + kPixelBytes;
    const std::byte* at = file->second.data() + (index - file->first) * record + variant_.label_bytes;
    return interleaved(kShape, {reinterpret_cast<const std::uint8_t*>(at), kPixelBytes});
  }

 private:
  void add(const SourceSettings& settings, shard::Split split, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const auto path = find_file(settings.path, name);
      if (!path) refuse(settings.path / name, "the file is missing, plain and as .gz");
      listing_.state = hash_words(listing_.state, file_state(*path));
      std::vector<std::byte> bytes = read_whole(*path);
      const std::size_t first = listing_.items.size();
      add_items(*path, name, split, bytes);
      if (!bytes.empty()) files_[first] = std::move(bytes);
    }
  }

  // `name` is the same whether the file is compressed or not, so that packing either gives the same dataset.
  void add_items(const std::filesystem::path& path, const std::string& name, shard::Split split,
                 const std::vector<std::byte>& bytes) {
    const std::size_t record = variant_.label_bytes + kPixelBytes;
    if (bytes.size() % record != 0) {
      refuse(path, "the last record is cut off, or the records are of another kind",
             "a multiple of " + std::to_string(record) + " bytes", std::to_string(bytes.size()));
    }
    for (std::size_t row = 0; row < bytes.size() / record; ++row) {
      const std::size_t at = row * record + variant_.label_at;
      const int label = std::to_integer<int>(bytes[at]);
      const std::size_t classes = std::min(variant_.classes, listing_.class_names.size());
      if (static_cast<std::size_t>(label) >= classes) {
        refuse(path, "the label at byte " + std::to_string(at) + " is out of range",
               "0 to " + std::to_string(classes - 1), std::to_string(label));
      }
      listing_.items.push_back({.label = label, .split = split, .shape = kShape, .row = row, .path = name});
    }
  }

  Variant variant_;
  std::map<std::size_t, std::vector<std::byte>> files_;  // by the first item; records as they are stored
};

std::unique_ptr<Source> open_cifar(const SourceSettings& settings) {
  return std::make_unique<Cifar>(settings);
}

}  // namespace

Kind cifar_kind() {
  return {
      .name = "cifar",
      .help = "CIFAR-10 and CIFAR-100, binary version, plain or .gz",
      .keys = {{.name = "path", .help = "the folder of the .bin files, from the data root", .required = true},
               {.name = "labels",
                .fallback = std::string("fine"),
                .help = "of CIFAR-100: fine (100 classes) or coarse (20)"}},
      .open = open_cifar};
}

}  // namespace titrate::source
