// ConfiguredProxies: the upstreams of a Config, and what its routes do with them.
//
//   auto proxies = ConfiguredProxies::make(config);
//   if (route.proxy) auto settings = proxies->settings(route);
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "config/config.h"
#include "config/diagnostic.h"
#include "proxy/connect_upgrader.h"
#include "proxy/proxy_settings.h"
#include "proxy/socket_connector.h"
#include "proxy/worker_resolver.h"

namespace turnout {

class ConfiguredProxies {
 public:
  /// Loads the certificates of upstreams.
  static std::expected<ConfiguredProxies, Diagnostic> make(const Config& config);

  /// Of a route with `connect`.
  std::unique_ptr<const ConnectUpgrader> connect_upgrader(const RouteConfig& route, const Limits& limits) const;
  /// Of a route with `proxy`, whose upstream the configuration has.
  std::shared_ptr<const ProxySettings> settings(const RouteConfig& route) const;

  void visit_upstreams(const std::function<void(const Upstream&)>& visit) const;

  /// Begins to check how the servers are, from this worker.
  void begin(Worker& worker) const;

 private:
  struct Configured {
    std::shared_ptr<Upstream> upstream;
    PoolOptions pooling;
  };
  std::map<std::string, Configured, std::less<>> upstreams_;
  std::shared_ptr<const Connector> connector_ = std::make_shared<SocketConnector>(&worker_resolver);
};

}  // namespace turnout
