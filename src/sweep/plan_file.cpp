#include "titrate/sweep/plan_file.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "titrate/core/error.hpp"
#include "titrate/core/version.hpp"

namespace titrate::sweep {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;
constexpr const char* kFormatKey = "titrate_plan";
constexpr int kMostRanks = 1 << 20;

Json job_json(const dispatch::PlannedJob& job) {
  return {{"trial", job.id},
          {"seconds", job.seconds},
          {"exchange_seconds", job.exchange_seconds},
          {"most_ranks", job.most_ranks},
          {"width", job.width}};
}

// Reads the members of a plan file; errors name the file.
class Reader {
 public:
  explicit Reader(std::string where) : where_(std::move(where)) {}

  PlanFile read(const Json& json) const {
    PlanFile file{.study = study::parse_study(json.at("study").get<std::string>(), where_)};
    file.device = device_of(json.at("device").get<std::string>());
    const std::vector<int> ranks = counts_of(json.at("nodes"), "nodes"),
                           devices = counts_of(json.at("devices"), "devices");
    require(ranks.size() == devices.size(), "it has not as many devices as nodes");
    file.nodes = number_nodes(ranks, devices);
    file.plan.ranks = std::accumulate(ranks.begin(), ranks.end(), 0);
    for (const Json& group : json.at("groups")) file.plan.groups.push_back(group_of(group, file.plan.ranks));
    for (const Json& trial : json.at("trials")) file.plan.jobs.push_back(job_of(trial));
    file.plan.ideal_seconds = seconds_of(json.at("ideal_seconds"), "ideal_seconds");
    file.plan.least_seconds = seconds_of(json.at("least_seconds"), "least_seconds");
    file.plan.makespan_seconds = seconds_of(json.at("makespan_seconds"), "makespan_seconds");
    check_groups(file.plan);
    check_trials(file);
    return file;
  }

 private:
  void require(bool good, const std::string& what) const {
    if (!good) throw Error({.code = ErrorCode::usage, .where = where_, .what = what});
  }

  int whole(const Json& json, const std::string& name, int least, int most) const {
    const bool good =
        json.is_number_integer() && json.get<std::int64_t>() >= least && json.get<std::int64_t>() <= most;
    require(good, "\"" + name + "\" has " + json.dump() + ", which is no number from " +
                      std::to_string(least) + " to " + std::to_string(most));
    return json.get<int>();
  }

  double seconds_of(const Json& json, const std::string& name) const {
    require(json.is_number() && json.get<double>() >= 0,
            "\"" + name + "\" has " + json.dump() + ", which is no time");
    return json.get<double>();
  }

  comm::DeviceKind device_of(const std::string& text) const {
    std::vector<std::string> names;
    for (const auto& choice : choices(comm::DeviceKind{})) {
      if (choice.value == comm::DeviceKind::automatic) continue;  // a plan has decided
      if (choice.name == text) return choice.value;
      names.emplace_back(choice.name);
    }
    refuse_choice(text, names, where_ + ": device");
  }

