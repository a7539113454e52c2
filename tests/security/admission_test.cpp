// Who may use a route and how much of it (D4, O7), seen from outside: in HTTP/1.1 and HTTP/2, requests and switches.
#include "switching/admission.h"

#include <gtest/gtest.h>

#include "protocols/http2/http2.h"
#include "tests/support/h2_peer.h"
#include "tests/support/memory_server.h"

namespace turnout {
namespace {

using turnout::testing::H2Fields;
using turnout::testing::H2Peer;

/// Sends back what it gets until the peer ends.
class EchoProtocol final : public Protocol {
 public:
  const char* name() const noexcept override { return "echo"; }
  Task<Outcome> run(Wire wire, Session& /*session*/) override {
    while (true) {
      const Result<std::size_t> more = co_await wire.fill();
      if (!more || *more == 0) co_return Closed{Why::peer_closed};
      const std::string text(as_text(wire.peek()));
      wire.consume(text.size());
      const Result<void> sent = co_await wire.write(std::string_view(text));
      if (!sent) co_return Closed{Why::peer_reset};
    }
  }
};

class EchoUpgrader final : public Upgrader {
 public:
  const char* token() const noexcept override { return "websocket"; }
  Task<Verdict> consider(const UpgradeOffer& offer, const UpgradeToken& /*token*/,
                         Session& /*session*/) const override {
    if (!offer.route->allows(token())) co_return Decline{Why::token_not_on_route};
    Accept accept;
    accept.token = token();
    accept.upgrade = token();
    accept.successor = std::make_unique<EchoProtocol>();
    co_return accept;
  }
};

std::vector<Network> networks(std::initializer_list<const char*> texts) {
  std::vector<Network> made;
  for (const char* text : texts) made.push_back(*parse_network(text));
  return made;
}

class AdmissionTest {
 public:
  explicit AdmissionTest(AccessPolicy policy, const char* client = "192.0.2.1", MemoryServer::First first = {})
      : server(std::move(first)) {
    server.site.trusted_proxies_ = networks({"10.0.0.0/8"});
    server.peers.remote = *parse_ip(client);
    server.registry->add(std::make_unique<EchoUpgrader>());
    route = &server.site.add("/", std::make_unique<Serve>([this](Exchange& exchange) -> Task<void> {
                               ++served;
                               (void)co_await exchange.Exchange::respond(200, "here");
                             }));
    route->switch_tokens = {"websocket"};
    route->admission = std::make_shared<Admission>(std::move(policy), server.site.trusted_proxies_);
  }

