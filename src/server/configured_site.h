// ConfiguredSite: the Site that a Config describes, with the routes that a program added to it.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/diagnostic.h"
#include "handlers/router.h"
#include "server/configured_proxies.h"
#include "switching/site.h"
#include "switching/upgrade.h"

namespace turnout {

class ConfiguredSite final : public Site {
 public:
  struct AddedRoute {
    RoutePattern match;
    Route route;
    std::unique_ptr<const Handler> handler;
  };

  static std::expected<std::unique_ptr<const ConfiguredSite>, Diagnostic> make(const Config& config,
                                                                               std::vector<AddedRoute> added);

  const Route& route(const RequestHead& request) const override {
    // RFC 9110 section 9.3.6: the target of a plain CONNECT is an authority, which no path matches.
    const bool is_connect = request.method == "CONNECT" && request.protocol.empty();
    return is_connect && !connects_.empty() ? connect_route(request.target) : router_.find(request);
  }
  void begin(Worker& worker) const override { proxies_.begin(worker); }
  void visit_upstreams(const std::function<void(const Upstream&)>& visit) const { proxies_.visit_upstreams(visit); }
  bool offers_extended_connect() const noexcept override { return offers_extended_connect_; }
  const Limits& limits() const noexcept override { return limits_; }
  const std::vector<Network>& trusted_proxies() const noexcept override { return trusted_proxies_; }

 private:
  using Handlers = std::vector<std::unique_ptr<const Handler>>;
  using Upgraders = std::vector<std::unique_ptr<const Upgrader>>;

  struct ConnectRoute {
    std::unique_ptr<const ConnectUpgrader> upgrader;
    Route route;
  };

  ConfiguredSite(const Config& config, ConfiguredProxies proxies, Handlers handlers, Upgraders upgraders,
                 std::vector<Router::Entry> entries);

  const Route& connect_route(std::string_view target) const noexcept;

  ConfiguredProxies proxies_;
  Handlers handlers_;
  Upgraders upgraders_;
  std::vector<ConnectRoute> connects_;
  Route no_target_;  // for a CONNECT to what no route lists, where there are routes for CONNECT
  bool offers_extended_connect_;
  Router router_;
  Limits limits_;
  std::vector<Network> trusted_proxies_;
};

}  // namespace turnout
