// What a route does with the servers behind it: proxy = { ... } and connect = [ ... ].
#pragma once

#include <span>
#include <string>

#include "config/config.h"
#include "config/toml_table.h"

namespace turnout {

/// `match` of the route has been read already; `switch` of the proxy goes to the route.
void load_proxy(const toml::table& table, std::span<const UpstreamConfig> upstreams, RouteConfig& route,
                Problems& problems);

/// The key "connect" of a route's table, where it is there.
void load_connect(TomlTable& table, RouteConfig& route);

}  // namespace turnout
