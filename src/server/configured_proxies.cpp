#include "server/configured_proxies.h"

#include "proxy/health.h"
#include "server/log.h"

namespace turnout {
namespace {

UpstreamOptions::Balance balance_of(Balance balance) noexcept {
  switch (balance) {
    case Balance::round_robin: return UpstreamOptions::Balance::round_robin;
    case Balance::least_connections: return UpstreamOptions::Balance::least_connections;
    case Balance::random_two: return UpstreamOptions::Balance::random_two;
  }
  return UpstreamOptions::Balance::round_robin;
}

std::expected<std::shared_ptr<const TlsClientContext>, std::string> tls_context(const UpstreamConfig& upstream) {
  TlsClientOptions options;
  options.insecure = !upstream.tls.verify;
  options.ca_file = upstream.tls.ca;
  options.ca_file_only = !upstream.tls.ca.empty();
  options.certificate_file = upstream.tls.certificate;
  options.key_file = upstream.tls.key;
  if (upstream.http2) options.alpn = {"h2"};
  options.alpn.push_back("http/1.1");
  return TlsClientContext::make(options);
}

UpstreamServer::ProxyHeader proxy_header_of(SendProxyProtocol version) noexcept {
  switch (version) {
    case SendProxyProtocol::off: return UpstreamServer::ProxyHeader::none;
    case SendProxyProtocol::v1: return UpstreamServer::ProxyHeader::v1;
    case SendProxyProtocol::v2: return UpstreamServer::ProxyHeader::v2;
  }
  return UpstreamServer::ProxyHeader::none;
}

UpstreamServer to_server(const UpstreamServerConfig& server, const UpstreamConfig& upstream,
                         const std::shared_ptr<const TlsClientContext>& tls) {
  const bool is_http2 = server.speaks == UpstreamServerConfig::Speaks::http2;
  UpstreamServer to;
  to.name = server.text;
  to.speaks = is_http2 ? UpstreamServer::Speaks::http2 : UpstreamServer::Speaks::http1;
  to.host = server.host;
  to.port = server.port;
  to.unix_path = server.unix_path;
  if (server.tls) to.tls = tls;
  to.tls_name = upstream.tls.name;
  to.proxy_header = proxy_header_of(upstream.proxy_protocol);
  return to;
}

ForwardRules rules_of(const ProxyConfig& proxy) {
  ForwardRules rules;
  switch (proxy.host) {
    case ProxyConfig::Host::keep: rules.host = ForwardRules::Host::keep; break;
    case ProxyConfig::Host::upstream: rules.host = ForwardRules::Host::upstream; break;
    case ProxyConfig::Host::literal: rules.host = ForwardRules::Host::fixed; break;
  }
  rules.fixed_host = proxy.host_literal;
  rules.strip_prefix = proxy.strip_prefix;
  rules.set = proxy.request.set;
  rules.remove = proxy.request.remove;
  rules.set_response = proxy.response.set;
  rules.remove_response = proxy.response.remove;
  return rules;
}

void report(const HealthChange& change) {
  if (change.up) {
    operational_log().info("upstream {}: {} is in service again ({})", change.upstream.name(), change.server.name,
                           change.reason);
  } else {
    operational_log().warn("upstream {}: {} is out of service: {}", change.upstream.name(), change.server.name,
                           change.reason);
  }
}

class WorkerHealthChecks final : public WorkerLocal {
 public:
  WorkerHealthChecks(Worker& worker, std::shared_ptr<const Connector> connector)
      : connector_(std::move(connector)), checks(worker, *connector_, &report) {}
  Task<void> stop() override { return checks.stop(); }

 private:
  std::shared_ptr<const Connector> connector_;

 public:
  HealthChecks checks;
};

}  // namespace

void ConfiguredProxies::begin(Worker& worker) const {
  for (const auto& [name, configured] : upstreams_) {
    if (!configured.upstream->options().health) continue;
    auto& checking = worker.local<WorkerHealthChecks>(
        connector_.get(), [&] { return std::make_unique<WorkerHealthChecks>(worker, connector_); });
    checking.checks.watch(configured.upstream);
  }
}

void ConfiguredProxies::visit_upstreams(const std::function<void(const Upstream&)>& visit) const {
  for (const auto& [name, configured] : upstreams_) visit(*configured.upstream);
}

std::expected<ConfiguredProxies, Diagnostic> ConfiguredProxies::make(const Config& config) {
  ConfiguredProxies proxies;
  for (const UpstreamConfig& from : config.upstreams) {
    std::shared_ptr<const TlsClientContext> tls;
    for (const UpstreamServerConfig& server : from.servers) {
      if (!server.tls || tls) continue;
      auto made = tls_context(from);
      if (!made) return std::unexpected(Diagnostic{config.file, from.position, made.error()});
      tls = std::move(*made);
    }
    UpstreamOptions options;
    options.name = from.name;
    options.balance = balance_of(from.balance);
    if (from.health) {
      options.health = HealthCheck{from.health->path, from.health->interval, from.health->timeout, from.health->status};
    }
    options.fails_max = from.fails_max;
    options.fail_timeout = from.fail_timeout;
    for (const UpstreamServerConfig& server : from.servers) options.servers.push_back(to_server(server, from, tls));
    Configured& configured = proxies.upstreams_[from.name];
    configured.pooling = {.keep_alive_idle = from.keep_alive_idle,
                          .keep_alive_connections_max = from.keep_alive_connections_max,
                          .warm = from.warm,
                          .is_private = from.proxy_protocol != SendProxyProtocol::off};
    configured.upstream = std::make_shared<Upstream>(std::move(options));
  }
  return proxies;
}

std::unique_ptr<const ConnectUpgrader> ConfiguredProxies::connect_upgrader(const RouteConfig& route,
                                                                           const Limits& limits) const {
  std::vector<UpstreamServer> targets;
  for (const HostPort& target : route.connect->targets) {
    UpstreamServer server;
    server.name = server.host = target.host;
    server.port = target.port;
    targets.push_back(std::move(server));
  }
  const ProxyConfig defaults;
  return std::make_unique<ConnectUpgrader>(std::move(targets), connector_, defaults.connect_timeout,
                                           TunnelLimits{.idle = limits.tunnel_idle});
}

std::shared_ptr<const ProxySettings> ConfiguredProxies::settings(const RouteConfig& route) const {
  const ProxyConfig& proxy = *route.proxy;
  const Configured& configured = upstreams_.find(proxy.to)->second;
  auto settings = std::make_shared<ProxySettings>();
  settings->upstream = configured.upstream;
  settings->connector = connector_;
  settings->pooling = configured.pooling;
  settings->rules = rules_of(proxy);
  settings->tunnel = {
      .idle = proxy.idle, .lifetime = proxy.lifetime.value_or(Millis(0)), .half_close = proxy.half_close};
  settings->connect_timeout = proxy.connect_timeout;
  settings->answer_timeout = proxy.answer_timeout;
  settings->upgrade_timeout = proxy.upgrade_timeout;
  return settings;
}

}  // namespace turnout
