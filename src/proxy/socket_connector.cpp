#include "proxy/socket_connector.h"

#include <utility>

#include "runtime/deadline.h"
#include "transport/connect_any.h"
#include "transport/interrupt_hook.h"
#include "transport/tls_stream.h"
#include "transport/unix_connect.h"

namespace turnout {
namespace {

using Opened = std::expected<Wire, ConnectError>;

std::unexpected<ConnectError> failed(UpstreamError error, std::string detail = {}) {
  return std::unexpected(ConnectError{error, std::move(detail)});
}

std::unexpected<ConnectError> name_failed(const std::string& host, Error error) {
  std::string detail = "'" + host + "': " + std::string(text(error.code));
  switch (error.code) {
    case Code::cancelled: return failed(UpstreamError::cancelled);
    case Code::timed_out: return failed(UpstreamError::dns_timeout, std::move(detail));
    case Code::too_large: return failed(UpstreamError::proxy_configuration_error, std::move(detail));
    default: return failed(UpstreamError::dns_error, std::move(detail));
  }
}

std::unexpected<ConnectError> socket_failed(Error error) {
  switch (error.code) {
    case Code::cancelled: return failed(UpstreamError::cancelled);
    case Code::timed_out: return failed(UpstreamError::connection_timeout);
    case Code::too_large: return failed(UpstreamError::proxy_configuration_error, "the path is too long for a socket");
    default: break;
  }
  // Our own side: no descriptor was left for one more connection.
  if (error.source == Source::internal) {
    return failed(UpstreamError::connection_limit_reached, "the system has no descriptor left (ulimit -n)");
  }
  return failed(UpstreamError::connection_refused);
}

std::unexpected<ConnectError> tls_failed(const TlsStream& tls, Error error) {
  if (error.code == Code::cancelled) return failed(UpstreamError::cancelled);
  if (error.code == Code::timed_out) return failed(UpstreamError::connection_timeout, "the TLS handshake");
  std::string detail = "TLS: " + std::string(tls.failure());
  switch (tls.fault()) {
    case TlsFault::certificate: return failed(UpstreamError::tls_certificate_error, std::move(detail));
    case TlsFault::alert: return failed(UpstreamError::tls_alert_received, std::move(detail));
    case TlsFault::protocol: return failed(UpstreamError::tls_protocol_error, std::move(detail));
    case TlsFault::none: break;
  }
  return failed(UpstreamError::connection_terminated, "during the TLS handshake");
}

Task<Opened> open_unix(EpollLoop& loop, const UpstreamServer& server, Deadline deadline, Cancellation* cancellation) {
  Result<std::unique_ptr<TcpStream>> stream =
      co_await unix_connect(loop, server.unix_path, deadline.left(), cancellation);
  if (!stream) co_return socket_failed(stream.error());
  co_return Wire(std::move(*stream));
}

Task<Opened> open_tcp(EpollLoop& loop, const SocketConnector::ResolverOf& resolver_of, const UpstreamServer& server,
                      Deadline deadline, Cancellation* cancellation) {
  std::vector<Address> addresses;
  if (const std::optional<Address> literal = parse_ip(server.host)) {
    addresses.push_back(*literal);
  } else {
    Result<std::vector<Address>> found = co_await resolver_of(loop).resolve(server.host, deadline.left(), cancellation);
    if (!found) co_return name_failed(server.host, found.error());
    addresses = std::move(*found);
  }
  for (Address& address : addresses) address.port = server.port;
  Result<std::unique_ptr<TcpStream>> stream =
      co_await connect_any(loop, std::move(addresses), deadline.left(), cancellation);
  if (!stream) co_return socket_failed(stream.error());
  co_return Wire(std::move(*stream));
}

/// In front of everything, TLS too, so that the server knows whose handshake it is.
Task<std::expected<void, ConnectError>> send_proxy_header(Wire& wire, const UpstreamServer& server, ConnectHow how,
                                                          Deadline deadline) {
  PooledString header;
  if (server.proxy_header == UpstreamServer::ProxyHeader::v1) {
    append_proxy_header_v1(header, how.client);
  } else {
    append_proxy_header_v2(header, how.client);
  }
  const InterruptHook hook(how.cancellation, wire.stream());
  wire.expires_after(deadline.left());
  const Result<void> sent = co_await wire.write(std::string_view(header));
  wire.expires_never();
  if (sent) co_return std::expected<void, ConnectError>();
  if (sent.error().code == Code::cancelled) co_return failed(UpstreamError::cancelled);
  if (sent.error().code == Code::timed_out) co_return failed(UpstreamError::connection_timeout, "the PROXY header");
  co_return failed(UpstreamError::connection_terminated, "at the PROXY header");
}

Task<std::expected<Connected, ConnectError>> begin_tls(Wire below, const UpstreamServer& server, ConnectHow how,
                                                       Deadline deadline) {
  TlsConnect connect{.host = server.tls_name.empty() ? server.host : server.tls_name, .session = server.tls_session};
  if (how.http1_only) connect.alpn.emplace_back("http/1.1");
  auto stream = std::make_unique<TlsStream>(std::move(below), server.tls, connect);
  TlsStream& tls = *stream;
  Wire wire(std::move(stream));
  const InterruptHook hook(how.cancellation, tls);
  wire.expires_after(deadline.left());
  const Result<TlsInfo> info = co_await tls.handshake();
  wire.expires_never();
  if (!info) co_return tls_failed(tls, info.error());
  std::string alpn(info->alpn);
  if (how.http1_only && !alpn.empty() && alpn != "http/1.1") {
    co_return failed(UpstreamError::tls_protocol_error, "TLS: the server chose a protocol that was not offered");
  }
  co_return Connected{std::move(wire), std::move(alpn)};
}

}  // namespace

Task<std::expected<Connected, ConnectError>> SocketConnector::connect(Worker& worker, const UpstreamServer& server,
                                                                      ConnectHow how) const {
  auto& loop = static_cast<EpollLoop&>(worker);
  const Deadline deadline(worker, how.limit);
  Opened wire = failed(UpstreamError::proxy_internal_error);
  if (server.is_unix()) {
    wire = co_await open_unix(loop, server, deadline, how.cancellation);
  } else {
    wire = co_await open_tcp(loop, resolver_of_, server, deadline, how.cancellation);
  }
  if (!wire) co_return std::unexpected(std::move(wire.error()));
  if (server.proxy_header != UpstreamServer::ProxyHeader::none) {
    std::expected<void, ConnectError> sent = co_await send_proxy_header(*wire, server, how, deadline);
    if (!sent) co_return std::unexpected(std::move(sent.error()));
  }
  if (server.tls == nullptr) co_return Connected{std::move(*wire), {}};
  std::expected<Connected, ConnectError> inside = co_await begin_tls(std::move(*wire), server, how, deadline);
  co_return inside;
}

}  // namespace turnout
