// Switches through the proxy, HTTP/1.1 on both sides: the laws, and the attacks that they close.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/memory_proxy.h"

namespace turnout {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view smuggled = "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n";

/// A client and a backend with a tunnel between them.
struct OpenTunnel {
  explicit OpenTunnel(std::vector<std::string> tokens = {"websocket"}) : proxy(std::move(tokens)) {}
  void open() {
    client.send(websocket_request());
    proxy.run();
    (void)backend().take();
    backend().send(websocket_answer());
    proxy.run();
    EXPECT_THAT(client.take(), StartsWith("HTTP/1.1 101 "));
  }
  /// Of a frame of the backend, whose "bc" is missing: in the middle of it there is no place for a close.
  void begin_frame() {
    backend().send(
        "\x82\x03"
        "a");
    proxy.run();
  }
  MemoryPeer& backend() { return proxy.backend(0); }

  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
};

TEST(ProxySwitch, BytesPassBothWaysOnceAndInOrder) {
  OpenTunnel tunnel;
  tunnel.open();
  tunnel.client.send("to backend");
  tunnel.backend().send("to client");
  tunnel.proxy.run();
  EXPECT_EQ(tunnel.backend().take(), "to backend");
  EXPECT_EQ(tunnel.client.take(), "to client");
}

TEST(ProxySwitch, TheHandshakeIsTheClientsWithoutItsHop) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send(websocket_request("Origin: https://evil.example\r\nSec-WebSocket-Protocol: chat, x\r\n"));
  proxy.run();
  const std::string asked = proxy.backend(0).take();
  EXPECT_THAT(asked, StartsWith("GET /ws HTTP/1.1\r\nHost: a\r\n"));
  EXPECT_THAT(asked, HasSubstr("Upgrade: websocket\r\n"));
  EXPECT_THAT(asked, HasSubstr("Connection: Upgrade\r\n"));
  EXPECT_THAT(asked, HasSubstr("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
  EXPECT_THAT(asked, HasSubstr("Origin: https://evil.example\r\n"));  // W1: for the server to judge
  proxy.backend(0).send(websocket_answer("Sec-WebSocket-Protocol: chat\r\nKeep-Alive: 5\r\nX-App: 1\r\n"));
  proxy.run();
  const std::string answer = client.take();
  EXPECT_THAT(answer, HasSubstr("Sec-WebSocket-Protocol: chat\r\n"));
  EXPECT_THAT(answer, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(answer, HasSubstr("X-App: 1\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Keep-Alive")));
}

TEST(LAW_L1, EarlyBytesReachNobodyBeforeTheAcceptance) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send(websocket_request() + "early");
  proxy.run();
  EXPECT_THAT(proxy.backend(0).take(), EndsWith("\r\n\r\n"));
  client.send(" and more");
  proxy.run();
  EXPECT_EQ(proxy.backend(0).take(), "");
  proxy.backend(0).send(websocket_answer() + "glued");
  proxy.run();
  EXPECT_EQ(proxy.backend(0).take(), "early and more");
  EXPECT_THAT(client.take(), EndsWith("\r\n\r\nglued"));
}

TEST(SEC_U2, ASmuggledRequestBehindARefusalIsNeverSeen) {
  for (const std::string_view refusal :
       {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n"}) {
    MemoryProxy proxy;
    MemoryPeer client = proxy.server.connect();
    client.send(websocket_request().append(smuggled));
    proxy.run();
    (void)proxy.backend(0).take();
    proxy.backend(0).send(refusal);
    proxy.run();
    const std::string answer = client.take();
    EXPECT_THAT(answer, StartsWith(refusal.substr(0, 12)));
    EXPECT_THAT(answer, HasSubstr("Connection: close"));
    EXPECT_EQ(proxy.backend(0).take(), "");
    EXPECT_TRUE(proxy.backend(0).ended());
    EXPECT_TRUE(client.ended());
    EXPECT_EQ(proxy.backends(), 1u);
  }
}

TEST(LAW_L2, ASwitchHasAConnectionOfItsOwn) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  proxy.run();
  proxy.backend(0).send("HTTP/1.1 204 No Content\r\n\r\n");
  proxy.run();
  (void)client.take();
  client.send(websocket_request());
  proxy.run();
  ASSERT_EQ(proxy.backends(), 2u);
  // Refused: closed, and not used for anything else.
  proxy.backend(1).send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  proxy.run();
  EXPECT_THAT(client.take(), StartsWith("HTTP/1.1 404 "));
  (void)proxy.backend(1).take();
  EXPECT_TRUE(proxy.backend(1).ended());
  client.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  proxy.run();
  EXPECT_EQ(proxy.backends(), 2u);
  EXPECT_THAT(proxy.backend(0).take(), HasSubstr("GET /b "));
}

TEST(LAW_L3, A101ThatIsNotTheOneThatWasAskedForIs502) {
  const std::string accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
  const std::string line = "HTTP/1.1 101 Switching Protocols\r\n";
  for (const std::string& forged :
       {line + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
        line + "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        line + "Upgrade: websocket\r\nConnection: Upgrade\r\n" + accept + accept + "\r\n",
        line +
            "Upgrade: websocket\r\nConnection: Upgrade\r\nsec-websocket-accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n\r\n",
        line + "Upgrade: h2c\r\nConnection: Upgrade\r\n" + accept + "\r\n",
        line + "Upgrade: websocket, h2c\r\nConnection: Upgrade\r\n" + accept + "\r\n",
        line + "Upgrade: websocket\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + accept + "\r\n",
        line + "Upgrade: websocket\r\n" + accept + "\r\n", line + "Connection: Upgrade\r\n" + accept + "\r\n",
        "HTTP/1.0" + websocket_answer().substr(8), websocket_answer("Content-Length: 5\r\n"),
        websocket_answer("Transfer-Encoding: chunked\r\n"), websocket_answer("Sec-WebSocket-Protocol: chat\r\n"),
        websocket_answer("Sec-WebSocket-Extensions: permessage-deflate\r\n")}) {
    MemoryProxy proxy;
    MemoryPeer client = proxy.server.connect();
    client.send(websocket_request());
    proxy.run();
    (void)proxy.backend(0).take();
    proxy.backend(0).send(forged + "secret");
    proxy.run();
    const std::string answer = client.take();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 502 ")) << forged;
    EXPECT_THAT(answer, Not(HasSubstr("secret"))) << forged;
    EXPECT_TRUE(client.ended()) << forged;
    EXPECT_TRUE(proxy.backend(0).ended()) << forged;
  }
}

TEST(LAW_L3, ASplit101IsOne101) {
  const std::string answer = websocket_answer();
  for (std::size_t at = 1; at < answer.size(); ++at) {
    MemoryProxy proxy;
    MemoryPeer client = proxy.server.connect();
    client.send(websocket_request());
    proxy.run();
    proxy.backend(0).send(answer.substr(0, at));
    proxy.run();
    EXPECT_EQ(client.take(), "") << at;
    proxy.backend(0).send(answer.substr(at) + "glued");
    proxy.run();
    const std::string got = client.take();
    EXPECT_THAT(got, StartsWith("HTTP/1.1 101 ")) << at;
    EXPECT_THAT(got, EndsWith("\r\n\r\nglued")) << at;
  }
}

TEST(LAW_L4, AnOfferWithABodyIsSentWhole) {
  MemoryProxy proxy({"tcp"});
  MemoryPeer client = proxy.server.connect();
  client.send("POST /exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 8\r\n\r\nabcd");
  proxy.run();
  EXPECT_EQ(proxy.backends(), 0u);
  client.send("efghearly");
  proxy.run();
  const std::string asked = proxy.backend(0).take();
  EXPECT_THAT(asked, StartsWith("POST /exec HTTP/1.1\r\n"));
  EXPECT_THAT(asked, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_THAT(asked, HasSubstr("Upgrade: tcp\r\n"));
  EXPECT_THAT(asked, EndsWith("\r\n\r\nabcdefgh"));
  proxy.backend(0).send("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nout");
  proxy.run();
  EXPECT_EQ(proxy.backend(0).take(), "early");
  const std::string answer = client.take();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nout"));
}

TEST(SEC_U5, ABodyBehindAWebSocketHandshakeIsRefused) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send(websocket_request("Content-Length: 32\r\n").append("GET /admin HTTP/1.1\r\nHost: a\r\n\r\n"));
  proxy.run();
  EXPECT_THAT(client.take(), StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(proxy.backends(), 0u);
}

TEST(LAW_L5, WhatWeSpeakOurselvesIsNotPassedOn) {
  for (const std::string_view offer :
       {"Connection: Upgrade\r\nUpgrade: h2c\r\n", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n",
        "Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n", "Connection: Upgrade\r\nUpgrade: totally-made-up/1.0\r\n",
        "Connection: Upgrade\r\nUpgrade: HTTP/3.0\r\n"}) {
    MemoryProxy proxy;
    MemoryPeer client = proxy.server.connect();
    client.send(std::string("GET / HTTP/1.1\r\nHost: a\r\n").append(offer).append("\r\n"));
    proxy.run();
    ASSERT_EQ(proxy.backends(), 1u) << offer;
    const std::string asked = proxy.backend(0).take();
    EXPECT_THAT(asked, Not(HasSubstr("Upgrade"))) << offer;
    EXPECT_THAT(asked, Not(HasSubstr("HTTP2-Settings"))) << offer;
  }
}

TEST(LAW_L5, UpgradeInAnAnswerDoesNotNameWhatIsBetweenNeighbours) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  proxy.run();
  proxy.backend(0).send(
      "HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: h2c, websocket, TLS/1.2\r\nContent-Length: "
      "0\r\n\r\n");
  proxy.run();
  const std::string answer = client.take();
  EXPECT_THAT(answer, HasSubstr("Upgrade: websocket\r\n"));
  EXPECT_THAT(answer, HasSubstr("Connection: Upgrade\r\n"));
}

TEST(ProxySwitch, InterimAnswersComeBeforeThe101) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send(websocket_request());
  proxy.run();
  proxy.backend(0).send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" +
                        websocket_answer());
  proxy.run();
  const std::string answer = client.take();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 101 "));
}

