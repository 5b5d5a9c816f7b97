// Opens a source as a recipe does and prints what it has as JSON, for tests in Python.
//
//   list_source KIND PATH [--pixels FILE] [--reverse] [--peak FILE] [KEY=VALUE...]
//
// VALUE is true, false, an integer or a text; texts of a list are joined by commas ("splits=train,test"). KEY
// may also be classes or split. With --pixels, the pixels of all images are written one after another, from
// the last image to the first with --reverse. With --peak, the most memory that the process had, in bytes.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "../unit/source/open_filled.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/source/source.hpp"

namespace titrate::source {
namespace {

using Json = nlohmann::ordered_json;

Value value_of(const DocumentKey& key, const std::string& text) {
  return key.type == KeyType::texts ? Value(split(text, ',')) : checked(key, parse_value(text), key.name);
}

void set(SourceSettings& settings, const std::string& name, const std::string& text) {
  if (name == "classes") {
    settings.classes = split(text, ',');
    return;
  }
  if (name == "split") {
    settings.split = shard::parse_split(text, "split");
    return;
  }
  for (const DocumentKey& key : find_kind(settings.kind, "").keys) {
    if (key.name == name) settings.values[name] = value_of(key, text);
  }
}

Json item_json(const Listing& listing, std::size_t index) {
  const Item& item = listing.items[index];
  Json json{{"label", item.label}, {"split", shard::name_of(item.split)},
            {"part", item.part},   {"shape", {item.shape.height, item.shape.width, item.shape.channels}},
            {"row", item.row},     {"path", item.path}};
  const auto kin = listing.kinship.find(index);
  if (kin == listing.kinship.end()) return json;
  if (kin->second.parent) json["parent"] = *kin->second.parent;
  if (kin->second.family) json["family"] = *kin->second.family;
  json["operations"] = kin->second.operations;
  return json;
}

int list(int argc, char** argv) {
  if (argc < 3) throw Error({.code = ErrorCode::usage, .what = "list_source KIND PATH [KEY=VALUE...]"});
  SourceSettings settings{.kind = argv[1], .where = "recipe.toml:1", .path = argv[2]};
  std::string pixels_file;
  bool reverse = false;
  for (int i = 3; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    if (argument == "--pixels") {
      pixels_file = argv[++i];
    } else if (argument == "--peak") {
      ++i;
    } else if (argument == "--reverse") {
      reverse = true;
    } else {
      set(settings, argument.substr(0, equals), argument.substr(equals + 1));
    }
  }
  const auto source = open_filled(settings);
  const Listing& listing = source->listing();
  Json json{{"class_names", listing.class_names}, {"notes", listing.notes}};
  for (const Part& part : listing.parts) {
    json["parts"].push_back({{"name", part.name},
                             {"origin", part.origin ? shard::name_of(*part.origin) : ""},
                             {"generator", part.generator},
                             {"trained_on", part.trained_on},
                             {"licence", part.licence}});
  }
  json["items"] = Json::array();
  std::ofstream out;
  if (!pixels_file.empty()) out.open(pixels_file, std::ios::binary);
  for (std::size_t i = 0; i < listing.items.size(); ++i) {
    json["items"].push_back(item_json(listing, i));
    if (pixels_file.empty()) continue;
    const image::Image image = source->read(reverse ? listing.items.size() - 1 - i : i);
    out.write(reinterpret_cast<const char*>(image.pixels.data()),
              static_cast<std::streamsize>(image.pixels.size()));
  }
  std::cout << json.dump() << "\n";
  return 0;
}

}  // namespace
}  // namespace titrate::source

// What getrusage() calls the peak begins with that of whoever started the process.
static void write_peak(const char* path) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    long kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) std::ofstream(path) << kibibytes * 1024;
  }
}

int main(int argc, char** argv) {
  const int code = titrate::run_and_report("list_source", titrate::source::list, argc, argv);
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string(argv[i]) == "--peak") write_peak(argv[i + 1]);
  }
  return code;
}
