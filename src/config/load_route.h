// [[route]] tables.
#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "config/toml_table.h"

namespace turnout {

/// Reads routes one by one and notices when two are for the same requests.
class RouteLoader {
 public:
  /// Relative file names are resolved against `folder`. `upstreams` is what a proxy may name.
  RouteLoader(std::string folder, std::span<const UpstreamConfig> upstreams, Problems& problems)
      : folder_(std::move(folder)), upstreams_(upstreams), problems_(problems) {}

  RouteConfig load(const toml::table& table);

 private:
  struct Seen {
    std::vector<std::string> methods;
    SourcePosition position;
  };

  void load_match(const toml::table& table, RouteConfig& route);
  void load_name(TomlTable& table, RouteConfig& route);
  void load_handler(TomlTable& table, RouteConfig& route);
  void load_policy(TomlTable& table, RouteConfig& route);
  void load_tls_policy(TomlTable& table, RouteConfig& route);
  void note_duplicates(const RouteConfig& route);
  void note_duplicate_targets(const RouteConfig& route);

  std::string folder_;
  std::span<const UpstreamConfig> upstreams_;
  Problems& problems_;
  std::map<std::string, std::vector<Seen>> seen_;                            // by host and path
  std::map<std::pair<std::string, std::uint16_t>, SourcePosition> targets_;  // of CONNECT
};

}  // namespace turnout
