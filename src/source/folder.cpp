#include "folder.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <unordered_set>

#include "csv_reader.hpp"
#include "encoded_files.hpp"
#include "file_pattern.hpp"
#include "folder_walk.hpp"
#include "refuse.hpp"
#include "sidecar.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/random.hpp"
#include "titrate/core/text.hpp"

namespace titrate::source {
namespace {

constexpr std::size_t kMostNamed = 12;              // classes that a message lists
constexpr const char* kImagesTable = "images.csv";  // as titrate-prep export writes it
const std::vector<std::string> kTableColumns{"path", "label", "split", "origin", "generator"};
constexpr std::size_t kOriginColumn = 3;

// "Train" and "TEST" too: taken for classes, they would make a dataset that tells splits apart.
std::optional<shard::Split> split_of(std::string folder) {
  for (char& c : folder) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (folder == "train" || folder == "training") return shard::Split::train;
  if (folder == "val" || folder == "valid" || folder == "validation") return shard::Split::validation;
  if (folder == "test" || folder == "testing") return shard::Split::test;
  return std::nullopt;
}

// Images that share a class and come from one folder, or have one label in their names.
struct Group {
  std::string name{};  // of the class
  std::string path{};  // of the folder, or of the first image
  bool taken = true;   // its images are of a split that the recipe wants
  std::size_t images = 0;
};

struct Candidate {
  std::string path{};
  std::size_t group = 0;
  shard::Split split = shard::Split::train;
};

// Finds what a folder has to offer and fills a listing with it.
class Scan {
 public:
  Scan(const SourceSettings& settings, Listing& listing)
      : settings_(settings), listing_(listing), walk_(settings.path), unheeded_(settings.path) {
    if (settings.values.has("pattern")) pattern_.emplace(settings.values.text("pattern"), settings.where);
  }

  void run(const codec::DecodeSettings& decode) {
    find_candidates();
    if (table_found_) heed_table();
    add_items(decode);
    refuse_nested();
    name_classes();
    listing_.notes = walk_.notes();
    std::move(walk_.refused().begin(), walk_.refused().end(), std::back_inserter(listing_.refused));
    std::stable_sort(listing_.refused.begin(), listing_.refused.end(),
                     [](const Refusal& a, const Refusal& b) { return a.path < b.path; });
    if (!sidecar_.empty()) take_sidecar();
  }

 private:
  void take_sidecar() {
    const std::filesystem::path path = settings_.path / sidecar_;
    try {
      read_sidecar(path, passed_over_, listing_);
      listing_.state = hash_words(listing_.state, file_state(path));
    } catch (const Error& error) {
      if (settings_.values.has("sidecar")) throw;
      listing_.sidecar.clear();
      listing_.kinship.clear();
      listing_.notes.push_back(sidecar_ + " passed over: " + error.what());
    }
  }

  // An export's folder alone would make real images of all of them.
  void heed_table() {
    const std::filesystem::path path = settings_.path / kImagesTable;
    CsvReader reader(path);
    std::vector<std::string> fields;
    const auto next = [&] {
      const auto record = reader.next();
      if (record) reader.split(*record, fields);
      return record.has_value();
    };
    if (!next() || fields != kTableColumns) {
      listing_.refused.push_back({.path = kImagesTable, .why = why_not_taken(kImagesTable)});
      return;
    }
    while (next()) {
      if (fields.size() != kTableColumns.size() || fields[kOriginColumn] == "real") continue;
      refuse("\"" + path.string() + "\" tells of " + escaped(fields[kOriginColumn]) +
                 " images, which the folder alone would make real",
             "", "",
             "pack \"" + path.string() +
                 "\" instead, which keeps origins (in a recipe: kind = \"csv\", and that path), or export "
                 "again with --origin real");
    }
  }

