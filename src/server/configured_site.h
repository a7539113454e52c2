// ConfiguredSite: the Site that a Config describes, with the routes that a program added to it.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/diagnostic.h"
#include "handlers/router.h"
#include "switching/site.h"

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

  const Route& route(const RequestHead& request) const override { return router_.find(request); }
  const Limits& limits() const noexcept override { return limits_; }
  const std::vector<Network>& trusted_proxies() const noexcept override { return trusted_proxies_; }

 private:
  using Handlers = std::vector<std::unique_ptr<const Handler>>;

  ConfiguredSite(const Config& config, Handlers handlers, std::vector<Router::Entry> entries);

  Handlers handlers_;
  Router router_;
  Limits limits_;
  std::vector<Network> trusted_proxies_;
};

}  // namespace turnout
