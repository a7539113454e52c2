#include "config/describe.h"

#include <type_traits>

#include "codec/json/json.h"
#include "config/load_limits.h"

namespace turnout {
namespace {

constexpr int json_version = 1;

std::string texts(const std::vector<std::string>& all) {
  return json_array(all, [](const std::string& one) { return json_string(one); });
}

std::string networks(const std::vector<Network>& all) {
  return json_array(all, [](const Network& network) { return json_string(text(network)); });
}

std::string describe(const Rate& rate) {
  return JsonObject().number("count", rate.count).number("per_ms", rate.per.count()).end();
}

std::string describe(const TrafficLimits& limits) {
  JsonObject to;
  if (limits.requests) to.raw("requests", describe(*limits.requests));
  if (limits.upgrades) to.raw("upgrades", describe(*limits.upgrades));
  if (limits.tunnels) to.number("tunnels", *limits.tunnels);
  return to.end();
}

std::string_view describe(TlsUpgrade upgrade) {
  switch (upgrade) {
    case TlsUpgrade::off: return "off";
    case TlsUpgrade::options_only: return "options-only";
    case TlsUpgrade::compatible: return "compatible";
  }
  return "off";
}

std::string describe(const ListenerConfig& listener) {
  return JsonObject()
      .text("address", text(listener.address))
      .raw("certificates",
           json_array(listener.tls,
                      [](const CertificateConfig& one) {
                        return one.self_signed_for.empty()
                                   ? JsonObject().text("file", one.certificate).end()
                                   : JsonObject().raw("self_signed_for", texts(one.self_signed_for)).end();
                      }))
      .text("tls_upgrade", describe(listener.tls_upgrade))
      .flag("lenient_upgrade", listener.lenient_upgrade)
      .flag("accept_opossum_risk", listener.accept_opossum_risk)
      .flag("proxy_protocol", listener.proxy_protocol)
      .end();
}

/// A query may hold what opens the place.
std::string without_query(const std::string& url) {
  const std::size_t mark = url.find('?');
  return mark == std::string::npos ? url : url.substr(0, mark) + "?[masked]";
}

std::string_view describe(Balance balance) {
  switch (balance) {
    case Balance::round_robin: return "round-robin";
    case Balance::least_connections: return "least-connections";
    case Balance::random_two: return "random-two";
  }
  return "round-robin";
}

std::string describe(const UpstreamConfig& upstream) {
  JsonObject to;
  to.text("name", upstream.name)
      .raw("servers",
           json_array(upstream.servers, [](const UpstreamServerConfig& one) { return json_string(one.text); }))
      .text("balance", describe(upstream.balance));
  if (upstream.health) {
    JsonObject health;
    health.text("path", without_query(upstream.health->path))
        .number("interval_ms", upstream.health->interval.count())
        .number("timeout_ms", upstream.health->timeout.count());
    if (upstream.health->status) health.number("status", *upstream.health->status);
    to.raw("health", health.end());
  }
  return to.number("fails_max", upstream.fails_max)
      .number("fail_timeout_ms", upstream.fail_timeout.count())
      .flag("tls_verify", upstream.tls.verify)
      .flag("http2", upstream.http2)
      .flag("proxy_protocol", upstream.proxy_protocol != SendProxyProtocol::off)
      .number("keep_alive_idle_ms", upstream.keep_alive_idle.count())
      .number("keep_alive_connections_max", upstream.keep_alive_connections_max)
      .number("warm", upstream.warm)
      .end();
}

/// Names alone: a value may be what opens the server behind us.
std::string describe(const FieldEdits& edits) {
  return JsonObject()
      .raw("set", json_array(edits.set, [](const auto& field) { return json_string(field.first); }))
      .raw("remove", texts(edits.remove))
      .end();
}

std::string_view describe(ProxyConfig::Host host) {
  switch (host) {
    case ProxyConfig::Host::keep: return "keep";
    case ProxyConfig::Host::upstream: return "upstream";
    case ProxyConfig::Host::literal: return "literal";
  }
  return "keep";
}

std::string describe(const OriginPolicy& origins) {
  switch (origins.kind) {
    case OriginPolicy::Kind::same: return json_string("same");
    case OriginPolicy::Kind::any: return json_string("any");
    case OriginPolicy::Kind::listed: break;
  }
  return texts(origins.listed);
}

std::string describe(const TranscriptPolicy& transcripts) {
  return JsonObject()
      .text("file", transcripts.file)
      .number("kept_bytes", static_cast<std::int64_t>(transcripts.kept_bytes))
      .number("recent_bytes", static_cast<std::int64_t>(transcripts.recent_bytes))
      .raw("mask_fields", texts(transcripts.mask_fields))
      .raw("mask_query", texts(transcripts.mask_query))
      .number("rules", static_cast<std::int64_t>(transcripts.keep.size()))
      .end();
}

std::string describe(const AdminConfig& admin) {
  return JsonObject()
      .text("socket", admin.socket)
      .text("address", admin.address ? text(*admin.address) : "")
      .text("token_file", admin.token_file)
      .flag("write", admin.write)
      .end();
}

std::string describe(const ProxyConfig& proxy) {
  JsonObject to;
  to.text("to", proxy.to).number("idle_ms", proxy.idle.count());
  if (proxy.lifetime) to.number("lifetime_ms", proxy.lifetime->count());
  return to.number("half_close_ms", proxy.half_close.count())
      .number("connect_timeout_ms", proxy.connect_timeout.count())
      .number("answer_timeout_ms", proxy.answer_timeout.count())
      .number("upgrade_timeout_ms", proxy.upgrade_timeout.count())
      .text("strip_prefix", proxy.strip_prefix)
      .text("host", describe(proxy.host))
      .raw("request", describe(proxy.request))
      .raw("response", describe(proxy.response))
      .end();
}

void describe_handler(const HandlerConfig& handler, JsonObject& to) {
  std::visit(
      [&]<class T>(const T& one) {
        if constexpr (std::is_same_v<T, FilesConfig>) {
          to.raw("files", JsonObject().text("root", one.root).end());
        } else if constexpr (std::is_same_v<T, RespondConfig>) {
          to.raw("respond", JsonObject().number("status", one.status).end());
        } else if constexpr (std::is_same_v<T, RedirectConfig>) {
          to.raw("redirect", JsonObject().text("to", without_query(one.to)).number("status", one.status).end());
        } else {
          to.raw("echo", "{}");
        }
      },
      handler);
}

std::string describe(const RouteConfig& route) {
  JsonObject to;
  to.text("name", route.name.empty() ? default_route_name(route) : route.name);
  if (route.connect) {
    to.raw("connect", json_array(route.connect->targets, [](const HostPort& target) {
             return json_string(target.host + ":" + std::to_string(target.port));
           }));
  } else {
    to.raw("hosts", texts(route.match.hosts))
        .text("path", route.match.path)
        .raw("methods", texts(route.match.methods))
        .raw("switch_tokens", texts(route.switch_tokens));
    if (route.proxy) {
      to.raw("proxy", describe(*route.proxy));
    } else {
      describe_handler(route.handler, to);
    }
  }
  return to.raw("origins", describe(route.origins))
      .flag("require_tls", route.require_tls)
      .number("redirect_to_https", route.redirect_to_https)
      .raw("allow", networks(route.access.allow))
      .raw("deny", networks(route.access.deny))
      .raw("limit_per_client", describe(route.access.per_client))
      .raw("limit_per_route", describe(route.access.per_route))
      .end();
}

std::string describe(const Limits& limits) {
  JsonObject to;
  for (const auto& [name, value] : limit_values(limits)) to.number(name, static_cast<std::int64_t>(value));
  return to.number("drain_ms", limits.drain.count())
      .number("message_bytes_max", static_cast<std::int64_t>(limits.message_bytes_max))
      .end();
}

}  // namespace

std::string describe(const Config& config) {
  JsonObject to;
  to.number("version", json_version)
      .text("file", config.file)
      .number("workers", config.workers)
      .raw("listeners", json_array(config.listeners, [](const auto& one) { return describe(one); }))
      .raw("upstreams", json_array(config.upstreams, [](const auto& one) { return describe(one); }))
      .raw("routes", json_array(config.routes, [](const auto& one) { return describe(one); }))
      .raw("trusted_proxies", networks(config.trusted_proxies));
  if (config.access_log) {
    to.raw("access_log", JsonObject()
                             .text("file", config.access_log->file)
                             .text("format", config.access_log->format == LogFormat::json ? "json" : "w3c")
                             .end());
  }
  to.raw("transcripts", describe(config.transcripts))
      .raw("limits", describe(config.limits))
      .flag("websocket_compression", config.websocket.compression)
      .number("websocket_compression_level", config.websocket.compression_level);
  if (config.admin) to.raw("admin", describe(*config.admin));
  return to.end() + "\n";
}

}  // namespace turnout
