// The way to a backend, to real sockets: which error comes out of what goes wrong, and how fast (faults F22, F23, F36).
#include "proxy/socket_connector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <map>
#include <optional>
#include <thread>

#include "tests/support/tcp_sockets.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tls_pair.h"
#include "transport/socket_address.h"
#include "transport/tcp_listener.h"
#include "transport/tls_stream.h"

namespace turnout {
namespace {

using ::testing::HasSubstr;

class KnownNames final : public NameLookup {
 public:
  std::map<std::string, NameAnswer> names;
  std::vector<Done> silent;  // what is asked for a name that nobody knows waits here
  ~KnownNames() override {
    for (const Done& done : silent) done({.code = Code::cancelled, .addresses = {}});
  }
  void start(const std::string& name, Done done) override {
    if (const auto known = names.find(name); known != names.end()) {
      done(known->second);
    } else {
      silent.push_back(std::move(done));
    }
  }
};

Task<void> attempt(const Connector& connector, Worker& worker, const UpstreamServer& server, ConnectHow how,
                   std::optional<std::expected<Connected, ConnectError>>& into) {
  std::expected<Connected, ConnectError> connected = co_await connector.connect(worker, server, how);
  into = std::move(connected);
}

/// A TLS server for one connection after the other.
Task<void> serve_tls(Wire wire, std::shared_ptr<const TlsContext> context) {
  auto stream = std::make_unique<TlsStream>(std::move(wire), std::move(context), TlsAccept{});
  TlsStream& tls = *stream;
  Wire inside(std::move(stream));
  const Result<TlsInfo> info = co_await tls.handshake();
  if (!info) co_return;
  const Result<void> sent = co_await inside.write(std::string_view("hello"));
  if (!sent) co_return;
  const Result<std::size_t> end = co_await inside.fill();  // until the client goes
  (void)end;
}

Task<void> read_hello(Wire& wire, std::string& into) {
  const Result<std::size_t> n = co_await wire.fill();
  if (n) into = as_text(wire.peek());
}

class SocketConnectorTest : public TcpTest {
 protected:
  SocketConnectorTest() {
    auto lookup = std::make_unique<KnownNames>();
    names_ = lookup.get();
    resolver_ = std::make_unique<Resolver>(loop, std::move(lookup));
  }
  void TearDown() override { run(); }

  std::expected<Connected, ConnectError> connect_to(const UpstreamServer& server, ConnectHow how = {}) {
    std::optional<std::expected<Connected, ConnectError>> result;
    TaskGroup group;
    group.spawn(attempt(connector_, loop, server, how, result));
    loop.at_turn_end = [&] {
      if (result) loop.stop();
    };
    loop.run();
    loop.at_turn_end = nullptr;
    return std::move(*result);
  }
  /// What comes out, in one word: an error, or "ok" with what ALPN chose.
  std::string verdict(const UpstreamServer& server, ConnectHow how = {}) {
    const auto connected = connect_to(server, how);
    if (connected) return "ok" + (connected->alpn.empty() ? "" : " " + connected->alpn);
    detail_ = connected.error().detail;
    return std::string(text(connected.error().error));
  }
  UpstreamServer at(const Descriptor& listener, const std::string& host = "127.0.0.1") const {
    return {.name = "test", .host = host, .port = local_address(listener.get()).port};
  }

