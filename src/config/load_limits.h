// The [limits] table: the names of base/limits.h that may be set, each within bounds that keep the server safe.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "config/toml_table.h"

namespace turnout {

/// Those of load_limits(), by the names that they have there; durations in milliseconds.
std::vector<std::pair<std::string_view, std::uint64_t>> limit_values(const Limits& limits);

void load_limits(const toml::table& table, Limits& limits, Problems& problems);

}  // namespace turnout
