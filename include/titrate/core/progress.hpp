// One live line on stderr: a bar on a terminal, one plain line every 30 seconds elsewhere, nothing when
// quiet.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

namespace titrate {

struct ProgressStyle {
  bool quiet = false;
  bool terminal = false;  // redraw one line in place
  bool colour = false;
  double plain_interval_seconds = 30.0;
};

// What stderr, NO_COLOR and TERM ask for.
ProgressStyle progress_style(bool quiet);

// The line itself, without escape codes: "sweep [#####.....]  50% 12/24 text".
std::string progress_line(const std::string& title, double done, double total, const std::string& text);

// Thread-safe. The destructor ends the line.
class Progress {
 public:
  Progress(std::string title, const ProgressStyle& style);
  Progress(Progress&&) = delete;
  ~Progress();

  // `done` of `total` units; `text` is what else to say ("3,100 images/s, 1 failed").
  void update(double done, double total, const std::string& text);

  // Takes the bar off the terminal, so that another line can be printed. The next update draws it again.
  void clear();

 private:
  void draw(const std::string& line);

  std::mutex mutex_;
  std::string title_;
  ProgressStyle style_;
  std::chrono::steady_clock::time_point last_{};
  bool drawn_ = false;
};

}  // namespace titrate
