#include "signals.hpp"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <initializer_list>

namespace titrate::comm {
namespace {

// One request may send its signal twice, as timeout(1) does: to its child, then to its group.
constexpr double kOneRequest = 0.2;  // seconds

// What handlers write, in any thread, while others read.
std::atomic<int> stops = 0, last_end = 0;
std::atomic<double> first_end = 0;  // when
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<double>::is_always_lock_free);

void on_stop(int) { ++stops; }

double now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void on_end(int number) {
  double first = 0;
  if (!first_end.compare_exchange_strong(first, now()) && now() - first > kOneRequest) ::_exit(128 + number);
  last_end = number;
}

void handle(std::initializer_list<int> numbers, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  for (const int number : numbers) ::sigaction(number, &action, nullptr);
}

}  // namespace

void count_stop_signals() { handle({SIGUSR1, SIGUSR2}, on_stop); }
int stop_signals() { return stops; }

void keep_end_signals() { handle({SIGTERM, SIGINT}, on_end); }
void default_end_signals() { handle({SIGTERM, SIGINT}, SIG_DFL); }
int end_signal() { return last_end; }

}  // namespace titrate::comm
