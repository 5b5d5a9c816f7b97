#include "titrate/dispatch/run_jobs.hpp"

#include <algorithm>

#include "dispatcher.hpp"
#include "monitor.hpp"
#include "worker.hpp"

namespace titrate::dispatch {

void run_jobs(const RunContext& context, const RunInfo& info, const Plan& plan,
              std::optional<WorkGroup> group, Jobs& jobs) {
  const comm::Communicator channel = context.world.duplicate();
  const std::vector<int>& working = info.working_ranks;
  std::optional<Monitor> monitor;
  std::optional<Dispatcher> dispatcher;
  if (channel.rank() == 0) {
    monitor.emplace(info, plan, jobs, context.log);
    dispatcher.emplace(channel, plan, *monitor, context.watchdog);
  }
  if (std::find(working.begin(), working.end(), channel.rank()) != working.end())
    Worker(context, channel, info, jobs).run(std::move(group));
  if (!dispatcher) return;
  context.watchdog.idle("wait_for_others");
  dispatcher->finish();
  monitor->finish(context.watchdog.stop_requested());
}

}  // namespace titrate::dispatch
