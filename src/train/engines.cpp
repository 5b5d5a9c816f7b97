#include "titrate/train/engines.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "titrate/core/choice.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::train {
namespace {

constexpr std::array<std::string_view, 2> kOrder = {"fused", "torch"};
constexpr std::string_view kAuto = "auto";

std::vector<std::string> find_engines(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable)) {
    const std::string name = engine_name(entry.path());
    if (!name.empty()) names.push_back(name);
  }
  const auto place = [](const std::string& name) {
    return std::pair(std::find(kOrder.begin(), kOrder.end(), name), std::string_view(name));
  };
  std::sort(names.begin(), names.end(),
            [&](const std::string& a, const std::string& b) { return place(a) < place(b); });
  return names;
}

[[noreturn]] void refuse_no_engine(const std::string& folders) {
  throw Error({.code = ErrorCode::failed,
               .where = folders,
               .what = "there is no engine, which trains networks",
               .expected = engine_file("NAME"),
               .hint = "build it: bash launch/build.sh"});
}

}  // namespace

Engines::Engines(const std::filesystem::path& folder) : folder_(folder), names_(find_engines(folder)) {
  if (names_.empty()) refuse_no_engine(folder.string());
}

EngineLibrary Engines::load(const std::string& name) const {
  if (std::find(names_.begin(), names_.end(), name) != names_.end())
    return EngineLibrary(folder_ / engine_file(name));
  std::vector<std::string> choices{std::string(kAuto)};
  choices.insert(choices.end(), names_.begin(), names_.end());
  refuse_choice(name, choices, "train.engine");
}

EngineLibrary Engines::choose(const net::Network& network, const study::TrainSettings& train,
                              const comm::Device& device) const {
  const bool any = train.engine == kAuto;
  std::vector<std::string> reasons;
  for (const std::string& name : any ? names_ : std::vector<std::string>{train.engine}) {
    EngineLibrary library = load(name);
    const std::string reason = library.why_not(network, train, device);
    if (reason.empty()) return library;
    reasons.push_back(name + ": " + reason);
  }
  throw Error(
      {.code = ErrorCode::usage,
       .where = "train.engine",
       .what = (any ? "no engine can train this: " : "this engine cannot train this: ") + join(reasons, "; "),
       .hint = any ? "" : "\"auto\" takes one that can, where there is one"});
}

std::unique_ptr<Engine> Engines::make(const EngineSetup& setup) const {
  return choose(setup.network, setup.train, setup.device).make(setup);
}

std::filesystem::path engine_folder() {
  const std::filesystem::path built = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const std::filesystem::path installed = built.parent_path() / "lib" / "titrate";
  for (const std::filesystem::path& folder : {built, installed}) {
    if (!find_engines(folder).empty()) return folder;
  }
  refuse_no_engine(built.string() + " and " + installed.string());
}

EngineLibrary choose_engine(const Engines& engines, const TrialSetup& setup, const Group& group) {
  std::optional<EngineLibrary> chosen;
  together(group, [&] {
    if (group.rank() == 0) chosen = engines.choose(setup.network, setup.train, group.device);
  });
  if (group.size() == 1) return *chosen;
  study::TrainSettings train = setup.train;
  train.engine = group.communicator->broadcast(chosen ? chosen->name() : "", 0);
  together(group, [&] { chosen = engines.choose(setup.network, train, group.device); });
  return *chosen;
}

}  // namespace titrate::train