  void find_candidates() {
    std::error_code error;
    if (!std::filesystem::is_directory(settings_.path, error)) {
      throw Error({.code = ErrorCode::integrity,
                   .where = settings_.path.string(),
                   .what = "there is no such folder",
                   .hint = kWherePathsBegin});
    }
    const FolderContent root = walk_.content("");
    find_sidecar(root);
    if (!has_split_folders(root)) {
      take(root, "", settings_.split.value_or(shard::Split::train), true);
    } else {
      refuse_loose(root, "");
      for (const std::string& folder : root.folders) {
        const shard::Split split = *split_of(folder);
        const bool taken = !settings_.split || split == *settings_.split;
        take((taken ? walk_ : unheeded_).content(folder), folder, split, taken);
      }
    }
    if (groups_.empty() && !pattern_) {
      refuse("\"" + settings_.path.string() + "\" has no folder that could be a class",
             "a folder of images for each class", "",
             "put the images of each class into a folder of its own; or, where the names of the files tell "
             "their classes, give pattern = \"{label}_{index}\" or the like (without a recipe: --set "
             "'source.0.pattern={label}_{index}')");
    }
    std::sort(candidates_.begin(), candidates_.end(),
              [](const Candidate& a, const Candidate& b) { return a.path < b.path; });
  }

  void find_sidecar(const FolderContent& root) {
    if (settings_.values.has("sidecar")) {
      sidecar_ = std::filesystem::path(settings_.values.text("sidecar")).lexically_normal().generic_string();
    } else if (std::binary_search(root.files.begin(), root.files.end(), kSidecarName)) {
      sidecar_ = kSidecarName;
    }
  }

  bool has_split_folders(const FolderContent& root) const {
    bool main_split = false, asked_for = !settings_.split;
    std::size_t with_classes = 0;
    std::string other;
    for (const std::string& folder : root.folders) {
      const auto split = split_of(folder);
      if (!split) {
        other = folder;
        continue;
      }
      with_classes += FolderWalk(settings_.path).content(folder).folders.empty() ? 0 : 1;
      main_split = main_split || *split != shard::Split::validation;
      asked_for = asked_for || split == settings_.split;
    }
    if (!other.empty()) {
      if (with_classes > 1 && settings_.classes.empty()) {
        refuse("\"" + settings_.path.string() + "\" has folders named like splits, and \"" + other +
                   "\" besides",
               "train, val and test alone, or a folder for each class", join(root.folders, ", "),
               "move \"" + other + "\" away; if all are classes, name them with classes = [...]");
      }
      return false;
    }
    if (main_split && !asked_for) {
      refuse("split = \"" + std::string(name_of(*settings_.split)) + "\", but there is no such folder in \"" +
                 settings_.path.string() + '"',
             join(root.folders, ", "));
    }
    return main_split;
  }

  // What belongs to one split. What is not taken still has its say in which classes there are.
  void take(const FolderContent& content, const std::string& folder, shard::Split split, bool taken) {
    FolderWalk& walk = taken ? walk_ : unheeded_;
    if (pattern_) {
      for (std::string& path : walk.files_below(folder)) take_by_pattern(std::move(path), split, taken);
      return;
    }
    if (taken) refuse_loose(content, folder);
    for (const std::string& name : content.folders) {
      const std::string path = path_in(folder, name);
      groups_.push_back({.name = name, .path = path, .taken = taken});
      for (std::string& file : walk.files_below(path)) add(std::move(file), groups_.size() - 1, split, taken);
    }
  }

  void take_by_pattern(std::string path, shard::Split split, bool taken) {
    const std::string_view name = std::string_view(path).substr(path.find_last_of('/') + 1);
    const auto label = pattern_->label(name.substr(0, name.find_last_of('.')));
    // A label that ends inside a character is none.
    const bool fits = label && fault_of_name(*label).empty();
    if (!fits && taken && path != sidecar_) {
      const std::string why = format_of_ending(path)
                                  ? "the name does not fit the pattern \"" + pattern_->text() + '"'
                                  : why_not_taken(path);
      listing_.refused.push_back({.path = std::move(path), .why = why});
    } else if (!fits) {
      passed_over_.insert(std::move(path));
    }
    if (!fits) return;
    const auto [found, fresh] = group_of_label_.try_emplace(*label, groups_.size());
    if (fresh) groups_.push_back({.name = *label, .path = path});
    add(std::move(path), found->second, split, taken);
  }

