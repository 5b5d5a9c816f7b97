#include "titrate/core/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace titrate {
namespace {

constexpr int kBarWidth = 16;  // with a sweep's text, the line stays below 80 columns

std::string count_text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.0f", value);
  return buffer;
}

}  // namespace

ProgressStyle progress_style(bool quiet) {
  const char* term = std::getenv("TERM");
  const char* no_colour = std::getenv("NO_COLOR");
  ProgressStyle style;
  style.quiet = quiet;
  // Under mpirun stderr is a pipe; run_local.sh says when there is a terminal at its other end.
  const bool shown = ::isatty(STDERR_FILENO) == 1 || std::getenv("TITRATE_TERMINAL") != nullptr;
  style.terminal = shown && term != nullptr && std::strcmp(term, "dumb") != 0;
  style.colour = style.terminal && (no_colour == nullptr || *no_colour == '\0');
  return style;
}

std::string progress_line(const std::string& title, double done, double total, const std::string& text) {
  const double share = total > 0 ? std::clamp(done / total, 0.0, 1.0) : 1.0;
  const auto filled = static_cast<std::size_t>(share * kBarWidth);
  char percent[8];
  std::snprintf(percent, sizeof percent, "%3.0f%%", share * 100);
  return title + " [" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "] " + percent +
         " " + count_text(done) + "/" + count_text(total) + (text.empty() ? "" : "  " + text);
}

Progress::Progress(std::string title, const ProgressStyle& style) : title_(std::move(title)), style_(style) {}

Progress::~Progress() {
  if (drawn_ && style_.terminal) std::fputc('\n', stderr);
}

void Progress::update(double done, double total, const std::string& text) {
  if (style_.quiet) return;
  const std::scoped_lock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  const double interval = style_.terminal ? 0.1 : style_.plain_interval_seconds;
  const bool due = last_ == std::chrono::steady_clock::time_point{} ||
                   std::chrono::duration<double>(now - last_).count() >= interval || done >= total;
  if (!due) return;
  last_ = now;
  draw(progress_line(title_, done, total, text));
}

void Progress::draw(const std::string& line) {
  if (!style_.terminal) {
    std::fprintf(stderr, "%s\n", line.c_str());
  } else {
    std::fprintf(stderr, style_.colour ? "\r\033[36m%s\033[0m\033[K" : "\r%s\033[K", line.c_str());
  }
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::clear() {
  const std::scoped_lock lock(mutex_);
  if (drawn_ && style_.terminal) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

}  // namespace titrate
