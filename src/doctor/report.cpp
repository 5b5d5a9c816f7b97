#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "titrate/doctor/doctor.hpp"

namespace titrate::doctor {
namespace {

std::size_t count(std::span<const DoctorLine> lines, CheckStatus status) {
  return static_cast<std::size_t>(std::count_if(
      lines.begin(), lines.end(), [&](const DoctorLine& line) { return line.status == status; }));
}

nlohmann::ordered_json to_json(const comm::Placement& rank) {
  return {{"world_rank", rank.world_rank}, {"node", rank.node},
          {"node_rank", rank.node_rank},   {"host", rank.host},
          {"device", rank.device.name},    {"device_index", rank.device.index},
          {"pci_id", rank.device.pci_id},  {"sharing", rank.sharing},
          {"processors", rank.threads}};
}

}  // namespace

void DoctorReport::add(std::span<const DoctorLine> lines) {
  const std::scoped_lock lock(mutex_);
  if (silent_) return;
  lines_.insert(lines_.end(), lines.begin(), lines.end());
  if (json_) return;
  std::fputs(format_lines(lines).c_str(), stdout);
  std::fflush(stdout);
}

void DoctorReport::add_ranks(std::span<const comm::Placement> ranks, const std::string& sources) {
  const std::scoped_lock lock(mutex_);
  if (silent_) return;
  ranks_.assign(ranks.begin(), ranks.end());
  sources_ = sources;
  if (json_) return;
  std::printf("\n%s%s\n\n", comm::placement_table(ranks, {}, comm::kMostRankLines).c_str(), sources.c_str());
  std::fflush(stdout);
}

bool DoctorReport::finish() {
  const std::scoped_lock lock(mutex_);
  const bool well = worst(lines_) != CheckStatus::fail;
  if (silent_) return well;
  if (json_) {
    nlohmann::ordered_json report{{"verdict", to_string(worst(lines_))},
                                  {"checks", nlohmann::ordered_json::array()},
                                  {"ranks", nlohmann::ordered_json::array()},
                                  {"sources", sources_}};
    for (const DoctorLine& line : lines_) {
      report["checks"].push_back({{"name", line.name},
                                  {"verdict", to_string(line.status)},
                                  {"text", line.text},
                                  {"remedy", line.remedy}});
    }
    for (const comm::Placement& rank : ranks_) report["ranks"].push_back(to_json(rank));
    std::printf("%s\n", report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    std::printf("\n%zu ok, %zu warn, %zu FAIL\n", count(lines_, CheckStatus::ok),
                count(lines_, CheckStatus::warn), count(lines_, CheckStatus::fail));
  }
  std::fflush(stdout);
  return well;
}

void DoctorReport::speak() {
  const std::scoped_lock lock(mutex_);
  silent_ = false;
}

}  // namespace titrate::doctor
