#include "server/log.h"

#include <spdlog/sinks/stdout_sinks.h>

namespace turnout {

spdlog::logger& operational_log() {
  static spdlog::logger log("turnout", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  return log;
}

}  // namespace turnout
