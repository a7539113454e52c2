#include "server/connection_limits.h"

namespace turnout {

std::optional<ConnectionLimits::Places> ConnectionLimits::admit(const Address& remote, bool with_handshake) {
  Places places;
  if (remote.is_loopback() || contains(trusted_proxies_, remote)) return places;
  const std::uint64_t client = connections_.key(remote);
  if (!connections_.open(client, connections_max_)) return std::nullopt;
  places.connection = ClientCounts::Place(connections_, client);
  if (!with_handshake) return places;
  if (!handshakes_.open(client, handshakes_max_)) return std::nullopt;
  places.handshake = ClientCounts::Place(handshakes_, client);
  return places;
}

}  // namespace turnout