  void add(std::string path, std::size_t group, shard::Split split, bool taken) {
    if (path == sidecar_) return;
    const bool picture = format_of_ending(path).has_value();
    if (!taken) {
      groups_[group].images += picture ? 1 : 0;
      passed_over_.insert(std::move(path));
    } else if (picture) {
      candidates_.push_back({.path = std::move(path), .group = group, .split = split});
    } else {
      const std::string why = why_not_taken(path);
      listing_.refused.push_back({.path = std::move(path), .why = why});
    }
  }

  void refuse_loose(const FolderContent& content, const std::string& folder) {
    for (const std::string& name : content.files) {
      const std::string path = path_in(folder, name);
      if (path == sidecar_) continue;
      if (path == kImagesTable) {
        table_found_ = true;
        continue;
      }
      listing_.refused.push_back(
          {.path = path, .why = format_of_ending(name) ? "not in a class folder" : why_not_taken(name)});
    }
  }

  void add_items(const codec::DecodeSettings& decode) {
    std::vector<std::string> paths;
    for (Candidate& candidate : candidates_) paths.push_back(std::move(candidate.path));
    const std::vector<ProbedFile> probed = probe_files(settings_.path, paths, decode);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      listing_.state = hash_words(listing_.state, probed[i].state);
      if (!probed[i].fault.empty()) {
        listing_.refused.push_back({.path = std::move(paths[i]), .why = probed[i].fault});
        continue;
      }
      Group& group = groups_[candidates_[i].group];
      ++group.images;
      group_of_item_.push_back(candidates_[i].group);
      listing_.items.push_back(
          {.split = candidates_[i].split, .shape = probed[i].shape, .path = std::move(paths[i])});
    }
  }

  // The usual mistake: the folder above the one that holds the classes. All would be of one class.
  void refuse_nested() const {
    if (pattern_ || !settings_.classes.empty() || listing_.items.empty()) return;
    const std::string& class_name = groups_[group_of_item_[0]].name;
    for (const std::size_t group : group_of_item_) {
      if (groups_[group].name != class_name) return;
    }
    const std::string& root = groups_[group_of_item_[0]].path;
    std::string above = root;
    std::set<std::string> below;
    while (true) {
      below.clear();
      for (std::size_t i = 0; i < listing_.items.size(); ++i) {
        if (group_of_item_[i] != group_of_item_[0]) continue;
        const std::string rest = listing_.items[i].path.substr(above.size() + 1);
        if (rest.find('/') == std::string::npos) return;
        below.insert(rest.substr(0, rest.find('/')));
      }
      if (below.size() > 1) break;
      above += '/' + *below.begin();
    }
    std::vector<std::string> names(below.begin(), below.end());
    if (names.size() > kMostNamed) names.resize(kMostNamed);
    refuse("\"" + class_name + "\" would be the only class, but its images lie in folders below it",
           "a folder for each class", join(names, ", ") + (names.size() < below.size() ? ", ..." : ""),
           "give the path of the folder that holds them, \"" + (settings_.path / above).string() +
               "\"; if it is one class, say so with classes = [\"" + class_name + "\"]");
  }

