// ConnectionLimits: how many connections, and TLS handshakes under way, one client address may have (D4, D5). Shared by
// all workers; asked once for each connection, when it has been accepted.
//
//   auto places = limits.admit(remote, is_https);
//   if (!places) ...                                 // it is closed without a word
#pragma once

#include <optional>
#include <vector>

#include "base/client_counts.h"
#include "base/limits.h"
#include "base/network.h"

namespace turnout {

class ConnectionLimits {
 public:
  struct Places {
    ClientCounts::Place connection;
    ClientCounts::Place handshake;
  };

  ConnectionLimits(const Limits& limits, std::vector<Network> trusted_proxies)
      : connections_max_(limits.connections_per_client_max),
        handshakes_max_(limits.handshakes_per_client_max),
        trusted_proxies_(std::move(trusted_proxies)) {}

  /// Nothing where the client has too many. Loopback addresses and trusted proxies are not counted.
  std::optional<Places> admit(const Address& remote, bool with_handshake);

 private:
  std::uint32_t connections_max_;
  std::uint32_t handshakes_max_;
  std::vector<Network> trusted_proxies_;
  ClientCounts connections_;
  ClientCounts handshakes_;
};

}  // namespace turnout
