// Connector: opens a connection to a backend. Tests have one of their own, on pipes in memory.
//
//   const auto connected = co_await connector.connect(worker, lease.server(), {.limit = Millis(5'000)});
//   if (!connected) answer(status(connected.error().error), text(connected.error().error));
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "codec/proxy_protocol/header.h"
#include "proxy/upstream_error.h"
#include "proxy/upstream_server.h"
#include "runtime/cancellation.h"
#include "runtime/task.h"
#include "transport/wire.h"

namespace turnout {

/// For this one connection. Limits are absolute: from the call to the end of the TLS handshake.
struct ConnectHow {
  Millis limit{5'000};
  /// Inside TLS only HTTP/1.1 is offered: for what needs it, as a switch by Upgrade does.
  bool http1_only = false;
  Cancellation* cancellation = nullptr;  // ends it in the next turn, with UpstreamError::cancelled
  // Whose connection it is, for servers that are told; nothing where it is our own.
  std::optional<ProxiedConnection> client{};
};

struct Connected {
  Wire wire;
  std::string alpn;  // what TLS negotiated; empty: nothing, or no TLS
};

/// By negotiation inside TLS, else by what the server is known to speak.
inline bool speaks_http2(const Connected& connected, const UpstreamServer& server) noexcept {
  return server.tls ? connected.alpn == "h2" : server.speaks == UpstreamServer::Speaks::http2;
}

struct ConnectError {
  UpstreamError error = UpstreamError::proxy_internal_error;
  std::string detail;  // for the log: what the system or OpenSSL said; may be empty
};

class Connector {
 public:
  virtual ~Connector() = default;
  /// `server` is the caller's and outlives the task.
  virtual Task<std::expected<Connected, ConnectError>> connect(Worker& worker, const UpstreamServer& server,
                                                               ConnectHow how) const = 0;
};

}  // namespace turnout
