#include "server/server_listener.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "protocols/detect/detect.h"
#include "protocols/http1/http1.h"
#include "protocols/http2/http2.h"
#include "protocols/http2/upgraders.h"
#include "protocols/proxy_protocol/proxy_protocol.h"
#include "protocols/tls/tls.h"
#include "protocols/tls/tls_upgrader.h"
#include "protocols/websocket/websocket_upgrader.h"
#include "transport/socket_address.h"
#include "transport/tcp_listener.h"

namespace turnout {
namespace {

std::unique_ptr<Protocol> make_http1(std::optional<OwnedRequest> first_request) {
  return std::make_unique<Http1>(std::move(first_request));
}

std::string open_error(const Address& address, int error) {
  const std::string where = text(address);
  switch (error) {
    case EADDRINUSE:
      return fmt::format(
          "{}: another process listens there already; stop it (`ss -ltnp 'sport = :{}'` shows it) or choose another "
          "port, for example with --http {}:0",
          where, address.port, where.substr(0, where.rfind(':')));
    case EACCES:
      return fmt::format(
          "{}: a port below 1024 needs the right to bind it; choose a port from 1024 on, or run as root or with "
          "CAP_NET_BIND_SERVICE",
          where);
    case EADDRNOTAVAIL:
      return fmt::format("{}: no interface of this machine has that address; `ip address` lists those it has", where);
    case EAFNOSUPPORT:
      return fmt::format("{}: this system has no {}; choose an address of the other kind", where,
                         address.is_ipv4() ? "IPv4" : "IPv6");
    case EMFILE:
      return fmt::format("{}: no file descriptors are left; raise the limit (ulimit -n) or use fewer workers", where);
    default: return fmt::format("{}: cannot listen: {}", where, std::strerror(error));
  }
}

}  // namespace

std::unique_ptr<Protocol> Spoken::make_first_protocol() const {
  std::unique_ptr<Protocol> first;
  if (https) {
    first = std::make_unique<Tls>(https);
  } else {
    first = std::make_unique<Detect>();
  }
  if (proxy_protocol) first = std::make_unique<ProxyProtocol>(std::move(first));
  return first;
}

ServerListener::ServerListener(std::size_t index, ListenerConfig config, WebSocketConfig websocket, Upgraders added)
    : index_(index), config_(std::move(config)), websocket_(websocket), added_(std::move(added)) {}

void ServerListener::speak(std::shared_ptr<const TlsContext> tls) {
  auto registry = std::make_shared<Registry>();
  registry->add_protocol("h2", &make_http2);
  registry->add_protocol("http/1.1", &make_http1);
  registry->add(std::make_shared<H2cUpgrader>());
  registry->add(std::make_shared<HttpUpgrader>(config_.lenient_upgrade));
  const bool offers_tls = tls && !is_https();
  const auto requests = config_.tls_upgrade == TlsUpgrade::options_only ? TlsUpgrader::Requests::options_only
                                                                        : TlsUpgrader::Requests::compatible;
  registry->add(std::make_shared<TlsUpgrader>(offers_tls ? tls : nullptr, requests));
  registry->add(std::make_shared<WebSocketUpgrader>(
      WebSocketCompression{.enabled = websocket_.compression, .level = websocket_.compression_level}));
  for (const auto& upgrader : added_) registry->add(upgrader);

  auto spoken = std::make_shared<Spoken>();
  spoken->index = index_;
  spoken->listener.registry = std::move(registry);
  spoken->listener.offers_tls_upgrade = offers_tls;
  if (is_https()) spoken->https = std::move(tls);
  spoken->proxy_protocol = config_.proxy_protocol;
  const std::lock_guard lock(mutex_);
  spoken_ = std::move(spoken);
}

std::shared_ptr<const Spoken> ServerListener::spoken() const {
  const std::lock_guard lock(mutex_);
  return spoken_;
}

std::expected<void, std::string> ServerListener::open(std::size_t count) {
  auto sockets = open_listening_sockets(config_.address, count);
  if (!sockets) return std::unexpected(open_error(config_.address, sockets.error()));
  sockets_ = std::move(*sockets);
  config_.address.port = local_address(sockets_.front().get()).port;
  return {};
}

}  // namespace turnout
