// AccessPolicy: who may use a route, and how much of it. A plain value; who keeps count is in switching/admission.h.
//
//   AccessPolicy policy;
//   policy.allow = {*parse_network("10.0.0.0/8")};
//   policy.per_client.requests = Rate{100, Millis(1000)};      // "100/s"
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/limits.h"
#include "base/network.h"

namespace turnout {

/// So many in each period, which is also how many may come at once.
struct Rate {
  std::uint32_t count = 0;
  Millis per{1000};

  friend bool operator==(const Rate&, const Rate&) = default;
};

/// What is left out is not limited.
struct TrafficLimits {
  std::optional<Rate> requests;  // upgrades are requests too
  std::optional<Rate> upgrades;
  std::optional<std::uint32_t> tunnels;  // open at the same time: whatever follows an accepted offer, or CONNECT

  bool is_unlimited() const noexcept { return !requests && !upgrades && !tunnels; }
  friend bool operator==(const TrafficLimits&, const TrafficLimits&) = default;
};

struct AccessPolicy {
  // An address in `deny` is refused. Then, where `allow` lists any network, an address has to be in one of them.
  std::vector<Network> allow;
  std::vector<Network> deny;
  // For each client address, an IPv6 client being its /64; and for all clients of the route together. Loopback
  // addresses and trusted proxies are not counted.
  TrafficLimits per_client;
  TrafficLimits per_route;

  bool is_open() const noexcept {
    return allow.empty() && deny.empty() && per_client.is_unlimited() && per_route.is_unlimited();
  }
};

}  // namespace turnout
