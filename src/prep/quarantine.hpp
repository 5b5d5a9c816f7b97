// What was named in the sources but not packed, and why. Private to this module.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "plan.hpp"

namespace titrate::prep {

// Collects images that cannot be read, from any thread, each once.
class Quarantine {
 public:
  Quarantine(const Recipe& recipe, const Sources& sources) : recipe_(recipe), sources_(sources) {}

  // Calls `read`; where it fails because the image is damaged, keeps its name and says false.
  // Throws the Error on when the source is strict, and whatever else is wrong.
  bool unless_read(const Planned& planned, const std::function<void()>& read);

  std::vector<source::Refusal> refused() const;  // in the order of the sources

 private:
  const Recipe& recipe_;
  const Sources& sources_;
  std::mutex mutex_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, source::Refusal> refused_;  // by source and item
};

// What the sources refused when they were opened, named as the others are. Throws Error (integrity) for the
// first one of a strict source.
std::vector<source::Refusal> refused_at_opening(const Recipe& recipe, const Sources& sources);

// The text of quarantine.jsonl: {"what": "SOURCE: PATH", "why": "..."} in each line.
std::string quarantine_lines(const std::vector<source::Refusal>& refused);

}  // namespace titrate::prep
