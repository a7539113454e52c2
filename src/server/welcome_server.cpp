#include "server/welcome_server.h"

#include <cassert>

#include "handlers/echo.h"
#include "handlers/welcome.h"

namespace turnout {
namespace {

std::vector<ListenerConfig> listeners_of(const WelcomeOptions& options) {
  std::vector<ListenerConfig> listeners;
  for (const Address& address : options.http) listeners.push_back(http_listener(address));
  for (const Address& address : options.https) listeners.push_back(https_listener(address));
  if (listeners.empty()) {
    listeners.push_back(http_listener(*parse_address(welcome_http)));
    listeners.push_back(https_listener(*parse_address(welcome_https)));
  }
  return listeners;
}

}  // namespace

ListenerConfig http_listener(const Address& address) {
  ListenerConfig listener;
  listener.address = address;
  if (!address.is_loopback()) return listener;
  listener.lenient_upgrade = true;
  listener.tls_upgrade = TlsUpgrade::compatible;
  listener.tls.push_back({.certificate = {}, .key = {}, .self_signed_for = {"upgrade.localhost"}, .position = {}});
  return listener;
}

ListenerConfig https_listener(const Address& address) {
  std::vector<std::string> names{"localhost", "127.0.0.1", "::1"};
  if (!address.is_loopback() && !address.is_any()) names.push_back(ip_text(address));
  ListenerConfig listener;
  listener.address = address;
  listener.tls.push_back({.certificate = {}, .key = {}, .self_signed_for = std::move(names), .position = {}});
  return listener;
}

Config welcome_config(const WelcomeOptions& options) {
  Config config;
  config.listeners = listeners_of(options);
  RouteConfig echo;
  echo.match.path = "/echo";
  echo.handler = EchoConfig{};
  echo.switch_tokens = {"websocket"};
  config.routes.push_back(std::move(echo));
  if (!options.root.empty()) {
    RouteConfig files;
    files.match.path = "/**";
    files.handler = FilesConfig{.root = options.root, .prefix = {}};
    config.routes.push_back(std::move(files));
  }
  return config;
}

Config proxy_config(const WelcomeOptions& options, UpstreamServerConfig server) {
  Config config;
  config.listeners = listeners_of(options);
  UpstreamConfig upstream;
  upstream.name = "proxy";
  upstream.servers.push_back(std::move(server));
  RouteConfig everything;
  everything.proxy.emplace().to = upstream.name;
  everything.switch_tokens = {"websocket"};
  everything.origins.kind = OriginPolicy::Kind::any;
  config.upstreams.push_back(std::move(upstream));
  config.routes.push_back(std::move(everything));
  return config;
}

void add_welcome_routes(Server& server, const WelcomeOptions& options) {
  if (!options.root.empty()) return;
  for (const std::string_view path : {"/", "/index.html"}) {
    const auto added = server.add_route(path, std::make_unique<Welcome>());
    assert(added && "the path is a pattern");
    (void)added;
  }
}

}  // namespace turnout
