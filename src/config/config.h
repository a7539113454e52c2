// Config: what the user asked for, validated, as plain values. Nothing in it is alive: the server reads it,
// and may read another one while connections still live under this one.
//
//   auto config = load_config("turnout.toml");      // config/load.h
//   for (const ListenerConfig& listener : config->listeners) ...
//
// Every listener and route remembers where it was written, so that a check which is made later, by whoever
// knows more than the file, can still name the place: Diagnostic{config.file, route.position, "..."}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/access_policy.h"
#include "base/address.h"
#include "base/limits.h"
#include "base/log_format.h"
#include "base/network.h"
#include "base/origin_policy.h"
#include "base/transcript_policy.h"
#include "codec/websocket/compression_level.h"
#include "config/admin_config.h"
#include "config/source_position.h"
#include "config/upstream_config.h"

namespace turnout {

struct CertificateConfig {
  std::string certificate;  // file names; relative ones were resolved against the folder of the configuration
  std::string key;
  // Where it is not empty, no file is read: a self-signed certificate for these names is made at start, in memory.
  std::vector<std::string> self_signed_for{};
  SourcePosition position;
};

/// On which requests an offer of TLS (RFC 2817) is taken up.
enum class TlsUpgrade : std::uint8_t { off, options_only, compatible };

struct ListenerConfig {
  Address address;
  std::vector<CertificateConfig> tls;
  TlsUpgrade tls_upgrade = TlsUpgrade::off;
  bool lenient_upgrade = false;      // Upgrade: HTTP/2.0 without Connection: upgrade is taken up
  bool accept_opossum_risk = false;  // a certificate's name may be shared with an https listener (T2)
  bool proxy_protocol = false;       // every connection begins with a PROXY header, from a trusted proxy
  SourcePosition position;

  /// TLS from the first byte. With tls_upgrade, the certificates are for what follows the switch instead.
  bool is_https() const noexcept { return !tls.empty() && tls_upgrade == TlsUpgrade::off; }
};

struct RouteMatchConfig {
  std::vector<std::string> hosts;    // empty: any; lower case, without port; "*.example.com"
  std::string path = "/**";          // codec/http/path_pattern.h
  std::vector<std::string> methods;  // empty: any
};

struct FilesConfig {
  std::string root;
  // What the path of a request loses at its front before it is looked up under root: with the route
  // "/docs/**" and the root "/srv/docs", /docs/a.html is /srv/docs/a.html.
  std::string prefix;
};

struct RespondConfig {
  int status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> fields;
};

struct RedirectConfig {
  std::string to;
  int status = 302;
};

struct EchoConfig {};

using HandlerConfig = std::variant<FilesConfig, RespondConfig, RedirectConfig, EchoConfig>;

struct RouteConfig {
  std::string name;  // on record and in metrics; in the file that of its host and path unless it is given
  RouteMatchConfig match;
  // A route has exactly one of these; where it is one of the last two, the first says nothing.
  HandlerConfig handler;
  std::optional<ProxyConfig> proxy;
  std::optional<ConnectConfig> connect;

  OriginPolicy origins;  // "any" for a proxy unless it is given: the server behind it decides
  AccessPolicy access;
  bool require_tls = false;
  std::uint16_t redirect_to_https = 0;     // the port of the URL that a request in cleartext is sent to; 0: none
  std::vector<std::string> switch_tokens;  // lower case; what Upgrade and extended CONNECT may ask for here
  SourcePosition position;
};

/// "/chat", "example.com/chat", "CONNECT".
std::string default_route_name(const RouteConfig& route);

struct AccessLogConfig {
  std::string file;  // "-" is standard output
  LogFormat format = LogFormat::w3c;
};

struct WebSocketConfig {
  bool compression = true;  // permessage-deflate where the client offers it; the message limit is in Limits
  std::uint8_t compression_level = websocket::compression_level_default;
};

struct Config {
  std::string file;  // the name that diagnostics give
  std::vector<ListenerConfig> listeners;
  std::vector<UpstreamConfig> upstreams;
  std::vector<RouteConfig> routes;
  std::vector<Network> trusted_proxies;
  std::uint32_t workers = 0;  // 0: one for every core
  std::optional<AccessLogConfig> access_log;
  TranscriptPolicy transcripts;  // there are always some: those that explain why something did not switch
  Limits limits;                 // limits.drain and limits.message_bytes_max have their own keys in the file
  WebSocketConfig websocket;
  std::optional<AdminConfig> admin;  // nothing: there is no admin listener
};

}  // namespace turnout
