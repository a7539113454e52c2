#include "client/tls_client.h"

#include <fmt/core.h>

#include "client/http1_client.h"
#include "client/http2_client.h"
#include "switching/session.h"
#include "transport/tls_stream.h"

namespace turnout::client {

Task<Outcome> TlsClient::run(Wire wire, Session& session) {
  const Request& request = conversation_.request;
  if (begin_ == Begin::upgraded && !wire.peek().empty()) {
    // In TLS the client speaks first: these bytes are not the server's TLS, and must not come near it (T1).
    co_return conversation_.fail(
        Exit::protocol, fmt::format("{}: bytes in the clear follow the 101, before TLS began", request.url.place()));
  }
  const auto context = make_context();
  if (!context) co_return Closed{Why::internal};
  auto stream = std::make_unique<TlsStream>(std::move(wire), context,
                                            TlsConnect{.host = request.url.host, .version_max = version_max_});
  TlsStream& tls = *stream;
  Wire inside(std::move(stream));
  inside.expires_after(request.timeout);
  const Result<TlsInfo> info = co_await tls.handshake();
  inside.expires_never();
  if (!info) {
    fail(tls, info.error());
    co_return Closed{Why::tls_failed};
  }
  session.set_secure();
  describe(tls);
  if (begin_ == Begin::upgraded) {
    co_return Switch{std::make_unique<Http1Client>(conversation_, Http1Client::Part::answer_only), std::move(inside),
                     Why::accepted};
  }
  std::unique_ptr<Protocol> next;
  if (info->alpn == "h2") {
    next = std::make_unique<Http2Client>(conversation_, Http2Client::Part::whole);
  } else {
    next = std::make_unique<Http1Client>(conversation_, Http1Client::Part::whole);
  }
  co_return Switch{std::move(next), std::move(inside), Why::alpn};
}

std::shared_ptr<const TlsClientContext> TlsClient::make_context() {
  const Request& request = conversation_.request;
  TlsClientOptions options = request.tls;
  options.alpn.clear();
  // After a 101 the protocol is settled, and ALPN would only help whoever relays the handshake elsewhere (T2).
  if (begin_ == Begin::directly) {
    if (!request.offer) options.alpn.emplace_back("h2");
    options.alpn.emplace_back("http/1.1");
  }
  auto context = TlsClientContext::make(options);
  if (!context) {
    (void)conversation_.fail(Exit::tls, std::move(context.error()));
    return nullptr;
  }
  return *context;
}

void TlsClient::describe(const TlsStream& tls) const {
  if (!conversation_.request.verbose) return;
  const TlsInfo info = tls.info();
  conversation_.note(fmt::format("{}, {}, {}", text(info.version), info.cipher,
                                 info.alpn.empty() ? "no ALPN" : fmt::format("ALPN {}", info.alpn)));
  const auto certificate = tls.peer_certificate();
  if (!certificate) return;
  std::string names;
  for (const std::string& name : certificate->names()) names.append(names.empty() ? "" : ", ").append(name);
  conversation_.note(fmt::format("certificate for {}{}", names,
                                 conversation_.request.tls.insecure ? "; not verified (-k)" : "; verified"));
  conversation_.note(fmt::format("certificate's SHA-256 {}", certificate->fingerprint()));
}

void TlsClient::fail(const TlsStream& tls, Error error) {
  const Request& request = conversation_.request;
  if (error.code == Code::timed_out || tls.why() == Why::none) {
    (void)conversation_.fail(error, "the TLS handshake");
    if (error.code != Code::timed_out) conversation_.failure->exit = Exit::tls;
    return;
  }
  const std::string_view said = tls.failure();
  std::string_view remedy;
  if (said.contains("alert")) {
    remedy = "the server's log says what it did not like";
  } else if (said.contains("certificate") || said.contains("mismatch")) {
    remedy = "--cacert FILE trusts the authority in FILE, -k takes any certificate";
  } else if (said.contains("wrong version number") || said.contains("http request") || said.contains("too long")) {
    remedy = "the port does not seem to speak TLS; try http://";
  }
  (void)conversation_.fail(Exit::tls, fmt::format("{}: TLS: {}{}{}", request.url.place(), printable(said, 300),
                                                  remedy.empty() ? "" : "; ", remedy));
}

}  // namespace turnout::client
