#include "protocols/proxy_protocol/proxy_protocol.h"

#include <gtest/gtest.h>

#include "tests/support/memory_server.h"

namespace turnout {
namespace {

/// Says whose connection it is, and what lies unread on it.
class WhoIsIt final : public Protocol {
 public:
  const char* name() const noexcept override { return "who"; }
  Task<Outcome> run(Wire wire, Session& session) override {
    const std::string said =
        text(session.peers().remote) + " " + text(session.peers().local) + " " + std::string(as_text(wire.peek()));
    (void)co_await wire.write(std::string_view(said));
    co_return Closed{Why::done};
  }
};

std::unique_ptr<Protocol> make_first() {
  return std::make_unique<ProxyProtocol>(std::make_unique<WhoIsIt>());
}

class ProxyProtocolTest {
 public:
  explicit ProxyProtocolTest(const char* peer = "10.0.0.1:999") : server(&make_first) {
    server.site.trusted_proxies_ = {*parse_network("10.0.0.0/8")};
    server.peers = {*parse_address(peer), *parse_address("10.0.0.2:80")};
  }

  std::string answer_to(std::string_view bytes) {
    MemoryPeer client = server.connect();
    client.send(bytes);
    server.loop.run();
    return client.take();
  }
  std::string transcript() const { return server.transcripts.empty() ? "" : server.transcripts.back(); }

  MemoryServer server;
};

constexpr std::string_view v1 = "PROXY TCP4 192.0.2.1 198.51.100.2 8080 443\r\n";

TEST(ProxyProtocol, SaysWhoseConnectionItIs) {
  ProxyProtocolTest test;
  EXPECT_EQ(test.answer_to(std::string(v1) + "GET /"), "192.0.2.1:8080 198.51.100.2:443 GET /");
  EXPECT_EQ(test.transcript(), "0 enter proxy-protocol\n0 switch who proxied early=5\n0 enter who\n0 close done\n");
  EXPECT_EQ(test.answer_to("PROXY UNKNOWN\r\nx"), "10.0.0.1:999 10.0.0.2:80 x") << "the proxy's own";
}

TEST(SEC_O7, ProxyHeadersAreTakenFromTrustedProxiesOnly) {
  for (const char* peer : {"192.0.2.1:1", "127.0.0.1:1", "[::1]:1"}) {
    ProxyProtocolTest test(peer);
    EXPECT_EQ(test.answer_to(v1), "") << peer;
    EXPECT_EQ(test.transcript(), "0 enter proxy-protocol\n0 close proxy-not-trusted\n");
  }
}

TEST(SEC_O7, WithoutAProxyHeaderTheConnectionIsOver) {
  for (const std::string_view bytes : {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PROXY TCP4 1.2.3.4\r\n", "\x16\x03\x01"}) {
    ProxyProtocolTest test;
    EXPECT_EQ(test.answer_to(bytes), "") << "not even an answer";
    EXPECT_EQ(test.transcript(), "0 enter proxy-protocol\n0 close proxy-header\n");
  }
}

TEST(SEC_O7, AHeaderThatDoesNotComeInTimeEndsTheConnection) {
  ProxyProtocolTest test;
  MemoryPeer client = test.server.connect();
  client.send(v1.substr(0, 20));
  test.server.loop.run();
  EXPECT_EQ(test.transcript(), "");
  test.server.loop.advance(test.server.site.limits().header_deadline + Millis(100));
  EXPECT_TRUE(test.transcript().ends_with("close header-timeout\n")) << test.transcript();
}

TEST(SEC_O7, AHeaderMayComeByteByByte) {
  ProxyProtocolTest test;
  MemoryPeer client = test.server.connect();
  for (const char c : std::string(v1) + "rest") {
    client.send(std::string_view(&c, 1));
    test.server.loop.run();
    if (c == 'r') break;
  }
  EXPECT_TRUE(client.take().starts_with("192.0.2.1:8080 "));
}

TEST(ProxyProtocol, AClientThatLeavesIsNoFault) {
  ProxyProtocolTest test;
  {
    MemoryPeer client = test.server.connect();
  }
  test.server.loop.run();
  EXPECT_TRUE(test.transcript().ends_with("close peer-closed\n")) << test.transcript();
}

}  // namespace
}  // namespace turnout
