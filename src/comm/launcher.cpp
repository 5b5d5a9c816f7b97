#include <algorithm>
#include <cstdlib>
#include <map>

#include "titrate/comm/placement.hpp"
#include "titrate/core/text.hpp"

namespace titrate::comm {
namespace {

constexpr const char* kOpenMpi = "mpirun (Open MPI)";
constexpr const char* kSlurm = "srun (Slurm)";
constexpr const char* kOther = "mpiexec (PMI)";
constexpr const char* kNone = "none";

// "node7" and "node7.cluster" are one host, "2" and "02" one number.
bool same(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto first = parse_integer(a), second = parse_integer(b);
  if (first || second) return first == second;
  const std::string longer = a.size() > b.size() ? a : b;
  return longer.starts_with((a.size() > b.size() ? b : a) + ".");
}

// Another source of a fact: an environment variable, and who sets it.
struct Witness {
  const char* who;
  const char* variable;
};

// Variables of the launcher that started this process. Those of another may be inherited: mpirun inside a
// Slurm job sees SLURM_PROCID of the batch step.
std::vector<Witness> witnesses(const std::string& launcher, const std::string& fact) {
  using Table = std::map<std::string, std::vector<Witness>>;
  static const Table kByOpenMpi{{"world rank", {{"Open MPI", "OMPI_COMM_WORLD_RANK"}, {"PMIx", "PMIX_RANK"}}},
                                {"world size", {{"Open MPI", "OMPI_COMM_WORLD_SIZE"}}},
                                {"node rank", {{"Open MPI", "OMPI_COMM_WORLD_LOCAL_RANK"}}}};
  static const Table kBySlurm{{"world rank", {{"Slurm", "SLURM_PROCID"}, {"PMIx", "PMIX_RANK"}}},
                              {"world size", {{"Slurm", "SLURM_STEP_NUM_TASKS"}}},
                              {"node rank", {{"Slurm", "SLURM_LOCALID"}}},
                              {"host", {{"Slurm", "SLURMD_NODENAME"}}},
                              {"processors", {{"Slurm", "SLURM_CPUS_PER_TASK"}}},
                              {"GPUs", {{"Slurm", "SLURM_STEP_GPUS"}}}};
  static const Table kByOther{{"world rank", {{"PMI", "PMI_RANK"}, {"PMIx", "PMIX_RANK"}}},
                              {"world size", {{"PMI", "PMI_SIZE"}}}};
  static const Table kByNobody;
  const Table& table = launcher == kOpenMpi ? kByOpenMpi
                       : launcher == kSlurm ? kBySlurm
                       : launcher == kOther ? kByOther
                                            : kByNobody;
  const auto found = table.find(fact);
  return found == table.end() ? std::vector<Witness>() : found->second;
}

// The length of a list of GPUs: "0,1,2" has three. CUDA stops reading at a negative number.
std::string count_of_list(const std::string& list) {
  int count = 0;
  for (const std::string& part : split(list, ',')) {
    if (trim(part).empty() || trim(part).front() == '-') break;
    ++count;
  }
  return std::to_string(count);
}

}  // namespace

std::optional<std::string> get_environment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? std::nullopt : std::optional<std::string>(text);
}

int launched_rank(const GetEnvironment& get) {
  for (const char* variable : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"}) {
    if (const auto rank = get(variable)) return static_cast<int>(parse_integer(*rank).value_or(0));
  }
  return 0;
}

std::string launcher_name(const GetEnvironment& get) {
  if (get("OMPI_COMM_WORLD_SIZE")) return kOpenMpi;
  if (get("SLURM_STEP_NUM_TASKS")) return kSlurm;
  return get("PMI_SIZE") ? kOther : kNone;
}

std::vector<Fact> facts_of(const Session& session, const Placement& placement, const GetEnvironment& get) {
  std::vector<Fact> facts{{.name = "world rank", .used = std::to_string(session.world_rank()), .from = "MPI"},
                          {.name = "world size", .used = std::to_string(session.world_size()), .from = "MPI"},
                          {.name = "node rank", .used = std::to_string(session.node_rank()), .from = "MPI"},
                          {.name = "host", .used = placement.host, .from = "Linux"},
                          {.name = "processors", .used = std::to_string(placement.threads), .from = "Linux"}};
  if (placement.device.kind == DeviceKind::cuda) {
    facts.push_back({.name = "GPUs", .used = std::to_string(visible_gpus()), .from = "CUDA"});
  }
  const std::string launcher = launcher_name(get);
  for (Fact& fact : facts) {
    std::vector<Witness> asked = witnesses(launcher, fact.name);
    if (fact.name == "GPUs") asked.push_back({"CUDA_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"});
    for (const Witness& witness : asked) {
      const std::optional<std::string> said = get(witness.variable);
      if (!said) continue;
      fact.others.emplace_back(witness.who, fact.name == "GPUs" ? count_of_list(*said) : *said);
    }
  }
  return facts;
}

std::string describe_facts(std::span<const Fact> facts) {
  struct Source {
    std::string from{};
    std::vector<std::string> names{}, agreeing{};
  };
  std::vector<Source> sources;
  std::string disagreements;
  for (const Fact& fact : facts) {
    const auto known = [&](const Source& source) { return source.from == fact.from; };
    auto source = std::find_if(sources.begin(), sources.end(), known);
    if (source == sources.end()) source = sources.insert(source, {.from = fact.from});
    source->names.push_back(fact.name);
    for (const auto& [who, said] : fact.others) {
      if (!same(said, fact.used)) {
        disagreements +=
            "; " + fact.name + " is " + fact.used + " by " + fact.from + ", but " + said + " by " + who;
      } else if (std::find(source->agreeing.begin(), source->agreeing.end(), who) == source->agreeing.end()) {
        source->agreeing.push_back(who);
      }
    }
  }
  std::vector<std::string> parts;
  for (const Source& source : sources) {
    parts.push_back(join(source.names, ", ") + " from " + source.from);
    if (source.agreeing.empty()) continue;
    parts.back() +=
        " (" + join(source.agreeing, ", ") + (source.agreeing.size() == 1 ? " agrees)" : " agree)");
  }
  return join(parts, "; ") + disagreements;
}

std::string describe_sources(const Session& session, const Placement& placement, const GetEnvironment& get) {
  const std::string own = describe_facts(facts_of(session, placement, get));
  std::map<int, std::string> lines;  // by the lowest rank that says it
  std::map<std::string, std::vector<int>> ranks_of;
  int rank = 0;
  for (const std::string& line : session.world().all_gather(own)) {
    std::vector<int>& ranks = ranks_of[line];
    if (ranks.empty()) lines[rank] = line;
    ranks.push_back(rank++);
  }
  if (lines.size() == 1) return own;
  std::vector<std::string> parts;
  for (const auto& [first, line] : lines) parts.push_back(name_ranks(ranks_of[line]) + ": " + line);
  return join(parts, "\n");
}

}  // namespace titrate::comm
