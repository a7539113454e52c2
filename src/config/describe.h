// describe(): the configuration in use as JSON, for whoever asks the server about itself: defaults and what the command
// line said included. Values that may be secrets (fields that are set for a server behind us) are left out.
#pragma once

#include <string>

#include "config/config.h"

namespace turnout {

std::string describe(const Config& config);

}  // namespace turnout
