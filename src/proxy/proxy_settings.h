// ProxySettings: what a route does with the requests and switches that it proxies. Immutable, shared by all workers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "proxy/connector.h"
#include "proxy/forwarding.h"
#include "proxy/tunnel.h"
#include "proxy/upstream.h"
#include "proxy/upstream_pool.h"

namespace turnout {

class Session;

struct ProxySettings {
  std::shared_ptr<Upstream> upstream;
  std::shared_ptr<const Connector> connector;
  PoolOptions pooling;
  ForwardRules rules;
  TunnelLimits tunnel;
  Millis connect_timeout{5'000};
  Millis answer_timeout{60'000};   // to the head of an answer, and between two pieces of it
  Millis upgrade_timeout{10'000};  // from an offer to its answer

  /// Of the worker that the caller runs on.
  UpstreamPool& pool(const Session& session) const;
  /// The client's part of a request's way, and the server's.
  ForwardHop hop(const Session& session, const UpstreamServer& server) const;
  ConnectHow connect_how(const Session& session, Millis limit) const;
};

}  // namespace turnout
