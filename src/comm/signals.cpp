#include "signals.hpp"

#include <signal.h>
#include <unistd.h>

#include <initializer_list>

namespace titrate::comm {
namespace {

// What a handler may touch.
volatile sig_atomic_t stops = 0, ends = 0, last_end = 0;

void on_stop(int) { stops = stops + 1; }

void on_end(int number) {
  last_end = number;
  ends = ends + 1;
  if (ends > 1) ::_exit(128 + number);
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
