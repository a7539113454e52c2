// SocketConnector: connects to backends over TCP and unix sockets, with TLS where they have it.
//
//   const SocketConnector connector([](Worker& worker) -> Resolver& { return ...; });
//
// Its workers are EpollLoops. TLS is verified unless the server's context says otherwise, and never left out: where the
// handshake fails there is no connection.
#pragma once

#include <functional>

#include "proxy/connector.h"
#include "transport/resolver.h"

namespace turnout {

class SocketConnector final : public Connector {
 public:
  /// The resolver of a worker. Asked for on that worker's thread, and only where a server has a name.
  using ResolverOf = std::function<Resolver&(Worker& worker)>;

  explicit SocketConnector(ResolverOf resolver_of) : resolver_of_(std::move(resolver_of)) {}

  Task<std::expected<Connected, ConnectError>> connect(Worker& worker, const UpstreamServer& server,
                                                       ConnectHow how) const override;

 private:
  ResolverOf resolver_of_;
};

}  // namespace turnout
