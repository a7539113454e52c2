// check: everything that is wrong with a configuration, without opening a socket.
#pragma once

#include <string>
#include <vector>

#include "config/diagnostic.h"

namespace turnout {

/// Empty where `turnout serve` would take the file. Certificates are loaded and compared (T2) as at a start.
std::vector<Diagnostic> check_config_file(const std::string& file);

}  // namespace turnout