  /// The head of the answer, on a connection that stays open in `peers`.
  std::string ask(std::string_view fields = "", std::string_view behind = "") {
    clients.push_back(server.connect());
    clients.back().send("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(behind));
    server.loop.run();
    const std::string answer = clients.back().take();
    return answer.substr(0, answer.find("\r\n\r\n"));
  }
  std::string offer() { return ask("Connection: Upgrade\r\nUpgrade: websocket\r\n"); }

  MemoryServer server;
  Route* route = nullptr;
  int served = 0;
  std::vector<MemoryPeer> clients;
};

std::string status(const std::string& head) {
  return head.substr(0, head.find("\r\n"));
}

constexpr const char* ok = "HTTP/1.1 200 OK";
constexpr const char* forbidden = "HTTP/1.1 403 Forbidden";
constexpr const char* too_many = "HTTP/1.1 429 Too Many Requests";
constexpr const char* unavailable = "HTTP/1.1 503 Service Unavailable";
constexpr const char* switched = "HTTP/1.1 101 Switching Protocols";

// ===== Networks =====

TEST(SEC_O7, OnlyListedNetworksAreServed) {
  AccessPolicy policy;
  policy.allow = networks({"192.0.2.0/24"});
  policy.deny = networks({"192.0.2.66"});
  EXPECT_EQ(status(AdmissionTest(policy, "192.0.2.1").ask()), ok);
  EXPECT_EQ(status(AdmissionTest(policy, "198.51.100.1").ask()), forbidden);
  EXPECT_EQ(status(AdmissionTest(policy, "192.0.2.66").ask()), forbidden) << "deny comes first";
  EXPECT_EQ(status(AdmissionTest(policy, "127.0.0.1").ask()), forbidden) << "nobody is exempt from that";

  AdmissionTest refused(policy, "198.51.100.1");
  EXPECT_EQ(status(refused.offer()), forbidden);
  EXPECT_EQ(refused.served, 0) << "no handler sees the request";
  EXPECT_EQ(refused.server.recorder.lines.back(), "request GET / 403 refused not-allowed");
}

TEST(SEC_O7, BehindATrustedProxyTheClientCounts) {
  AccessPolicy policy;
  policy.allow = networks({"192.0.2.0/24"});
  AdmissionTest proxied(policy, "10.0.0.1");
  EXPECT_EQ(status(proxied.ask("X-Forwarded-For: 192.0.2.1\r\n")), ok);
  EXPECT_EQ(status(proxied.ask("X-Forwarded-For: 192.0.2.1, 198.51.100.1\r\n")), forbidden);
  EXPECT_EQ(status(proxied.ask("Forwarded: for=192.0.2.1\r\n")), ok);
  EXPECT_EQ(status(proxied.ask("Forwarded: for=\"[2001:db8::1]\"\r\n")), forbidden);
  EXPECT_EQ(status(proxied.ask()), forbidden);
  EXPECT_EQ(status(AdmissionTest(policy, "198.51.100.1").ask("X-Forwarded-For: 192.0.2.1\r\n")), forbidden);

  AccessPolicy internal;
  internal.allow = networks({"10.0.0.0/8"});
  AdmissionTest unclear(internal, "10.0.0.1");
  EXPECT_EQ(status(unclear.ask()), ok);
  EXPECT_EQ(status(unclear.ask("Forwarded: for=\"192.0.2.1\r\n")), forbidden)
      << "what nobody understands is not taken for the proxy itself";
}

TEST(LAW_L6, ARefusedClientWithBytesWaitingIsDisconnected) {
  AccessPolicy policy;
  policy.deny = networks({"192.0.2.0/24"});
  AdmissionTest test(policy);
  const std::string head =
      test.ask("Connection: Upgrade\r\nUpgrade: websocket\r\n", "GET / HTTP/1.1\r\nHost: b\r\n\r\n");
  EXPECT_EQ(status(head), forbidden);
  EXPECT_NE(head.find("\r\nConnection: close"), std::string::npos) << head;
  EXPECT_EQ(test.server.recorder.lines.size(), 1U) << "what followed the offer is nobody's request";
}

// ===== Limits =====

TEST(SEC_D4, RequestsOfAClientAreLimited) {
  AccessPolicy policy;
  policy.per_client.requests = Rate{2, Millis(10'000)};
  AdmissionTest test(policy);
  EXPECT_EQ(status(test.ask()), ok);
  EXPECT_EQ(status(test.ask()), ok);
  const std::string refused = test.ask();
  EXPECT_EQ(status(refused), too_many);
  EXPECT_NE(refused.find("\r\nRetry-After: 5"), std::string::npos) << refused;
  EXPECT_EQ(test.served, 2);
  EXPECT_EQ(test.server.recorder.lines.back(), "request GET / 429 rate-limited");
  test.server.peers.remote = *parse_ip("192.0.2.2");
  EXPECT_EQ(status(test.ask()), ok) << "another client has its own";
  test.server.peers.remote = *parse_ip("192.0.2.1");
  test.server.loop.advance(Millis(5'000));
  EXPECT_EQ(status(test.ask()), ok);
  EXPECT_EQ(status(test.ask()), too_many);
}

TEST(SEC_D4, LoopbackAndTrustedProxiesAreNotCountedTheirClientsAre) {
  AccessPolicy policy;
  policy.per_client = {.requests = Rate{1, Millis(60'000)}, .upgrades = {}, .tunnels = 0};
  policy.per_route = {.requests = Rate{1, Millis(60'000)}, .upgrades = {}, .tunnels = 0};
  for (const char* exempt : {"127.0.0.1", "::1", "10.0.0.1"}) {
    AdmissionTest test(policy, exempt);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(status(test.offer()), switched) << exempt;
  }
  AdmissionTest proxied(policy, "10.0.0.1");
  const std::string client = "X-Forwarded-For: 127.0.0.1\r\n";
  EXPECT_EQ(status(proxied.ask(client)), ok);
  EXPECT_EQ(status(proxied.ask(client)), too_many) << "somebody's loopback is not ours";
}

TEST(SEC_D4, AllClientsTogetherAreLimited) {
  AccessPolicy policy;
  policy.per_route.requests = Rate{2, Millis(10'000)};
  AdmissionTest test(policy);
  EXPECT_EQ(status(test.ask()), ok);
  test.server.peers.remote = *parse_ip("192.0.2.2");
  EXPECT_EQ(status(test.ask()), ok);
  test.server.peers.remote = *parse_ip("192.0.2.3");
  const std::string refused = test.ask();
  EXPECT_EQ(status(refused), unavailable);
  EXPECT_NE(refused.find("\r\nRetry-After: 5"), std::string::npos) << refused;
}

TEST(SEC_D4, TunnelsOfAClientAreLimitedUntilOneEnds) {
  AccessPolicy policy;
  policy.per_client.tunnels = 2;
  AdmissionTest test(policy);
  EXPECT_EQ(status(test.offer()), switched);
  EXPECT_EQ(status(test.offer()), switched);
  const std::string refused = test.offer();
  EXPECT_EQ(status(refused), too_many);
  EXPECT_NE(refused.find("\r\nRetry-After: "), std::string::npos) << refused;
  EXPECT_EQ(test.server.recorder.lines.back(), "request GET / 429 refused too-many-tunnels");
  EXPECT_EQ(status(test.ask()), ok) << "a request is no tunnel";
  test.clients.erase(test.clients.begin());
  test.server.loop.run();
  EXPECT_EQ(status(test.offer()), switched) << "its place came back";
  EXPECT_EQ(status(test.offer()), too_many);
}

TEST(SEC_D4, TunnelsOfARouteAreLimitedUntilOneEnds) {
  AccessPolicy policy;
  policy.per_route.tunnels = 1;
  policy.per_client.tunnels = 1;
  AdmissionTest test(policy);
  EXPECT_EQ(status(test.offer()), switched);
  test.server.peers.remote = *parse_ip("192.0.2.2");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status(test.offer()), unavailable);
  test.clients.erase(test.clients.begin());
  test.server.loop.run();
  EXPECT_EQ(status(test.offer()), switched) << "refusals have kept no place";
}

TEST(SEC_D4, UpgradesAreLimited) {
  AccessPolicy policy;
  policy.per_client.upgrades = Rate{1, Millis(60'000)};
  AdmissionTest test(policy);
  EXPECT_EQ(status(test.offer()), switched);
  EXPECT_EQ(status(test.offer()), too_many);
  EXPECT_EQ(status(test.ask()), ok);
}

// ===== HTTP/2 =====

class Http2Client {
 public:
  explicit Http2Client(MemoryServer& server) {
    auto [ours, theirs] = MemoryStream::make_pair(server.loop);
    server.accept(std::move(ours));
    peer = std::make_unique<H2Peer>(server.loop, std::move(theirs));
  }
  turnout::testing::H2Response& get() {
    const int id = peer->get("/");
    peer->run();
    return peer->response(id);
  }
  int connect() {
    const int id = peer->open(
        {{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}});
    peer->run();
    return id;
  }
  std::unique_ptr<H2Peer> peer;
};

std::unique_ptr<Protocol> make_http2() {
  return std::make_unique<Http2>();
}

TEST(SEC_O7, NetworksHoldInHttp2) {
  AccessPolicy policy;
  policy.deny = networks({"192.0.2.0/24"});
  AdmissionTest test(policy, "192.0.2.1", &make_http2);
  Http2Client client(test.server);
  EXPECT_EQ(client.get().status, 403);
  EXPECT_EQ(client.peer->response(client.connect()).status, 403);
  EXPECT_EQ(test.served, 0);
}

TEST(SEC_D4, RequestsOfAClientAreLimitedInHttp2) {
  AccessPolicy policy;
  policy.per_client.requests = Rate{2, Millis(10'000)};
  AdmissionTest test(policy, "192.0.2.1", &make_http2);
  Http2Client client(test.server);
  EXPECT_EQ(client.get().status, 200);
  EXPECT_EQ(client.get().status, 200);
  turnout::testing::H2Response& refused = client.get();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.field("retry-after"), "5");
}

TEST(SEC_D4, TunnelsOfAClientAreLimitedInHttp2UntilOneEnds) {
  AccessPolicy policy;
  policy.per_client.tunnels = 2;
  AdmissionTest test(policy, "192.0.2.1", &make_http2);
  Http2Client client(test.server);
  const int first = client.connect();
  EXPECT_EQ(client.peer->response(first).status, 200);
  EXPECT_EQ(client.peer->response(client.connect()).status, 200);
  turnout::testing::H2Response& refused = client.peer->response(client.connect());
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(refused.field("retry-after"), "");
  client.peer->reset(first, NGHTTP2_CANCEL);
  client.peer->run();
  EXPECT_EQ(client.peer->response(client.connect()).status, 200) << "its place came back";
}

// ===== Redirection =====

TEST(RedirectToHttps, RequestsInCleartextAreSentThere) {
  AdmissionTest test{AccessPolicy()};
  test.route->redirect_to_https = 8443;
  const std::string head = test.ask();
  EXPECT_EQ(status(head), "HTTP/1.1 308 Permanent Redirect");
  EXPECT_NE(head.find("\r\nLocation: https://a:8443/\r\n"), std::string::npos) << head;
  EXPECT_EQ(status(test.offer()), "HTTP/1.1 308 Permanent Redirect") << "nothing is switched to in cleartext";
  EXPECT_EQ(test.served, 0);

  AdmissionTest http2(AccessPolicy(), "192.0.2.1", &make_http2);
  http2.route->redirect_to_https = 443;
  Http2Client client(http2.server);
  turnout::testing::H2Response& answer = client.get();
  EXPECT_EQ(answer.status, 308);
  EXPECT_TRUE(answer.field("location").starts_with("https://")) << answer.field("location");
  EXPECT_EQ(client.peer->response(client.connect()).status, 308);
  EXPECT_EQ(http2.served, 0);
}

}  // namespace
}  // namespace turnout
