#include "quarantine.hpp"

#include <nlohmann/json.hpp>

#include "titrate/core/error.hpp"

namespace titrate::prep {
namespace {

constexpr const char* kHint = "mend or remove it, or leave out strict = true";

}  // namespace

bool Quarantine::unless_read(const Planned& planned, const std::function<void()>& read) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    ErrorInfo info = error.info();
    if (info.code == ErrorCode::io) {
      // It could be opened a moment ago: that is the disk or the network, not the image.
      info.hint = "run the same command again when it is there";
      throw Error(info);
    }
    if (info.code != ErrorCode::integrity || recipe_.sources[planned.source].strict) throw;
    info.where = place_of(recipe_, sources_, planned);
    info.hint.clear();
    const std::string why = std::string(Error(info).what()).substr(info.where.size() + 2);
    const std::scoped_lock lock(mutex_);
    refused_.try_emplace({planned.source, planned.item}, source::Refusal{info.where, why});
    return false;
  }
}

std::vector<source::Refusal> Quarantine::refused() const {
  std::vector<source::Refusal> list;
  for (const auto& [place, refusal] : refused_) list.push_back(refusal);
  return list;
}

std::vector<source::Refusal> refused_at_opening(const Recipe& recipe, const Sources& sources) {
  std::vector<source::Refusal> list;
  for (std::size_t s = 0; s < sources.size(); ++s) {
    for (const source::Refusal& refusal : sources[s]->listing().refused) {
      if (recipe.sources[s].strict) {
        throw Error({.code = ErrorCode::integrity,
                     .where = recipe.sources[s].info.name + ": " + refusal.path,
                     .what = refusal.why,
                     .hint = kHint});
      }
      list.push_back({recipe.sources[s].info.name + ": " + refusal.path, refusal.why});
    }
  }
  return list;
}

std::string quarantine_lines(const std::vector<source::Refusal>& refused) {
  std::string text;
  for (const source::Refusal& refusal : refused) {
    // Paths may hold bytes that are no UTF-8.
    const nlohmann::ordered_json line{{"what", refusal.path}, {"why", refusal.why}};
    text += line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  }
  return text;
}

}  // namespace titrate::prep
