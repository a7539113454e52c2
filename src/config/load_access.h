// Who may use a route, and how much of it: allow, deny, limit_per_client, limit_per_route.
#pragma once

#include <string_view>
#include <vector>

#include "base/access_policy.h"
#include "config/toml_table.h"

namespace turnout {

/// An array of networks; empty where the key is missing.
std::vector<Network> load_networks(TomlTable& table, std::string_view key);

AccessPolicy load_access(TomlTable& table);

}  // namespace turnout
