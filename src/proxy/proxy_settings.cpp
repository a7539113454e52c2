#include "proxy/proxy_settings.h"

#include <algorithm>

#include "switching/session.h"

namespace turnout {

UpstreamPool& ProxySettings::pool(const Session& session) const {
  Worker& worker = session.worker();
  return worker.local<UpstreamPool>(upstream.get(), [&] {
    return std::make_unique<UpstreamPool>(worker, connector, upstream, pooling, session.limits());
  });
}

ForwardHop ProxySettings::hop(const Session& session, const UpstreamServer& server) const {
  const Address& client = session.peers().remote;
  return {.client = client,
          .client_is_trusted = contains(session.site().trusted_proxies(), client),
          .upstream_authority = authority_of(server)};
}

ConnectHow ProxySettings::connect_how(const Session& session, Millis limit) const {
  ConnectHow how;
  how.limit = std::min(limit, connect_timeout);
  if (pooling.is_private) how.client = ProxiedConnection{session.peers().remote, session.peers().local};
  return how;
}

}  // namespace turnout