  std::vector<int> counts_of(const Json& list, const std::string& name) const {
    std::vector<int> counts;
    for (const Json& count : list) counts.push_back(whole(count, name, 1, kMostRanks));
    require(!counts.empty(), "\"" + name + "\" is empty");
    require(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}) <= kMostRanks,
            "\"" + name + "\" has more than " + std::to_string(kMostRanks) + " in all");
    return counts;
  }

  std::vector<int> group_of(const Json& list, int ranks) const {
    std::vector<int> group;
    for (const Json& rank : list) group.push_back(whole(rank, "groups", 0, ranks - 1));
    require(group.size() > 1 && std::has_single_bit(group.size()),
            "a group has " + std::to_string(group.size()) + " ranks, which is no power of two from 2 on");
    return group;
  }

  dispatch::PlannedJob job_of(const Json& json) const {
    const dispatch::PlannedJob job{
        .id = json.at("trial"),
        .seconds = seconds_of(json.at("seconds"), "seconds"),
        .exchange_seconds = seconds_of(json.at("exchange_seconds"), "exchange_seconds"),
        .most_ranks = whole(json.at("most_ranks"), "most_ranks", 1, kMostRanks),
        .width = whole(json.at("width"), "width", 1, kMostRanks)};
    require(job.most_ranks % job.width == 0, "trial " + job.id + " is wider than it may be");
    return job;
  }

  void check_groups(const dispatch::Plan& plan) const {
    std::set<int> seen;
    std::set<std::size_t> widths{1};
    for (const std::vector<int>& group : plan.groups) {
      widths.insert(group.size());
      for (const int rank : group)
        require(seen.insert(rank).second, "rank " + std::to_string(rank) + " is in groups twice");
    }
    for (const dispatch::PlannedJob& job : plan.jobs) {
      require(widths.contains(static_cast<std::size_t>(job.width)), "no group is as wide as trial " + job.id);
    }
  }

  void check_trials(const PlanFile& file) const {
    std::set<std::string> missing;
    for (const study::Trial& trial : grid(file.study)) missing.insert(trial.id);
    for (const dispatch::PlannedJob& job : file.plan.jobs) {
      require(missing.erase(job.id) == 1,
              "trial " + job.id + " is there twice, or not one of the plan's study");
    }
    require(missing.empty(), "it lacks " + std::to_string(missing.size()) + " trials of its study");
  }

  std::string where_;
};

Json parse_json(const std::string& text, const std::string& where) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains(kFormatKey)) {
    throw Error({.code = ErrorCode::usage,
                 .where = where,
                 .what = "this is no plan",
                 .hint = "give a file that titrate plan --out wrote"});
  }
  if (json.at(kFormatKey) != kFormat) {
    throw Error({.code = ErrorCode::usage,
                 .where = where,
                 .what = "the plan is of another version of titrate",
                 .expected = "format " + std::to_string(kFormat),
                 .got = json.at(kFormatKey).dump(),
                 .hint = "plan it again"});
  }
  return json;
}

}  // namespace

std::vector<dispatch::NodeRanks> number_nodes(const std::vector<int>& ranks,
                                              const std::vector<int>& devices) {
  std::vector<dispatch::NodeRanks> nodes;
  int next = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    dispatch::NodeRanks node{.ranks = std::vector<int>(static_cast<std::size_t>(ranks[i])),
                             .devices = devices.at(i)};
    std::iota(node.ranks.begin(), node.ranks.end(), next);
    next += ranks[i];
    nodes.push_back(std::move(node));
  }
  return nodes;
}

std::string to_json(const PlanFile& file) {
  Json json{{kFormatKey, kFormat},
            {"version", version()},
            {"study", to_toml(file.study)},
            {"device", choice_name(file.device)},
            {"nodes", Json::array()},
            {"devices", Json::array()},
            {"groups", file.plan.groups},
            {"ideal_seconds", file.plan.ideal_seconds},
            {"least_seconds", file.plan.least_seconds},
            {"makespan_seconds", file.plan.makespan_seconds},
            {"trials", Json::array()}};
  for (const dispatch::NodeRanks& node : file.nodes) {
    json["nodes"].push_back(node.ranks.size());
    json["devices"].push_back(node.devices);
  }
  for (const dispatch::PlannedJob& job : file.plan.jobs) json["trials"].push_back(job_json(job));
  return json.dump(1) + "\n";
}

PlanFile parse_plan_file(const std::string& text, const std::string& where) {
  const Json json = parse_json(text, where);
  try {
    return Reader(where).read(json);
  } catch (const Json::exception& error) {
    throw Error({.code = ErrorCode::usage,
                 .where = where,
                 .what = std::string("the plan is not as it was written: ") + error.what(),
                 .hint = "plan it again"});
  }
}

}  // namespace titrate::sweep