TEST(ProxySwitch, EachDirectionEndsOnItsOwn) {
  for (const bool client_first : {true, false}) {
    OpenTunnel tunnel;
    tunnel.open();
    MemoryPeer& first = client_first ? tunnel.client : tunnel.backend();
    MemoryPeer& second = client_first ? tunnel.backend() : tunnel.client;
    first.send("last words");
    first.close_write();
    tunnel.proxy.run();
    EXPECT_EQ(second.take(), "last words");
    EXPECT_TRUE(second.ended());
    const std::string much(100'000, 'x');
    second.send(much);
    tunnel.proxy.run();
    EXPECT_EQ(first.take(), much);
    EXPECT_FALSE(first.ended());
    second.close_write();
    tunnel.proxy.run();
    EXPECT_TRUE(first.ended());
    EXPECT_EQ(tunnel.proxy.server.recorder.lines.back(),
              client_first ? "close GET /ws 101 websocket accepted accepted client peer-closed"
                           : "close GET /ws 101 websocket accepted accepted upstream upstream-closed");
  }
}

TEST(ProxySwitch, AResetOfOneSideIsPassedOn) {
  OpenTunnel one;
  one.open();
  one.client.abort();
  one.proxy.run();
  (void)one.backend().take();
  EXPECT_TRUE(one.backend().was_reset());

  OpenTunnel other;
  other.open();
  other.begin_frame();
  other.backend().abort();
  other.proxy.run();
  (void)other.client.take();
  EXPECT_TRUE(other.client.was_reset());
}

TEST(ProxySwitch, AWebSocketIsToldThatItsServerIsGone) {
  OpenTunnel tunnel;
  tunnel.open();
  tunnel.backend().abort();
  tunnel.proxy.run();
  EXPECT_EQ(tunnel.client.take(), std::string("\x88\x02\x03\xf4", 4));  // 1012
  EXPECT_TRUE(tunnel.client.ended());
}

TEST(SEC_U16, AServerThatIsTakenOutEndsItsTunnels) {
  OpenTunnel tunnel;
  tunnel.open();
  (void)tunnel.proxy.settings->upstream->servers()[0].state->set_health(UpstreamServerState::Health::down);
  tunnel.proxy.run();
  EXPECT_EQ(tunnel.client.take(), std::string("\x88\x02\x03\xf4", 4));
  tunnel.client.close();
  tunnel.proxy.run();
  EXPECT_TRUE(tunnel.backend().take().starts_with('\x88'));
  EXPECT_TRUE(tunnel.backend().ended());
  EXPECT_EQ(tunnel.proxy.server.recorder.lines.back(),
            "close GET /ws 101 websocket accepted accepted upstream upstream-down");
}

TEST(LAW_L9, TheLimitsOfATunnelAreItsOwn) {
  OpenTunnel tunnel;
  tunnel.proxy.settings->tunnel = {.idle = Millis(3'600'000), .lifetime = Millis(0), .half_close = Millis(30'000)};
  tunnel.open();
  tunnel.proxy.server.loop.advance(Millis(3'500'000));  // longer than any limit of a request
  EXPECT_FALSE(tunnel.client.ended());
  tunnel.client.send("x");
  tunnel.proxy.run();
  EXPECT_EQ(tunnel.backend().take(), "x");
  tunnel.proxy.server.loop.advance(Millis(3'599'000));
  EXPECT_FALSE(tunnel.client.ended());
  tunnel.proxy.server.loop.advance(Millis(10'000));
  EXPECT_EQ(tunnel.client.take(), std::string("\x88\x02\x03\xe9", 4));  // 1001
  EXPECT_TRUE(tunnel.client.ended());
  EXPECT_EQ(tunnel.proxy.server.recorder.lines.back(),
            "close GET /ws 101 websocket accepted accepted server idle-timeout");
}

// A tunnel that is gone at once would pay for keep-alive and never need it.
TEST(ProxySwitch, KeepAliveTowardsTheServerBeginsWhenATunnelHasLasted) {
  OpenTunnel tunnel;
  tunnel.open();
  tunnel.proxy.server.loop.advance(Tunnel::stays_after - Millis(1));
  EXPECT_FALSE(tunnel.backend().other_stays());
  tunnel.proxy.server.loop.advance(Millis(1'000));
  EXPECT_TRUE(tunnel.backend().other_stays());

  OpenTunnel half;
  half.proxy.settings->tunnel.half_close = Millis(600'000);
  half.open();
  half.client.close_write();
  half.proxy.run();
  half.proxy.server.loop.advance(Tunnel::stays_after + Millis(1'000));
  EXPECT_TRUE(half.backend().other_stays());
}

TEST(LAW_L9, LifetimeAndHalfClose) {
  OpenTunnel old;
  old.proxy.settings->tunnel.lifetime = Millis(60'000);
  old.open();
  old.proxy.server.loop.advance(Millis(59'000));
  EXPECT_FALSE(old.client.ended());
  old.proxy.server.loop.advance(Millis(5'000));
  EXPECT_EQ(old.proxy.server.recorder.lines.back(),
            "close GET /ws 101 websocket accepted accepted server lifetime-over");

  OpenTunnel half;
  half.open();
  half.client.close_write();
  half.proxy.run();
  half.proxy.server.loop.advance(Millis(29'000));
  EXPECT_FALSE(half.client.ended());
  half.proxy.server.loop.advance(Millis(5'000));
  EXPECT_EQ(half.proxy.server.recorder.lines.back(),
            "close GET /ws 101 websocket accepted accepted server half-close-timeout");
}

TEST(ProxySwitch, TheUpgradeHasATimeLimit) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send(websocket_request().append(smuggled));
  proxy.run();
  (void)proxy.backend(0).take();
  proxy.server.loop.advance(Millis(11'000));
  EXPECT_THAT(client.take(), StartsWith("HTTP/1.1 504 "));
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(proxy.backend(0).ended());
  EXPECT_EQ(proxy.backend(0).take(), "");
}

TEST(ProxySwitch, DrainingClosesAWebSocketBetweenTwoFrames) {
  OpenTunnel tunnel;
  tunnel.open();
  tunnel.begin_frame();
  tunnel.proxy.server.sessions.drain();
  tunnel.proxy.run();
  EXPECT_EQ(tunnel.client.take(), std::string("\x82\x03"
                                              "a",
                                              3));
  EXPECT_FALSE(tunnel.client.ended());
  tunnel.backend().send("bc");
  tunnel.proxy.run();
  EXPECT_EQ(tunnel.client.take(), std::string("bc\x88\x02\x03\xe9", 6));
}

TEST(ProxySwitch, AnOperatorMayEndATunnelThatHasNoWordForIt) {
  MemoryProxy proxy({"tcp"});
  MemoryPeer client = proxy.server.connect();
  client.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
  proxy.run();
  proxy.backend(0).send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
  proxy.run();
  EXPECT_THAT(client.take(), StartsWith("HTTP/1.1 101 "));
  // The whole server is stopping: such a tunnel goes on until the limit for that is over.
  proxy.server.sessions.drain();
  proxy.run();
  EXPECT_FALSE(client.ended());
  Sessions::Walk(proxy.server.sessions).visit(1, [](Session& session) {
    EXPECT_TRUE(session.has_open());
    EXPECT_EQ(session.upstream(), "backend0");
    session.close();
  });
  proxy.run();
  EXPECT_TRUE(client.ended());
  (void)proxy.backend(0).take();
  EXPECT_TRUE(proxy.backend(0).ended());
  proxy.server.loop.advance(Millis(3'000));  // the client does not end its side
  EXPECT_EQ(proxy.server.recorder.lines.back(), "close GET /ws 101 tcp accepted accepted server closed-by-operator");
}

void close_all(MemoryProxy& proxy, bool force) {
  Sessions::Walk(proxy.server.sessions).visit(10, [&](Session& session) {
    session.close();
    if (force) session.abort();
  });
  proxy.run();
}

constexpr std::string_view closed_by_operator =
    "close GET /ws 101 websocket accepted accepted server closed-by-operator";

TEST(ProxySwitch, ATunnelIsEndedWhereItsClientHasSaidItsLast) {
  OpenTunnel tunnel;
  tunnel.open();
  tunnel.client.close_write();
  tunnel.proxy.run();
  EXPECT_FALSE(tunnel.client.ended());
  close_all(tunnel.proxy, false);
  EXPECT_EQ(tunnel.client.take(), std::string("\x88\x02\x03\xe9", 4));
  tunnel.proxy.server.loop.advance(Millis(3'000));
  EXPECT_EQ(tunnel.proxy.server.recorder.lines.back(), closed_by_operator);
}

TEST(ProxySwitch, ATunnelIsEndedWhereItsServerTakesNothing) {
  OpenTunnel tunnel;
  tunnel.open();
  const std::string piece(16 * 1024, 'x');
  for (int i = 0; i < 64 && tunnel.client.send(piece); ++i) tunnel.proxy.run();
  close_all(tunnel.proxy, false);
  EXPECT_EQ(tunnel.client.take(), std::string("\x88\x02\x03\xe9", 4));
  tunnel.proxy.server.loop.advance(Millis(10'000));
  EXPECT_EQ(tunnel.proxy.server.recorder.lines.back(), closed_by_operator);
}

TEST(ProxySwitch, ATunnelIsEndedWhereItsServerStopsInAFrame) {
  OpenTunnel tunnel;
  tunnel.open();
  tunnel.begin_frame();
  close_all(tunnel.proxy, false);
  tunnel.proxy.server.loop.advance(Millis(10'000));
  (void)tunnel.client.take();
  EXPECT_TRUE(tunnel.client.ended());
  EXPECT_EQ(tunnel.proxy.server.recorder.lines.back(), closed_by_operator);
}

// What the operator breaks off was not broken off by the client.
TEST(ProxySwitch, ATunnelThatIsBrokenOffByForceIsOnRecordAsThat) {
  OpenTunnel tunnel;
  tunnel.open();
  tunnel.begin_frame();
  close_all(tunnel.proxy, true);
  (void)tunnel.client.take();
  EXPECT_TRUE(tunnel.client.was_reset());
  EXPECT_EQ(tunnel.proxy.server.recorder.lines.back(), closed_by_operator);
}

// Whoever asks why a tunnel has ended wants to know where it led.
TEST(LAW_L10, TheRecordOfATunnelsEndNamesItsServer) {
  struct Ends final : Recorder {
    void write(const Record& record) noexcept override {
      if (record.kind == RecordKind::close) upstream = record.session->upstream();
    }
    std::string upstream;
  } ends;
  OpenTunnel tunnel;
  tunnel.open();
  tunnel.proxy.server.sessions.recorder = &ends;
  tunnel.client.abort();
  tunnel.proxy.run();
  EXPECT_EQ(ends.upstream, "backend0");
}

TEST(LAW_L10, ASwitchHasTwoRecords) {
  OpenTunnel tunnel;
  tunnel.open();
  EXPECT_EQ(tunnel.proxy.server.recorder.lines.back(), "open GET /ws 101 websocket accepted accepted");
}

TEST(SEC_U11, AStalledReaderStopsTheWriter) {
  OpenTunnel tunnel;
  tunnel.open();
  const std::string piece(16 * 1024, 'x');
  std::size_t taken = 0;
  while (taken < 1024 * piece.size() && tunnel.backend().send(piece)) {
    taken += piece.size();
    tunnel.proxy.run();
  }
  EXPECT_LT(taken, 1024 * 1024u);
}

TEST(SEC_U10, AClientThatBreaksOffBehindAStalledServerIsNoticed) {
  OpenTunnel tunnel;
  tunnel.open();
  const std::string piece(16 * 1024, 'x');
  for (int i = 0; i < 64 && tunnel.client.send(piece); ++i) tunnel.proxy.run();
  // Both directions wait for the server now.
  tunnel.client.abort();
  tunnel.proxy.run();
  (void)tunnel.backend().take();
  EXPECT_TRUE(tunnel.backend().was_reset());
  EXPECT_EQ(tunnel.proxy.server.recorder.lines.back(),
            "close GET /ws 101 websocket accepted accepted client peer-reset");
}

}  // namespace
}  // namespace turnout
