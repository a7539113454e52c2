// The operational log: what an operator should know, on standard error. Never one line for each request.
#pragma once

#include <spdlog/logger.h>

namespace turnout {

spdlog::logger& operational_log();

}  // namespace turnout
