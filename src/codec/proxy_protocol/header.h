// The header of the PROXY protocol, versions 1 and 2: what a proxy that passes bytes on says in front of them about who
// its client is.
//
//   const ProxyHeaderParse parse = parse_proxy_header(wire.peek());
//   if (parse.status == ProxyHeaderParse::Status::whole) consume(parse.bytes);
//
// Strict: whoever writes such a header is a program that knows how, and one that does not is somebody else (O7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/bytes.h"
#include "base/pool.h"

namespace turnout {

/// Both ends of the connection that the proxy accepted.
struct ProxiedConnection {
  Address source;
  Address destination;

  friend bool operator==(const ProxiedConnection&, const ProxiedConnection&) = default;
};

struct ProxyHeaderParse {
  enum class Status : std::uint8_t { incomplete, malformed, whole };

  Status status = Status::incomplete;
  std::size_t bytes = 0;  // of a whole header
  // Nothing where the proxy speaks for itself (LOCAL), or its client has no such address (UNKNOWN, a unix socket).
  std::optional<ProxiedConnection> connection;
};

/// The longest header of version 2 that is read: the addresses take 52 bytes, the rest is what proxies add (TLVs).
inline constexpr std::size_t proxy_header_bytes_max = 4096;

/// What stands at the front of `bytes`. Malformed as soon as it is.
ProxyHeaderParse parse_proxy_header(Bytes bytes);

/// Without a connection: UNKNOWN in version 1, LOCAL in version 2.
void append_proxy_header_v1(PooledString& out, const std::optional<ProxiedConnection>& connection);
void append_proxy_header_v2(PooledString& out, const std::optional<ProxiedConnection>& connection);

}  // namespace turnout
