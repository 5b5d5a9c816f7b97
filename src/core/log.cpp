#include "titrate/core/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace titrate {

Log::Log(const LogOptions& options)
    : logger_(
          std::make_shared<spdlog::logger>("titrate", std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  const std::string rank = options.world_rank < 0 ? "" : "[rank " + std::to_string(options.world_rank) + "] ";
  logger_->set_pattern("%H:%M:%S " + rank + "%v");
  logger_->set_level(options.quiet ? spdlog::level::warn : spdlog::level::info);
  logger_->flush_on(spdlog::level::info);
}

void Log::info(const std::string& message) const { logger_->log(spdlog::level::info, message); }

void Log::warn(const std::string& message) const { logger_->log(spdlog::level::warn, "warning: " + message); }

}  // namespace titrate
