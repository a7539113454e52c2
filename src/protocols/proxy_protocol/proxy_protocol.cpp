#include "protocols/proxy_protocol/proxy_protocol.h"

#include "codec/proxy_protocol/header.h"
#include "switching/session.h"

namespace turnout {
namespace {

// While the server stops, a header that is on its way gets this long.
constexpr Millis drain_grace{250};

}  // namespace

Task<Outcome> ProxyProtocol::run(Wire wire, Session& session) {
  if (!contains(session.site().trusted_proxies(), session.peers().remote)) {
    co_return Closed{Why::proxy_not_trusted};
  }
  wire.expires_after(session.limits().header_deadline);
  while (true) {
    const ProxyHeaderParse parse = parse_proxy_header(wire.peek());
    if (parse.status == ProxyHeaderParse::Status::malformed) co_return Closed{Why::proxy_header};
    if (parse.status == ProxyHeaderParse::Status::whole) {
      wire.expires_never();
      wire.consume(parse.bytes);
      if (parse.connection) session.set_peers({parse.connection->source, parse.connection->destination});
      co_return Switch{std::move(next_), std::move(wire), Why::proxied};
    }
    const Result<std::size_t> more = co_await wire.fill(proxy_header_bytes_max);
    if (!more && more.error().code == Code::draining) {
      wire.expires_after(drain_grace);
      continue;
    }
    if (!more) co_return Closed{more.error().code == Code::timed_out ? Why::header_timeout : Why::peer_reset};
    if (*more == 0) co_return Closed{wire.peek().empty() ? Why::peer_closed : Why::proxy_header};
  }
}

}  // namespace turnout
