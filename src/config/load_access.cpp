#include "config/load_access.h"

#include "config/quantity.h"

namespace turnout {
namespace {

constexpr std::int64_t tunnels_max = 1'000'000;

void load_rate(TomlTable& table, std::string_view key, std::optional<Rate>& to) {
  std::string written;
  if (!table.read(key, written)) return;
  to = parse_rate(written);
  if (!to) {
    table.problems().add(table.position(key),
                         in_quotes(key) + " is a whole number, '/' and a unit, as \"100/s\", \"60/m\" or \"1000/h\"");
  }
}

TrafficLimits load_traffic_limits(TomlTable& outer, std::string_view key) {
  TrafficLimits limits;
  const toml::table* found = outer.read_table(key);
  if (found == nullptr) return limits;
  TomlTable table(*found, outer.problems());
  load_rate(table, "requests", limits.requests);
  load_rate(table, "upgrades", limits.upgrades);
  std::int64_t tunnels = 0;
  if (table.read("tunnels", tunnels, 0, tunnels_max)) limits.tunnels = static_cast<std::uint32_t>(tunnels);
  table.finish();
  return limits;
}

}  // namespace

std::vector<Network> load_networks(TomlTable& table, std::string_view key) {
  std::vector<Network> networks;
  for (const PlacedText& written : table.read_texts(key, false).value_or(std::vector<PlacedText>())) {
    const std::optional<Network> network = parse_network(written.text);
    if (network) {
      networks.push_back(*network);
    } else {
      table.problems().add(written.position,
                           in_quotes(written.text) +
                               " is not a network, as \"192.0.2.0/24\", \"2001:db8::/32\" or \"192.0.2.7\";"
                               " the bits behind the prefix are zero");
    }
  }
  return networks;
}

AccessPolicy load_access(TomlTable& table) {
  AccessPolicy access;
  access.allow = load_networks(table, "allow");
  const toml::node* allow = table.find("allow");
  if (allow != nullptr && allow->is_array() && allow->as_array()->empty()) {
    table.problems().add(*allow, "\"allow\" is empty, and would let nobody in; leave the key out to let everybody in");
  }
  access.deny = load_networks(table, "deny");
  access.per_client = load_traffic_limits(table, "limit_per_client");
  access.per_route = load_traffic_limits(table, "limit_per_route");
  return access;
}

}  // namespace turnout