  void name_classes() {
    std::map<std::string, std::int32_t> labels;
    if (settings_.classes.empty()) {
      for (const Group& group : groups_) {
        if (group.images > 0) labels.try_emplace(group.name, 0);
      }
      for (auto& [name, label] : labels) {
        label = static_cast<std::int32_t>(listing_.class_names.size());
        listing_.class_names.push_back(name);
      }
    } else {
      listing_.class_names = settings_.classes;
      for (std::size_t i = 0; i < settings_.classes.size(); ++i)
        labels.try_emplace(settings_.classes[i], static_cast<std::int32_t>(i));
    }
    for (const Group& group : groups_) {
      if (!settings_.classes.empty() && !labels.contains(group.name)) refuse_class(group);
      if (group.images == 0 && group.taken && !pattern_) refuse_empty(group.path);
    }
    for (std::size_t i = 0; i < listing_.items.size(); ++i)
      listing_.items[i].label = labels.at(groups_[group_of_item_[i]].name);
  }

  void refuse_empty(const std::string& path) {
    const auto says_why = [&](const Refusal& refusal) { return refusal.path == path; };
    if (std::any_of(walk_.refused().begin(), walk_.refused().end(), says_why)) return;
    const auto below =
        std::find_if(listing_.refused.begin(), listing_.refused.end(),
                     [&](const Refusal& refusal) { return refusal.path.starts_with(path + '/'); });
    const std::string why = "no images in this class";
    listing_.refused.push_back(
        {.path = path, .why = below == listing_.refused.end() ? why : why + ": " + below->why});
  }

  [[noreturn]] void refuse_class(const Group& group) const {
    refuse("\"" + (settings_.path / group.path).string() + "\" is of class \"" + group.name +
               "\", which is not among the classes",
           settings_.classes.size() > kMostNamed ? "one of " + std::to_string(settings_.classes.size())
                                                 : join(settings_.classes, ", "),
           "",
           did_you_mean(group.name, settings_.classes, "add it to classes, or take it out of the folder"));
  }

  [[noreturn]] void refuse(const std::string& what, const std::string& expected = "",
                           const std::string& got = "", const std::string& hint = "") const {
    throw Error({.code = ErrorCode::usage,
                 .where = settings_.where,
                 .what = what,
                 .expected = expected,
                 .got = got,
                 .hint = hint});
  }

  const SourceSettings& settings_;
  Listing& listing_;
  FolderWalk walk_, unheeded_;  // the second for what the recipe does not take
  std::optional<FilePattern> pattern_;
  bool table_found_ = false;
  std::string sidecar_;  // its path in the folder; empty: none
  std::vector<Group> groups_;
  std::map<std::string, std::size_t> group_of_label_;
  std::vector<Candidate> candidates_;
  std::vector<std::size_t> group_of_item_;
  std::unordered_set<std::string> passed_over_;
};

class Folder : public Source {
 public:
  explicit Folder(const SourceSettings& settings) : root_(settings.path), decode_(decode_settings(settings)) {
    Scan(settings, listing_).run(decode_);
  }

  image::Image read(std::size_t index) const override {
    const Item& item = listing_.items[index];
    return decode_file(root_ / item.path, item.shape, decode_);
  }

 private:
  std::filesystem::path root_;
  codec::DecodeSettings decode_;
};

std::unique_ptr<Source> open_folder(const SourceSettings& settings) {
  return std::make_unique<Folder>(settings);
}

}  // namespace

Kind folder_kind() {
  Kind kind{
      .name = "folder",
      .help = "pictures (PNG, JPEG, BMP, PNM) in a folder for each class, also below train, val and test",
      .keys = {{.name = "path", .help = "the folder, from the data root", .required = true},
               {.name = "pattern",
                .otherwise = "folders tell the classes",
                .help = "how the names of the files tell their classes: \"{label}_{index}\", also {any}"},
               {.name = "sidecar",
                .otherwise = std::string(kSidecarName) + " where it is there",
                .help = "JSON lines in the folder that tell the prompt, seed, parents of each file"}},
      .open = open_folder};
  for (DocumentKey& key : decode_keys()) kind.keys.push_back(std::move(key));
  return kind;
}

}  // namespace titrate::source
