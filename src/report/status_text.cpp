#include "titrate/report/status_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "titrate/core/text.hpp"

namespace titrate::report {

using study::RunState;

namespace {

// The status is written every other second; a busy disk may hold it up.
constexpr double kSilentSeconds = 20;

std::string count(std::size_t number) { return with_commas(number); }

std::string loss(const std::optional<double>& value) { return value ? fixed(*value, 4) : ""; }

std::string ranks_text(std::vector<int> ranks) {
  std::sort(ranks.begin(), ranks.end());
  return number_ranges(ranks);
}

std::string head(const RunView& view) {
  const study::SweepStatus& status = *view.status;
  std::string text =
      fmt::format("sweep {}, attempt {}: {}", status.study, status.attempt, choice_name(state_of(view)));
  if (state_of(view) == RunState::finished || state_of(view) == RunState::stopped)
    return text + fmt::format(" after {}\n", rough_duration(status.elapsed_seconds));
  return text + fmt::format(" on {} (process {}) for {}, last heard of {} ago\n", status.host, status.pid,
                            rough_duration(status.elapsed_seconds),
                            rough_duration(view.seconds_since_update));
}

// What to do where it does not simply run.
std::string advice(const RunView& view) {
  const RunState state = state_of(view);
  if (state == RunState::ended) {
    const std::string unknown =
        "its process is gone: killed, out of memory, or ended by an error that it printed";
    return (view.end_reason.empty() ? unknown : view.end_reason) + "; the same command resumes\n";
  }
  if (state == RunState::stopped)
    return "on request: trials under way kept a checkpoint; the same command resumes\n";
  if (state == RunState::silent)
    return "its process lives, but says nothing: is its host, or the disk, overloaded?\n";
  return "";
}

std::string counts(const study::SweepStatus& status) {
  std::string text =
      fmt::format("trials    {} of {} done", count(status.before + status.done), count(status.trials));
  if (status.before > 0) text += fmt::format(" ({} in earlier runs)", count(status.before));
  if (status.failed > 0) text += fmt::format(", {} failed", count(status.failed));
  return text + "\n";
}

std::string rate(const study::SweepStatus& status) {
  if (!status.seconds_left) return "";
  std::string text =
      fmt::format("rate      {} images/s", count(static_cast<std::size_t>(status.images_per_second)));
  if (status.state == RunState::running)
    text += fmt::format(", {} left", rough_duration(*status.seconds_left));
  return text + "\n";
}

std::string activity(const study::GroupStatus& group) {
  if (!group.working) return "no more to do";
  if (!group.activity) return group.finished > 0 ? "short trials" : "first trial";
  return group.activity->trial + "  " + group.settings;
}

std::string group_line(const study::GroupStatus& group) {
  std::string step, losses, epochs;
  if (group.activity) {
    step = fmt::format("{}/{}", count(group.activity->step), count(group.activity->total_steps));
    epochs = std::to_string(group.activity->epochs);
    losses = loss(group.activity->train_loss);
    if (group.activity->validation_loss) losses += " / " + loss(group.activity->validation_loss);
  }
  return fmt::format("{:>9}  {:>8}  {:>6}  {:>15}  {:>15}  {}\n", ranks_text(group.ranks),
                     count(group.finished), epochs, step, losses, activity(group));
}

// Ranks that have nothing more to do share a line.
std::string groups(const study::SweepStatus& status) {
  std::string text = fmt::format("\n{:>9}  {:>8}  {:>6}  {:>15}  {:>15}  {}\n", "ranks", "finished", "epochs",
                                 "step", "loss", "doing");
  std::size_t idle = 0;
  for (const study::GroupStatus& group : status.groups) {
    if (group.working) {
      text += group_line(group);
    } else {
      ++idle;
    }
  }
  if (idle > 0)
    text += fmt::format("{} {} no more to do\n", count(idle), idle == 1 ? "rank has" : "ranks have");
  return text;
}

std::string failures(const study::SweepStatus& status) {
  if (status.failures.empty()) return "";
  std::string text = "\nfailed\n";
  for (const study::FailureStatus& failure : status.failures) {
    text += fmt::format("  {}  {}\n    rank {}: {}\n", failure.trial, failure.settings, failure.world_rank,
                        failure.reason);
  }
  if (status.failed > status.failures.size())
    text += fmt::format("  and {} more\n", count(status.failed - status.failures.size()));
  return text;
}

std::string without_status(const RunView& view) {
  std::string text = choice_name(state_of(view));
  if (view.holder && view.holder->lives)
    text += fmt::format(" on {} (process {})", view.holder->host, view.holder->pid);
  text += fmt::format("\ntrials    {} of {} done", count(view.finished), count(view.trials));
  if (view.failed > 0) text += fmt::format(", {} failed", count(view.failed));
  return text + "\n";
}

}  // namespace

RunState state_of(const RunView& view) {
  const bool lives = view.holder && view.holder->lives;
  if (!view.status) {
    if (lives) return RunState::starting;
    return view.trials > 0 && view.finished == view.trials ? RunState::finished : RunState::ended;
  }
  if (lives && (view.holder->host != view.status->host || view.holder->pid != view.status->pid))
    return RunState::starting;
  if (view.status->state != RunState::running) return view.status->state;
  if (!lives) return RunState::ended;
  return view.seconds_since_update > kSilentSeconds ? RunState::silent : RunState::running;
}

std::string status_text(const RunView& view) {
  if (!view.status) return without_status(view) + advice(view);
  if (state_of(view) == RunState::starting)
    return fmt::format("starting on {} (process {}); of the run before:\n", view.holder->host,
                       view.holder->pid) +
           counts(*view.status) + failures(*view.status);
  std::string text = head(view) + advice(view) + counts(*view.status) + rate(*view.status);
  if (view.status->state == RunState::running) text += groups(*view.status);
  return text + failures(*view.status);
}

std::string status_json(const RunView& view) {
  nlohmann::json json{{"trials", view.trials}, {"before", view.finished}, {"failed", view.failed}};
  if (view.status) {
    json = nlohmann::json::parse(study::to_json(*view.status));
    json["seconds_since_update"] = view.seconds_since_update;
  }
  json["state"] = choice_name(state_of(view));
  return json.dump(1) + "\n";
}

}  // namespace titrate::report
