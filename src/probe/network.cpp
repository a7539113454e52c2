#include "probe/network.h"

#include <fmt/core.h>
#include <openssl/x509.h>

#include "base/printable.h"
#include "client/dial.h"
#include "codec/tls/certificate.h"
#include "probe/clock.h"
#include "transport/tcp_connect.h"
#include "transport/tls_stream.h"

namespace turnout::probe {
namespace {

std::string issuer_of(const TlsCertificate& certificate) {
  char name[256] = "";
  X509_NAME_oneline(X509_get_issuer_name(certificate.leaf()), name, sizeof name);
  return name;
}

void describe(const TlsStream& tls, TlsFacts& facts, bool insecure) {
  const TlsInfo info = tls.info();
  facts.version = text(info.version);
  facts.cipher = info.cipher;
  facts.alpn = info.alpn;
  facts.verified = !insecure;
  if (const auto certificate = tls.peer_certificate()) {
    facts.names = certificate->names();
    facts.issuer = issuer_of(*certificate);
  }
}

}  // namespace

const Network::Addresses& Network::look_up(const client::Url& url) {
  const auto [at, is_new] = addresses_.try_emplace(url.place());
  if (is_new) at->second = client::look_up(url.host, url.port);
  return at->second;
}

Task<std::optional<Wire>> Network::connect(Attempt& attempt, std::vector<std::string> alpn) {
  const client::Url& url = attempt.ask.url;
  const Addresses& addresses = look_up(url);
  if (!addresses) {
    attempt.ended = Ended::no_address;
    attempt.fault = fmt::format("'{}' has no address: {}", url.host, addresses.error());
    co_return std::nullopt;
  }
  const Clock clock;
  Code last = Code::refused;
  for (const Address& address : *addresses) {
    Result<std::unique_ptr<TcpStream>> stream = co_await tcp_connect(loop_, address, settings_.timeout);
    if (!stream) {
      last = stream.error().code;
      continue;
    }
    attempt.connect_ms = clock.ms();
    attempt.address = turnout::text(address);
    (*stream)->stay_for_long();  // a tunnel of `turnout connect`
    Wire wire(std::move(*stream));
    if (!url.secure) co_return std::move(wire);
    std::optional<Wire> inside = co_await start_tls(std::move(wire), attempt, attempt.tls.emplace(), std::move(alpn),
                                                    TlsVersion::tls_1_3, settings_.tls.insecure);
    co_return std::move(inside);
  }
  attempt.ended = last == Code::timed_out ? Ended::connect_timeout : Ended::unreachable;
  attempt.fault =
      last == Code::timed_out
          ? fmt::format("{}: no connection within {} s; is a firewall in the way?", url.place(),
                        static_cast<double>(settings_.timeout.count()) / 1000)
          : fmt::format("{}: the connection was refused; is a server running there, on that port?", url.place());
  co_return std::nullopt;
}

Task<std::optional<Wire>> Network::start_tls(Wire wire, Attempt& attempt, TlsFacts& facts,
                                             std::vector<std::string> alpn, TlsVersion version_max, bool insecure) {
  const client::Url& url = attempt.ask.url;
  TlsClientOptions options = settings_.tls;
  options.alpn = std::move(alpn);
  options.insecure = insecure;
  const auto context = TlsClientContext::make(options);
  if (!context) {
    facts.fault = context.error();
    attempt.ended = Ended::tls_failed;
    attempt.fault = context.error();
    co_return std::nullopt;
  }
  const Clock clock;
  auto stream =
      std::make_unique<TlsStream>(std::move(wire), *context, TlsConnect{.host = url.host, .version_max = version_max});
  TlsStream& tls = *stream;
  Wire inside(std::move(stream));
  inside.expires_after(settings_.timeout);
  const Result<TlsInfo> info = co_await tls.handshake();
  inside.expires_never();
  attempt.tls_ms = clock.ms();
  if (info) {
    describe(tls, facts, insecure);
    co_return std::move(inside);
  }
  facts.certificate_fault = tls.fault() == TlsFault::certificate;
  const std::string_view said = tls.failure();
  if (info.error().code == Code::timed_out) {
    facts.fault = "the handshake was not finished in time";
  } else if (said.empty()) {
    facts.fault = "the server ended the connection during the handshake";
  } else {
    facts.fault = printable(said, 300);
  }
  attempt.ended = Ended::tls_failed;
  attempt.fault = fmt::format("{}: TLS: {}", url.place(), facts.fault);
  if (facts.certificate_fault) attempt.fault += "; --cacert FILE trusts the authority in FILE, -k takes any";
  if (said.contains("wrong version number") || said.contains("http request") || said.contains("too long")) {
    attempt.fault += "; the port does not seem to speak TLS: try http:// or ws://";
  }
  co_return std::nullopt;
}

}  // namespace turnout::probe
