#include "server/configured_site.h"

#include <algorithm>

#include "handlers/echo.h"
#include "handlers/files.h"
#include "handlers/redirect.h"
#include "handlers/respond.h"
#include "proxy/proxy_handler.h"
#include "proxy/proxy_upgrader.h"
#include "switching/admission.h"

namespace turnout {
namespace {

struct MakeHandler {
  using Made = std::expected<std::unique_ptr<const Handler>, std::string>;

  Made operator()(const RespondConfig& respond) const {
    Respond::Fields fields{{"Content-Type", respond.content_type}};
    fields.insert(fields.end(), respond.fields.begin(), respond.fields.end());
    return std::make_unique<Respond>(respond.status, std::move(fields), respond.body);
  }
  Made operator()(const RedirectConfig& redirect) const {
    return std::make_unique<Redirect>(redirect.to, redirect.status);
  }
  Made operator()(const EchoConfig& /*echo*/) const { return std::make_unique<Echo>(); }
  Made operator()(const FilesConfig& files) const { return Files::open(files.root, files.prefix); }
};

/// A configuration that a program made need not have named its routes.
std::string name_of(const RouteConfig& route) {
  return route.name.empty() ? default_route_name(route) : route.name;
}

std::shared_ptr<const Admission> make_admission(const Config& config, const RouteConfig& route) {
  if (route.access.is_open()) return nullptr;
  return std::make_shared<Admission>(route.access, config.trusted_proxies);
}

}  // namespace

std::expected<std::unique_ptr<const ConfiguredSite>, Diagnostic> ConfiguredSite::make(const Config& config,
                                                                                      std::vector<AddedRoute> added) {
  auto proxies = ConfiguredProxies::make(config);
  if (!proxies) return std::unexpected(proxies.error());
  Handlers handlers;
  Upgraders upgraders;
  std::vector<Router::Entry> entries;
  for (AddedRoute& route : added) {
    handlers.push_back(std::move(route.handler));
    route.route.handler = handlers.back().get();
    entries.push_back({std::move(route.match), std::move(route.route)});
  }
  std::vector<ConnectRoute> connects;
  for (const RouteConfig& route : config.routes) {
    if (route.connect) {
      auto upgrader = proxies->connect_upgrader(route, config.limits);
      Route connect;
      connect.name = name_of(route);
      connect.upgrader = upgrader.get();
      connect.require_tls = route.require_tls;
      connect.admission = make_admission(config, route);
      connects.push_back({std::move(upgrader), std::move(connect)});
      continue;
    }
    auto path = PathPattern::parse(route.match.path);
    if (!path) return std::unexpected(Diagnostic{config.file, route.position, path.error()});
    const Upgrader* upgrader = nullptr;
    if (route.proxy) {
      auto settings = proxies->settings(route);
      handlers.push_back(std::make_unique<ProxyHandler>(settings));
      upgraders.push_back(std::make_unique<ProxyUpgrader>(std::move(settings)));
      upgrader = upgraders.back().get();
    } else {
      auto handler = std::visit(MakeHandler(), route.handler);
      if (!handler) return std::unexpected(Diagnostic{config.file, route.position, handler.error()});
      handlers.push_back(std::move(*handler));
    }
    entries.push_back({{route.match.hosts, std::move(*path), route.match.methods},
                       Route{.name = name_of(route),
                             .handler = handlers.back().get(),
                             .switch_tokens = route.switch_tokens,
                             .upgrader = upgrader,
                             .origins = route.origins,
                             .require_tls = route.require_tls,
                             .redirect_to_https = route.redirect_to_https,
                             .admission = make_admission(config, route)}});
  }
  auto site = std::unique_ptr<ConfiguredSite>(
      new ConfiguredSite(config, std::move(*proxies), std::move(handlers), std::move(upgraders), std::move(entries)));
  const Handler* handler = site->router_.find(RequestHead{}).handler;
  for (ConnectRoute& connect : connects) connect.route.handler = handler;
  // Any of their upgraders refuses a target that is not its own.
  site->no_target_.handler = handler;
  if (!connects.empty()) site->no_target_.upgrader = connects.front().upgrader.get();
  site->connects_ = std::move(connects);
  return site;
}

const Route& ConfiguredSite::connect_route(std::string_view target) const noexcept {
  for (const ConnectRoute& connect : connects_) {
    if (connect.upgrader->serves(target)) return connect.route;
  }
  return no_target_;
}

ConfiguredSite::ConfiguredSite(const Config& config, ConfiguredProxies proxies, Handlers handlers, Upgraders upgraders,
                               std::vector<Router::Entry> entries)
    : proxies_(std::move(proxies)),
      handlers_(std::move(handlers)),
      upgraders_(std::move(upgraders)),
      offers_extended_connect_(
          std::ranges::any_of(entries, [](const Router::Entry& entry) { return !entry.route.switch_tokens.empty(); })),
      router_(std::move(entries)),
      limits_(config.limits),
      trusted_proxies_(config.trusted_proxies) {}

}  // namespace turnout
