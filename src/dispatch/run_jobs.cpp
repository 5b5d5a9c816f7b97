#include "titrate/dispatch/run_jobs.hpp"

#include <algorithm>

#include "dispatcher.hpp"
#include "monitor.hpp"
#include "worker.hpp"

namespace titrate::dispatch {

void run_jobs(const Crew& crew, const RunScene& scene, const Plan& plan, std::optional<WorkGroup> group,
              Jobs& jobs) {
  const comm::Communicator channel = crew.world.duplicate();
  const std::vector<int>& working = scene.working_ranks;
  std::optional<Monitor> monitor;
  std::optional<Dispatcher> dispatcher;
  if (channel.rank() == 0) {
    monitor.emplace(scene, plan, jobs, crew.log);
    dispatcher.emplace(channel, plan, *monitor, crew.watchdog);
  }
  if (std::find(working.begin(), working.end(), channel.rank()) != working.end())
    Worker(crew, channel, scene, jobs).run(std::move(group));
  if (!dispatcher) return;
  crew.watchdog.idle("wait_for_others");
  dispatcher->finish();
  monitor->finish(crew.watchdog.stop_requested());
}

}  // namespace titrate::dispatch
