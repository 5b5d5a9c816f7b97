#include "titrate/train/checkpoint.hpp"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/core/text.hpp"
#include "titrate/study/epoch_json.hpp"
#include "titrate/train/safetensors.hpp"

namespace titrate::train {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kProgress = "progress";
constexpr const char* kOwner = "owner";
constexpr std::size_t kKept = 2;

double number(const Json& json) { return parse_hex_float(json.get<std::string>()); }

Json watch_json(const ValidationWatch& watch) {
  return {{"scale", hex_float(watch.plateau.scale)}, {"plateau_best", hex_float(watch.plateau.best)},
          {"plateau_bad", watch.plateau.bad_epochs}, {"best_loss", hex_float(watch.best_loss)},
          {"best_epoch", watch.best_epoch},          {"bad_epochs", watch.bad_epochs}};
}

ValidationWatch read_watch(const Json& json) {
  return {.plateau = {.scale = number(json.at("scale")),
                      .best = number(json.at("plateau_best")),
                      .bad_epochs = json.at("plateau_bad")},
          .best_loss = number(json.at("best_loss")),
          .best_epoch = json.at("best_epoch"),
          .bad_epochs = json.at("bad_epochs")};
}

Json sums_json(const EpochSums& sums) {
  return {{"loss", hex_float(sums.loss)},
          {"weight", hex_float(sums.weight)},
          {"correct", sums.correct},
          {"images", sums.images},
          {"diverged", sums.diverged ? Json(*sums.diverged) : Json(nullptr)}};
}

EpochSums read_sums(const Json& json) {
  EpochSums sums{.loss = number(json.at("loss")),
                 .weight = number(json.at("weight")),
                 .correct = json.at("correct"),
                 .images = json.at("images")};
  if (!json.at("diverged").is_null()) sums.diverged = json.at("diverged").get<std::uint64_t>();
  return sums;
}

// Everything but the arrays, and how long those are.
Json header_of(const Checkpoint& checkpoint) {
  const TrialState& progress = checkpoint.progress;
  const EngineState& engine = checkpoint.engine;
  return {{"step", progress.step},
          {"epoch", progress.epoch},
          {"batch", progress.batch},
          {"watch", watch_json(progress.watch)},
          {"epochs", Json::parse(epochs_json(progress.epochs))},
          {"train_seconds", hex_float(progress.train_seconds)},
          {"has_best", progress.best.has_value()},
          {"sums", sums_json(engine.sums)},
          {"optimizer_steps", engine.optimizer_steps},
          {"moments", engine.moments.size()},
          {"parameters", engine.model.parameters.size()},
          {"running", engine.model.running.size()}};
}

// Calls visit(name, floats) for every array of a checkpoint, in their order in the file.
template <class AnyCheckpoint, class Visit>
void for_each_array(AnyCheckpoint& checkpoint, const Visit& visit) {
  visit("parameters", checkpoint.engine.model.parameters);
  visit("running", checkpoint.engine.model.running);
  for (std::size_t i = 0; i < checkpoint.engine.moments.size(); ++i)
    visit("moments." + std::to_string(i), checkpoint.engine.moments[i]);
  if (checkpoint.progress.best) {
    visit("best.parameters", checkpoint.progress.best->parameters);
    visit("best.running", checkpoint.progress.best->running);
  }
}

Checkpoint with_room(const Json& header) {
  Checkpoint checkpoint{.progress = {.step = header.at("step"),
                                     .epoch = header.at("epoch"),
                                     .batch = header.at("batch"),
                                     .watch = read_watch(header.at("watch")),
                                     .epochs = study::parse_epochs(header.at("epochs").dump()),
                                     .train_seconds = number(header.at("train_seconds"))}};
  const Model room{.parameters = std::vector<float>(header.at("parameters").get<std::size_t>()),
                   .running = std::vector<float>(header.at("running").get<std::size_t>())};
  if (header.at("has_best").get<bool>()) checkpoint.progress.best = room;
  checkpoint.engine = {
      .model = room,
      .moments = std::vector<std::vector<float>>(header.at("moments").get<std::size_t>(), room.parameters),
      .optimizer_steps = header.at("optimizer_steps"),
      .sums = read_sums(header.at("sums"))};
  return checkpoint;
}

// Of a checkpoint or of what is left of one that was half written; 0 for a name without one.
std::uint32_t attempt_of(const std::string& name) {
  const std::size_t mark = name.rfind("-a"), end = name.find('.', mark);
  if (mark == std::string::npos || end == std::string::npos) return 0;
  const auto number = parse_integer(std::string_view(name).substr(mark + 2, end - mark - 2));
  return number && *number > 0 ? static_cast<std::uint32_t>(*number) : 0;
}

}  // namespace

