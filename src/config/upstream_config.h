// UpstreamConfig: the servers behind a proxy, as [[upstream]] describes them; ProxyConfig and ConnectConfig: what a
// route does with them.
//
//   for (const UpstreamServerConfig& server : upstream.servers) {
//     server.is_unix() ? connect(server.unix_path) : connect(server.host, server.port);
//   }
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "config/source_position.h"

namespace turnout {

struct HostPort {
  std::string host;  // lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;

  friend bool operator==(const HostPort&, const HostPort&) = default;
};

struct UpstreamServerConfig {
  enum class Speaks : std::uint8_t { http1, http2 };

  // What it speaks without any negotiation. Inside TLS that is HTTP/1.1, unless ALPN chooses HTTP/2.
  Speaks speaks = Speaks::http1;
  bool tls = false;
  std::string text;  // as it was written
  std::string host;  // a name in lower case, or an IP address without brackets; empty for a unix socket
  std::uint16_t port = 0;
  std::string unix_path;  // empty: TCP
  SourcePosition position;

  bool is_unix() const noexcept { return !unix_path.empty(); }
};

enum class Balance : std::uint8_t { round_robin, least_connections, random_two };

struct HealthConfig {
  std::string path;
  Millis interval{5'000};
  Millis timeout{2'000};
  std::optional<int> status;  // what a healthy server answers; any 2xx or 3xx unless it is given
};

/// How https:// servers are spoken to.
struct UpstreamTlsConfig {
  std::string ca;           // a PEM file of the authorities that are trusted; empty: those of the system
  std::string certificate;  // our own, with its key, both PEM files; empty: none is shown
  std::string key;
  std::string name;  // what is verified, and sent as SNI; empty: the host of the server
  bool verify = true;
};

/// The version of the PROXY protocol in which a server is told who the client is.
enum class SendProxyProtocol : std::uint8_t { off, v1, v2 };

struct UpstreamConfig {
  std::string name;
  std::vector<UpstreamServerConfig> servers;  // never empty
  Balance balance = Balance::round_robin;
  std::optional<HealthConfig> health;
  // After so many failures in a row a server is left out for so long. 0 leaves none out.
  std::uint32_t fails_max = 3;
  Millis fail_timeout{10'000};
  UpstreamTlsConfig tls;
  bool http2 = false;  // https:// servers are offered HTTP/2 by ALPN, before HTTP/1.1
  SendProxyProtocol proxy_protocol = SendProxyProtocol::off;
  // Connections without a request: how long they are kept, and how many for each server and worker.
  Millis keep_alive_idle{60'000};
  std::uint32_t keep_alive_connections_max = 64;
  // Connections that are opened ahead of need, for switches, for each server and worker.
  std::uint32_t warm = 0;
  SourcePosition position;
};

/// Removed first, set then; what is set takes the place of every field with that name.
struct FieldEdits {
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::string> remove;
};

/// What may be switched to is in RouteConfig::switch_tokens, as on any route.
struct ProxyConfig {
  enum class Host : std::uint8_t { keep, upstream, literal };

  std::string to;  // the name of an upstream that the configuration has

  // Of what follows a switch.
  Millis idle{3'600'000};          // nothing in either direction
  std::optional<Millis> lifetime;  // unlimited unless given
  Millis half_close{30'000};       // one direction after the other has ended

  Millis connect_timeout{5'000};   // TLS among it
  Millis answer_timeout{60'000};   // from the end of a request to the head of its answer
  Millis upgrade_timeout{10'000};  // from an offer to its answer

  std::string strip_prefix;  // "/app": what a path loses at its front; empty: nothing
  Host host = Host::keep;
  std::string host_literal;
  FieldEdits request;
  FieldEdits response;
};

/// CONNECT (RFC 9110 section 9.3.6). Such a route has no other match than its targets.
struct ConnectConfig {
  std::vector<HostPort> targets;
};

}  // namespace turnout
