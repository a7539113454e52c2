// The [limits] table: the names of base/limits.h that may be set, each within bounds that keep the server safe.
#pragma once

#include "base/limits.h"
#include "config/toml_table.h"

namespace turnout {

void load_limits(const toml::table& table, Limits& limits, Problems& problems);

}  // namespace turnout
