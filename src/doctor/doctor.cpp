#include "titrate/doctor/doctor.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <thread>

#include "folder.hpp"
#include "machine.hpp"
#include "titrate/comm/agreement.hpp"
#include "titrate/comm/exchange_probe.hpp"
#include "titrate/comm/mpi_exchange.hpp"
#include "titrate/comm/node_buffer.hpp"
#include "titrate/comm/rank.hpp"
#include "titrate/comm/roll_call.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/core/version.hpp"
#include "titrate/train/engines.hpp"

namespace titrate::doctor {
namespace {

constexpr double kStepSeconds = 15;
constexpr double kLoadSeconds = 60;  // LibTorch from a cold network disk, NCCL's first communicator
constexpr double kNcclSeconds = 45;
constexpr double kSlowLatencySeconds = 1e-3;
constexpr std::size_t kSharedBytes = std::size_t{4} << 20;

// Shared by the checks of many ranks.
struct DoctorContext {
  const comm::Session& session;
  DoctorReport& report;
  comm::RollCall& roll_call;
  std::vector<comm::Placement> ranks{};

  const comm::Placement& own() const { return comm::at(ranks, session.world_rank()); }
  bool is_leader() const { return session.node_rank() == 0; }
};

std::vector<std::string> hosts_of(std::span<const comm::Placement> ranks) {
  std::vector<std::string> hosts;
  for (const comm::Placement& rank : ranks) {
    if (rank.node_rank == 0) hosts.push_back(rank.host);
  }
  return hosts;
}

// On rank 0: the lines of each host's leader.
std::vector<DoctorLines> gather_from_hosts(const DoctorContext& context, const DoctorLines& own) {
  std::vector<DoctorLines> said;
  const std::vector<std::string> packed = context.session.world().gather(pack_lines(own), 0);
  for (std::size_t i = 0; i < packed.size(); ++i) {
    if (context.ranks[i].node_rank == 0) said.push_back(parse_lines(packed[i]));
  }
  return said;
}

void report_hosts(const DoctorContext& context, std::span<const DoctorLines> said) {
  const std::vector<std::string> hosts = hosts_of(context.ranks);
  context.report.add(merge_lines(said, [&](std::span<const int> who) {
    constexpr std::size_t kMostNames = 4;
    std::vector<std::string> names;
    for (const int i : who.first(std::min(who.size(), kMostNames))) {
      names.push_back(comm::at(hosts, i));
    }
    if (who.size() > kMostNames) names.push_back(std::to_string(who.size() - kMostNames) + " more");
    return join(names, ", ");
  }));
}

DoctorLine check_engine(const comm::Device& device) {
  try {
    const train::Engines engines(train::engine_folder());
    std::vector<std::string> classes;
    for (const std::string& name : engines.names()) classes.push_back(engines.load(name).numerics(device));
    return {.name = "engine", .text = join(classes, ", ")};
  } catch (const Error& error) {
    DoctorLine line = failure_line("engine", error.info());
    if (line.remedy.empty()) line.remedy = "build it: bash launch/build.sh";
    return line;
  }
}

void check_versions(const DoctorContext& context) {
  DoctorLines own;
  if (context.is_leader()) {
    const std::string library = comm::library_version();
    own.push_back({.name = "MPI", .text = library.substr(0, library.find(','))});
    own.push_back(check_engine(context.own().device));
    const bool used = context.own().device.kind == comm::DeviceKind::cuda;
    for (const DoctorLine& line : judge_gpu_versions(comm::gpu_versions(), used)) own.push_back(line);
  }
  const std::vector<DoctorLines> said = gather_from_hosts(context, own);
  report_hosts(context, said);
  const std::vector<std::string> differing = names_that_differ(said);
  if (differing.empty()) return;
  context.report.add(
      DoctorLines{{.name = "hosts",
                   .status = CheckStatus::warn,
                   .text = "they differ in " + join(differing, ", "),
                   .remedy = "use one build and alike hosts, or a trial's numbers depend on where it ran"}});
}

void check_gpus(const DoctorContext& context) {
  const comm::Placement& own = context.own();
  std::string said;
  if (own.device.kind == comm::DeviceKind::cuda && own.sharing == 0) {
    std::vector<int> ranks;
    for (const comm::Placement& rank : context.ranks) {
      if (rank.node == own.node && rank.device.pci_id == own.device.pci_id) ranks.push_back(rank.world_rank);
    }
    DoctorLine line = judge_gpu(own.device, comm::device_memory(own.device), ranks);
    if (hosts_of(context.ranks).size() > 1) line.text = own.host + " " + line.text;
    said = pack_lines(DoctorLines{line});
  }
  for (const std::string& text : context.session.world().gather(said, 0)) {
    if (!text.empty()) context.report.add(parse_lines(text));
  }
}

void check_devices(const DoctorContext& context, comm::DeviceKind requested) {
  const auto on_gpu = [](const comm::Placement& rank) { return rank.device.kind == comm::DeviceKind::cuda; };
  if (std::any_of(context.ranks.begin(), context.ranks.end(), on_gpu)) {
    check_gpus(context);
  } else if (requested != comm::DeviceKind::cpu) {
    report_hosts(context, gather_from_hosts(context, context.is_leader() ? DoctorLines{judge_no_gpu(
                                                                               comm::why_no_gpu(), "/proc")}
                                                                         : DoctorLines{}));
  }
}

void check_hosts(const DoctorContext& context) {
  std::vector<std::string> processors;
  for (const int processor : allowed_processors()) processors.push_back(std::to_string(processor));
  std::vector<std::vector<int>> allowed;
  for (const std::string& list : context.session.node().gather(join(processors, ","), 0)) {
    std::vector<int>& numbers = allowed.emplace_back();
    for (const std::string& number : split(list, ',')) numbers.push_back(std::stoi(number));
  }
  DoctorLines own;
  if (context.is_leader()) {
    own = judge_processors(allowed, comm::get_environment("OMP_NUM_THREADS"));
    own.push_back(check_shared_memory("/dev/shm", context.session.node_size()));
    for (const DoctorLine& line : check_leftovers("/dev/shm", "/proc")) own.push_back(line);
    own.push_back(check_temporary_space(comm::get_environment));
  }
  report_hosts(context, gather_from_hosts(context, own));
}

void check_network(const DoctorContext& context) {
  DoctorLines own;  // one for each interface, as a message
  for (const comm::Interface& interface : comm::interfaces()) {
    if (context.is_leader()) own.push_back({.name = interface.name, .text = interface.address});
  }
  std::vector<HostNetwork> networks;
  const std::vector<std::string> hosts = hosts_of(context.ranks);
  for (const DoctorLines& lines : gather_from_hosts(context, own)) {
    HostNetwork& network = networks.emplace_back();
    network.host = hosts[networks.size() - 1];
    for (const DoctorLine& line : lines)
      network.interfaces.push_back({.name = line.name, .address = line.text});
  }
  report_hosts(context, judge_networks(networks));
}

// The leader writes pages, and the others read them.
void check_node_buffer(const DoctorContext& context) {
  DoctorLine line{.name = "shared memory",
                  .text = in_units(kSharedBytes) + " shared by " +
                          counted(static_cast<std::size_t>(context.session.node_size()), "rank")};
  try {
    comm::NodeBuffer buffer(context.session.node(), kSharedBytes);
    buffer.fill([](std::span<std::byte> bytes) { std::fill(bytes.begin(), bytes.end(), std::byte{1}); });
    const bool seen = std::all_of(buffer.bytes().begin(), buffer.bytes().end(),
                                  [](std::byte b) { return b == std::byte{1}; });
    if (context.session.node().agree(seen ? 0 : 1) != 0) {
      line.status = CheckStatus::fail;
      line.text += ", and not all see what was written";
    }
  } catch (const comm::AgreedError& error) {
    line = failure_line("shared memory", error.info());
  }
  report_hosts(context, gather_from_hosts(context, context.is_leader() ? DoctorLines{line} : DoctorLines{}));
}

DoctorLine judge_exchange(const std::string& what, const comm::ExchangeProbe& probe, bool right) {
  DoctorLine line{.name = "exchange",
                  .text = what + ": " + in_units(probe.bytes) + " in " + fixed(1e3 * probe.seconds, 2) +
                          " ms (" + fixed(static_cast<double>(probe.bytes) / probe.seconds / 1e9, 2) +
                          " GB/s), one number in " + fixed(1e6 * probe.latency_seconds, 0) + " us"};
  if (right && probe.latency_seconds < kSlowLatencySeconds) return line;
  if (right) {
    line.status = CheckStatus::warn;
    line.remedy = "it should be far below 1000 us: ranks wait for a processor, or the network is slow";
    return line;
  }
  line.status = CheckStatus::fail;
  line.text += "; the sum is WRONG";
  line.remedy =
      "the network or its library damages data: try mpirun --mca btl tcp,self, and tell who runs the machine";
  return line;
}

// `probe` runs on the ranks of `group`.
DoctorLine check_exchange(const comm::Communicator& group, const std::string& what,
                          const std::function<comm::ExchangeProbe()>& probe) {
  try {
    const comm::ExchangeProbe result = probe();
    return judge_exchange(what, result, group.agree(result.right ? 0 : 1) == 0);
  } catch (const comm::AgreedError& error) {
    DoctorLine line = failure_line("exchange", error.info());
    line.text = what + ": " + line.text;
    return line;
  }
}

void check_exchanges(const DoctorContext& context) {
  const comm::Communicator& world = context.session.world();
  const auto by_mpi = [](const comm::Communicator& group) {
    return [&group] {
      comm::MpiExchange exchange(group);
      return comm::probe_exchange(exchange);
    };
  };
  if (world.size() == 1) {
    context.report.add(
        DoctorLines{{.name = "exchange", .text = "skipped: one rank has nothing to exchange"}});
  } else {
    const std::string who = "MPI, " + std::to_string(world.size()) + " ranks";
    context.report.add(DoctorLines{check_exchange(world, who, by_mpi(world))});
  }
  if (hosts_of(context.ranks).size() > 1) {
    const comm::Communicator& node = context.session.node();
    const DoctorLine line = check_exchange(node, "within the host", by_mpi(node));
    report_hosts(context,
                 gather_from_hosts(context, context.is_leader() ? DoctorLines{line} : DoctorLines{}));
  }
  const auto has_its_own_gpu = [](const comm::Placement& rank) {
    return rank.device.kind == comm::DeviceKind::cuda && rank.sharing == 0;
  };
  if (!std::all_of(context.ranks.begin(), context.ranks.end(), has_its_own_gpu)) return;
  context.roll_call.enter("exchange by NCCL", kLoadSeconds);
  context.report.add(DoctorLines{check_exchange(world, "NCCL, " + counted(context.ranks.size(), "GPU"), [&] {
    return comm::probe_nccl(world, context.own().device, kNcclSeconds);
  })});
}

void examine(DoctorContext& context, const DoctorOptions& options) {
  try {
    context.ranks = comm::place_ranks(context.session, options.device);
  } catch (const comm::AgreedError& error) {
    context.report.add(DoctorLines{failure_line("device", error.info())});
    context.ranks = comm::place_ranks(context.session, comm::DeviceKind::cpu);
  }
  context.report.add_ranks(context.ranks,
                           comm::describe_sources(context.session, context.own(), comm::get_environment));
  context.roll_call.enter("libraries", kLoadSeconds);
  check_versions(context);
  check_devices(context, options.device);
  context.roll_call.enter("hosts", kStepSeconds);
  check_hosts(context);
  check_network(context);
  context.roll_call.enter("shared memory", kStepSeconds);
  check_node_buffer(context);
  context.roll_call.enter("exchange", kStepSeconds);
  check_exchanges(context);
  if (options.out.empty()) return;
  context.roll_call.enter("run folder", kLoadSeconds);
  context.report.add(check_run_folder(context.session, options.out, locking_rank(context.ranks)));
}

}  // namespace

DoctorLines check_start(const comm::GetEnvironment& get) {
  const std::string launcher = comm::launcher_name(get);
  DoctorLine line{.name = "launcher", .text = launcher == "none" ? "none: one rank alone" : launcher};
  if (get("PMIX_RANK")) {
    line.text += ", PMIx " + get("PMIX_VERSION").value_or("of an unknown version");
  } else if (launcher == "srun (Slurm)") {
    line.status = get("PMI_RANK") ? CheckStatus::warn : CheckStatus::fail;
    line.text +=
        " without PMIx, size 1 of " + *get("SLURM_STEP_NUM_TASKS") + ": ranks do not find each other";
    if (get("PMI_RANK")) line.text = launcher + " by PMI, not PMIx: Open MPI may not start";
    line.remedy = "srun --mpi=pmix; srun --mpi=list shows what this Slurm has";
  }
  const std::string cuda = comm::gpu_versions() ? "with CUDA" : "without CUDA";
  DoctorLines lines{{.name = "titrate", .text = version() + ", built " + cuda}, line};
  const DoctorLine temporary = check_temporary_space(get);
  if (temporary.status == CheckStatus::fail) lines.push_back(temporary);
  return lines;
}

int run_doctor(const DoctorOptions& options, const comm::Session& session, DoctorReport& report) {
  {
    comm::RollCall roll_call(session, [&](const std::string& step, const std::string& what) {
      report.speak();
      report.add(DoctorLines{
          {.name = step,
           .status = CheckStatus::fail,
           .text = what,
           .remedy = "look at that rank's host: is it there, does its network let MPI through?"}});
      report.finish();
      session.abort(exit_code(ErrorCode::no_progress));
    });
    DoctorContext context{.session = session, .report = report, .roll_call = roll_call};
    try {
      examine(context, options);
    } catch (...) {
      // Ends the job: others may wait for this rank. Rank 0 comes first if it fails too: its report is whole.
      if (session.world_rank() != 0) std::this_thread::sleep_for(std::chrono::seconds(2));
      const ErrorInfo error = describe(std::current_exception());
      report.speak();
      report.add(DoctorLines{failure_line(roll_call.step(), error)});
      report.finish();
      session.abort(exit_code(error.code));
    }
  }
  return session.world().agree(report.finish() ? 0 : exit_code(ErrorCode::failed));
}

}  // namespace titrate::doctor
