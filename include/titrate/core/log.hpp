// Lines for the person who runs titrate, on stderr. Tables and answers go to stdout, by whoever makes them.
#pragma once

#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace titrate {

struct LogOptions {
  int world_rank = -1;  // 0 or more: each line carries "[rank N]"
  bool quiet = false;   // warnings only
};

// Cheap to copy; every copy writes to the same place. Thread-safe.
class Log {
 public:
  explicit Log(const LogOptions& options = {});

  void info(const std::string& message) const;
  void warn(const std::string& message) const;

 private:
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace titrate
