#include "client/get.h"

#include "client/http1_client.h"
#include "client/http2_client.h"
#include "client/tls_client.h"
#include "switching/drive.h"
#include "switching/session.h"

namespace turnout::client {
namespace {

/// A client routes nothing: its side of a session is limits alone.
class ClientSite final : public Site {
 public:
  const Route& route(const RequestHead& /*request*/) const override { return nowhere_; }
  bool offers_extended_connect() const noexcept override { return false; }
  const Limits& limits() const noexcept override { return limits_; }
  const std::vector<Network>& trusted_proxies() const noexcept override { return nobody_; }

 private:
  Route nowhere_;
  Limits limits_;
  std::vector<Network> nobody_;
};

std::unique_ptr<Protocol> first_protocol(Conversation& conversation) {
  if (conversation.request.url.secure) {
    return std::make_unique<TlsClient>(conversation, TlsClient::Begin::directly);
  }
  if (conversation.request.http2_prior_knowledge) {
    return std::make_unique<Http2Client>(conversation, Http2Client::Part::whole);
  }
  return std::make_unique<Http1Client>(conversation, Http1Client::Part::whole);
}

}  // namespace

Task<std::expected<Answer, Failure>> get(Wire wire, const Request& request, Output& output) {
  const ClientSite site;
  const Listener listener;
  Sessions sessions;
  Session session(wire.worker(), site, listener, sessions, Peers{});
  Conversation conversation(request, output);
  (void)co_await drive(first_protocol(conversation), std::move(wire), session);
  if (conversation.failure) co_return std::unexpected(std::move(*conversation.failure));
  co_return conversation.answer;
}

std::expected<void, std::string> check(const Request& request) {
  const bool tls = request.wants(Offer::Kind::tls);
  const bool http2 = request.wants(Offer::Kind::http2) || request.wants(Offer::Kind::h2c);
  if (request.url.websocket && !request.wants(Offer::Kind::websocket)) {
    return std::unexpected("ws:// and wss:// lead to a WebSocket; for another protocol write http:// or https://");
  }
  if (request.url.secure && tls) {
    return std::unexpected("https:// begins with TLS; --upgrade TLS is for http://");
  }
  // RFC 9113 section 3.3.
  if (request.url.secure && (http2 || request.http2_prior_knowledge)) {
    return std::unexpected("over https:// HTTP/2 is agreed on by ALPN, without being asked for");
  }
  if (request.http2_prior_knowledge && request.offer) {
    return std::unexpected("--http2-prior-knowledge begins in HTTP/2, where there is no --upgrade");
  }
  return {};
}

}  // namespace turnout::client