  KnownNames* names_ = nullptr;
  std::unique_ptr<Resolver> resolver_;
  SocketConnector connector_{[this](Worker&) -> Resolver& { return *resolver_; }};
  std::string detail_;
};

TEST_F(SocketConnectorTest, ByAddressByNameAndByPath) {
  const Descriptor listener = listen_on_loopback(8);
  EXPECT_EQ(verdict(at(listener)), "ok");
  names_->names["chat.test"] = {.addresses = {*parse_ip("127.0.0.1")}, .ttl = Millis(60'000)};
  EXPECT_EQ(verdict(at(listener, "chat.test")), "ok");

  const TemporaryFolder folder;
  const std::string path = (folder / "s").string();
  const Descriptor local(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), path.size());
  ASSERT_EQ(bind(local.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  ASSERT_EQ(listen(local.get(), 8), 0);
  const auto connected = connect_to({.name = "test", .unix_path = path});
  ASSERT_TRUE(connected);
  EXPECT_EQ(connected->wire.stream().name(), "unix");
  EXPECT_EQ(verdict({.name = "test", .unix_path = path + "x"}), "connection_refused");
  EXPECT_EQ(verdict({.name = "test", .unix_path = std::string(300, 'x')}), "proxy_configuration_error");
}

TEST_F(SocketConnectorTest, TheProxyHeaderComesFirst) {
  const Descriptor listener = listen_on_loopback(8);
  const ConnectHow how{.client = ProxiedConnection{*parse_address("192.0.2.1:8080"), *parse_address("[::1]:443")}};
  using Header = UpstreamServer::ProxyHeader;
  for (const auto& [version, client] : {std::pair(Header::v1, how.client), std::pair(Header::v2, how.client),
                                        std::pair(Header::v1, std::optional<ProxiedConnection>()),
                                        std::pair(Header::v2, std::optional<ProxiedConnection>())}) {
    UpstreamServer server = at(listener);
    server.proxy_header = version;
    auto connected = connect_to(server, {.client = client});
    ASSERT_TRUE(connected);
    const Descriptor accepted(::accept(listener.get(), nullptr, nullptr));
    char bytes[256];
    const ssize_t n = ::recv(accepted.get(), bytes, sizeof bytes, 0);
    ASSERT_GT(n, 0);
    const std::string_view got(bytes, static_cast<std::size_t>(n));
    const ProxyHeaderParse parse = parse_proxy_header(as_bytes(got));
    EXPECT_EQ(parse.status, ProxyHeaderParse::Status::whole);
    EXPECT_EQ(parse.bytes, got.size());
    EXPECT_EQ(parse.connection, client);
    EXPECT_EQ(got.starts_with("PROXY "), version == Header::v1);
  }
}

TEST_F(SocketConnectorTest, WhatIsWrongWithANameIsSaid) {
  names_->names["none.test"] = {.code = Code::refused, .addresses = {}};
  names_->names["garbage.test"] = {.code = Code::malformed, .addresses = {}};
  EXPECT_EQ(verdict({.name = "a", .host = "none.test", .port = 80}), "dns_error");
  EXPECT_THAT(detail_, HasSubstr("none.test"));
  EXPECT_EQ(verdict({.name = "b", .host = "garbage.test", .port = 80}), "dns_error");
  EXPECT_EQ(verdict({.name = "c", .host = "slow.test", .port = 80}, {.limit = Millis(50)}), "dns_timeout");
}

TEST_F(SocketConnectorTest, RefusedAndSilent) {
  Descriptor listener = listen_on_loopback(1);
  const UpstreamServer server = at(listener);
  listener.reset();
  EXPECT_EQ(verdict(server), "connection_refused");

  // TCP connects through the queue, and then nobody shakes hands.
  const Descriptor silent = listen_on_loopback(8);
  UpstreamServer tls = at(silent);
  tls.tls = test_client_context();
  EXPECT_EQ(verdict(tls, {.limit = Millis(80)}), "connection_timeout");
  EXPECT_THAT(detail_, HasSubstr("TLS"));
}

TEST_F(SocketConnectorTest, CancelledWhereverItIs) {
  const Descriptor silent = listen_on_loopback(8);
  UpstreamServer tls = at(silent);
  tls.tls = test_client_context();
  const UpstreamServer unknown{.name = "b", .host = "slow.test", .port = 80};
  for (const UpstreamServer* server : {static_cast<const UpstreamServer*>(&tls), &unknown}) {
    Cancellation cancellation;
    std::optional<std::expected<Connected, ConnectError>> result;
    loop.connections.spawn(
        attempt(connector_, loop, *server, {.limit = Millis(60'000), .cancellation = &cancellation}, result));
    int turns = 0;
    loop.at_turn_end = [&] {
      // In the second turn the handshake waits for its answer.
      if (turns++ == 1) cancellation.cancel();
      if (!result && turns < 4) loop.post_from_elsewhere([] {});
    };
    run();
    loop.at_turn_end = nullptr;
    ASSERT_TRUE(result);
    ASSERT_FALSE(*result);
    EXPECT_EQ(result->error().error, UpstreamError::cancelled);
  }
}

// ===== TLS =====

class TlsBackend : public SocketConnectorTest {
 protected:
  void TearDown() override {
    listener_.reset();
    SocketConnectorTest::TearDown();
  }
  UpstreamServer serve(std::shared_ptr<const TlsContext> context, const TlsClientOptions& options) {
    auto sockets = open_listening_sockets(*parse_address("127.0.0.1:0"), 1);
    listener_ = std::make_unique<TcpListener>(
        loop, std::move(sockets->front()),
        [this, context](std::unique_ptr<TcpStream> stream, const Address&, const Address&) {
          loop.connections.spawn(serve_tls(Wire(std::move(stream)), context));
        });
    UpstreamServer server{.name = "test", .host = "127.0.0.1", .port = listener_->address().port};
    server.tls = TlsClientContext::make(options).value();
    server.tls_name = "localhost";
    server.tls_session = std::make_shared<TlsSessionSlot>();
    return server;
  }
  std::shared_ptr<const TlsContext> context_of(const TlsCertificate& certificate,
                                               std::vector<std::string> alpn = {"h2", "http/1.1"}) {
    TlsOptions options;
    options.listener = "test";
    options.certificates = {certificate};
    options.alpn = std::move(alpn);
    return TlsContext::make(std::move(options)).value();
  }
  TlsClientOptions trusting(const TlsCertificate& certificate) {
    folder_.write("ca.pem", certificate.pem());
    return {.ca_file = (folder_ / "ca.pem").string(), .ca_file_only = true, .alpn = {"h2", "http/1.1"}};
  }

  TemporaryFolder folder_;
  TlsCertificate certificate_ = test_certificate({"localhost"});
  std::unique_ptr<TcpListener> listener_;
};

TEST_F(TlsBackend, NegotiatesAndCarriesBytes) {
  const UpstreamServer server = serve(context_of(certificate_), trusting(certificate_));
  auto connected = connect_to(server);
  ASSERT_TRUE(connected) << connected.error().detail;
  EXPECT_EQ(connected->alpn, "h2");
  EXPECT_EQ(connected->wire.stream().name(), "tcp/tls");
  std::string said;
  TaskGroup group;
  group.spawn(read_hello(connected->wire, said));
  loop.at_turn_end = [&] {
    if (group.running() == 0) loop.stop();
  };
  loop.run();
  EXPECT_EQ(said, "hello");

  EXPECT_EQ(verdict(server, {.http1_only = true}), "ok http/1.1");
  auto again = connect_to(server);
  ASSERT_TRUE(again);
  EXPECT_TRUE(static_cast<TlsStream&>(again->wire.stream()).info().resumed);
}

TEST_F(TlsBackend, ACertificateThatIsNotOursToTrustIsNoConnection) {
  const TlsCertificate stranger = test_certificate({"localhost"});
  EXPECT_EQ(verdict(serve(context_of(stranger), trusting(certificate_))), "tls_certificate_error");
  EXPECT_THAT(detail_, HasSubstr("self-signed"));

  UpstreamServer other_name = serve(context_of(certificate_), trusting(certificate_));
  other_name.tls_name = "other.example";
  EXPECT_EQ(verdict(other_name), "tls_certificate_error");
  EXPECT_THAT(detail_, HasSubstr("hostname mismatch"));

  ASSERT_NE(X509_gmtime_adj(X509_getm_notBefore(certificate_.leaf()), -7200), nullptr);
  ASSERT_NE(X509_gmtime_adj(X509_getm_notAfter(certificate_.leaf()), -3600), nullptr);
  ASSERT_GT(X509_sign(certificate_.leaf(), certificate_.key(), EVP_sha256()), 0);
  EXPECT_EQ(verdict(serve(context_of(certificate_), trusting(certificate_))), "tls_certificate_error");
  EXPECT_THAT(detail_, HasSubstr("expired"));
}

TEST_F(TlsBackend, AlertsAndWhatIsNoTls) {
  UpstreamServer server = serve(context_of(certificate_, {"http/1.1"}), trusting(certificate_));
  TlsClientOptions only_h2 = trusting(certificate_);
  only_h2.alpn = {"h2"};
  server.tls = TlsClientContext::make(only_h2).value();
  EXPECT_EQ(verdict(server), "tls_alert_received");

  const Descriptor plain = listen_on_loopback(8);
  UpstreamServer cleartext = at(plain);
  cleartext.tls = test_client_context();
  for (const char* answer : {"HTTP/1.1 400 Bad Request\r\n\r\n", ""}) {
    std::thread peer([&] {
      const Descriptor client(accept(plain.get(), nullptr, nullptr));
      char hello[64];
      (void)!recv(client.get(), hello, 5, 0);
      send_all(client, answer);
      shutdown(client.get(), SHUT_WR);
      while (recv(client.get(), hello, sizeof hello, 0) > 0) {
      }
    });
    EXPECT_EQ(verdict(cleartext), *answer == 0 ? "connection_terminated" : "tls_protocol_error");
    peer.join();
  }
}

}  // namespace
}  // namespace turnout
