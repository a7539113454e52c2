// [[upstream]] tables.
#pragma once

#include <map>
#include <string>

#include "config/toml_table.h"
#include "config/upstream_config.h"

namespace turnout {

/// Reads upstreams one by one and notices when two have the same name.
class UpstreamLoader {
 public:
  /// Relative file names are resolved against `folder`.
  UpstreamLoader(std::string folder, Problems& problems) : folder_(std::move(folder)), problems_(problems) {}

  UpstreamConfig load(const toml::table& table);

 private:
  void load_name(TomlTable& table, UpstreamConfig& upstream);
  void load_servers(TomlTable& table, UpstreamConfig& upstream);
  void load_health(TomlTable& table, UpstreamConfig& upstream);
  void load_tls(TomlTable& table, UpstreamConfig& upstream);

  std::string folder_;
  Problems& problems_;
  std::map<std::string, std::uint32_t> names_;  // and the line of the upstream
};

}  // namespace turnout
