#include "sidecar.hpp"

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "refuse.hpp"
#include "titrate/core/file.hpp"

namespace titrate::source {
namespace {

using nlohmann::json;

struct Line {
  std::string where{};
  json object{};
};

Line parse_line(std::string_view text, const std::string& where) {
  Line line{.where = where, .object = json::parse(text, nullptr, false)};
  if (line.object.is_discarded()) refuse(where, "the line is not JSON", "an object with \"file\"");
  if (!line.object.is_object()) {
    refuse(where, "the line is not a JSON object", "an object with \"file\"", line.object.type_name());
  }
  return line;
}

void refuse_type(const Line& line, const char* key, const char* expected, const json& value) {
  refuse(line.where, '"' + std::string(key) + "\" has another type", expected, value.type_name());
}

std::string file_of(const Line& line) {
  auto found = line.object.find("file");
  if (found == line.object.end()) found = line.object.find("file_name");
  if (found == line.object.end()) refuse(line.where, "the line does not say its \"file\"");
  if (!found->is_string()) refuse_type(line, "file", "text", *found);
  return found->get<std::string>();
}

void check_types(const Line& line) {
  for (const char* key : {"prompt", "model"}) {
    const auto found = line.object.find(key);
    if (found != line.object.end() && !found->is_string()) refuse_type(line, key, "text", *found);
  }
  const auto seed = line.object.find("seed");
  if (seed != line.object.end() && !seed->is_number_integer()) refuse_type(line, "seed", "integer", *seed);
}

std::vector<std::string> parents_of(const Line& line) {
  std::vector<std::string> parents;
  const auto found = line.object.find("parents");
  if (found == line.object.end()) return parents;
  if (!found->is_array()) refuse_type(line, "parents", "list of texts", *found);
  for (const json& parent : *found) {
    if (!parent.is_string()) refuse_type(line, "parents", "list of texts", parent);
    parents.push_back(parent.get<std::string>());
  }
  return parents;
}

// Every file that a line may name.
class KnownFiles {
 public:
  KnownFiles(const Listing& listing, const std::unordered_set<std::string>& passed_over)
      : passed_over_(passed_over) {
    for (std::size_t i = 0; i < listing.items.size(); ++i) items_.try_emplace(listing.items[i].path, i);
    for (const Refusal& refusal : listing.refused) refused_.insert(refusal.path);
  }

  // The item, or nothing for a file that is there but is not packed.
  std::optional<std::size_t> find(const std::string& file, const std::string& where) {
    const auto found = items_.find(file);
    if (found == items_.end() && !refused_.contains(file) && !passed_over_.contains(file)) {
      refuse(where, "the folder has no such file", "a path relative to the folder", '"' + file + '"');
    }
    if (!named_.insert(file).second) refuse(where, "the file \"" + file + "\" was named before");
    return found == items_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  const std::unordered_set<std::string>& passed_over_;
  std::unordered_map<std::string_view, std::size_t> items_;
  std::unordered_set<std::string> refused_, named_;
};

}  // namespace

void read_sidecar(const std::filesystem::path& path, const std::unordered_set<std::string>& passed_over,
                  Listing& listing) {
  listing.sidecar = read_text(path);
  KnownFiles known(listing, passed_over);
  std::string_view rest = listing.sidecar;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::string_view text = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const Line line = parse_line(text, path.string() + ':' + std::to_string(number));
    check_types(line);
    std::vector<std::string> parents = parents_of(line);
    const auto item = known.find(file_of(line), line.where);
    if (item && !parents.empty()) listing.kinship[*item].parents = std::move(parents);
  }
}

}  // namespace titrate::source