std::string encode(const Checkpoint& checkpoint, const std::string& owner) {
  std::vector<NamedArray> arrays;
  for_each_array(checkpoint, [&](const std::string& name, const std::vector<float>& values) {
    arrays.push_back({.name = name,
                      .type = "F32",
                      .shape = {static_cast<std::int64_t>(values.size())},
                      .bytes = std::as_bytes(std::span(values))});
  });
  return write_safetensors(arrays, {{kProgress, header_of(checkpoint).dump()}, {kOwner, owner}});
}

Checkpoint decode_checkpoint(std::string_view bytes, const std::string& owner, const std::string& where) {
  const SafeTensors file = parse_safetensors(bytes, where);
  try {
    if (file.metadata.at(kOwner) != owner) throw std::invalid_argument("it is that of another trial");
    Checkpoint checkpoint = with_room(Json::parse(file.metadata.at(kProgress)));
    for_each_array(checkpoint, [&](const std::string& name, std::vector<float>& values) {
      values = file.floats(name, values.size());
    });
    return checkpoint;
  } catch (const std::exception& error) {
    throw Error({.code = ErrorCode::integrity, .where = where, .what = "no checkpoint", .got = error.what()});
  }
}

CheckpointFolder::CheckpointFolder(std::filesystem::path folder, std::string trial, std::string numerics,
                                   std::uint32_t attempt, const CheckpointPolicy& policy)
    : folder_(std::move(folder)),
      trial_(std::move(trial)),
      owner_(trial_ + "-" + hex(xxh3(numerics), 8)),
      attempt_(attempt),
      policy_(policy) {}

bool CheckpointFolder::due(bool epoch_done, std::uint32_t epochs) const {
  if (policy_.epochs > 0 && epoch_done && epochs % policy_.epochs == 0) return true;
  const double minutes =
      std::chrono::duration<double, std::ratio<60>>(std::chrono::steady_clock::now() - last_).count();
  return policy_.minutes > 0 && minutes >= policy_.minutes;
}

void CheckpointFolder::save(const Checkpoint& checkpoint) {
  last_ = std::chrono::steady_clock::now();  // also of one that fails
  make_folder(folder_);
  char place[48];
  std::snprintf(place, sizeof place, "-%012llu-a%u.safetensors",
                static_cast<unsigned long long>(checkpoint.progress.step), attempt_);
  write_file(folder_ / (owner_ + place), encode(checkpoint, owner_));
  std::vector<std::filesystem::path> mine = files();
  std::erase_if(mine, [&](const std::filesystem::path& file) { return !is_mine(file); });
  std::error_code ignored;
  for (std::size_t i = 0; i + kKept < mine.size(); ++i) std::filesystem::remove(mine[i], ignored);
  last_ = std::chrono::steady_clock::now();
}

std::string CheckpointFolder::newest() {
  const std::vector<std::filesystem::path> present = files();
  for (auto file = present.rbegin(); file != present.rend(); ++file) {
    std::string bytes = read_text(*file);
    try {
      decode_checkpoint(bytes, owner_, file->string());
      return bytes;
    } catch (const Error& unusable) {
      if (unusable.code() != ErrorCode::integrity) throw;
    }
    std::error_code ignored;
    if (is_mine(*file)) std::filesystem::remove(*file, ignored);
  }
  return {};
}

Checkpoint CheckpointFolder::decode(std::string_view bytes) const {
  return decode_checkpoint(bytes, owner_, "checkpoint of " + trial_);
}

void CheckpointFolder::remove_all() {
  std::error_code ignored;
  for (const std::string start : {"", "."}) {
    for (const std::filesystem::path& file : files_from(start + trial_ + "-")) {
      if (is_mine(file)) std::filesystem::remove(file, ignored);
    }
  }
}

bool CheckpointFolder::is_mine(const std::filesystem::path& file) const {
  return attempt_of(file.filename().string()) <= attempt_;
}

std::vector<std::filesystem::path> CheckpointFolder::files() const {
  std::vector<std::filesystem::path> found = files_from(owner_ + "-");
  std::erase_if(found, [](const std::filesystem::path& file) { return file.extension() != ".safetensors"; });
  return found;
}

std::vector<std::filesystem::path> CheckpointFolder::files_from(const std::string& start) const {
  std::vector<std::filesystem::path> found;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, absent)) {
    if (entry.path().filename().string().starts_with(start)) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace titrate::train
