// Requests through the proxy, HTTP/1.1 on both sides.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/memory_proxy.h"

namespace turnout {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view get = "GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n";

/// Whether the proxy has ended its connection, whatever it sent before.
bool has_ended(MemoryPeer& peer) {
  (void)peer.take();
  return peer.ended();
}

std::string answer_of(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

TEST(Proxy, PassesARequestAndItsAnswer) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send(get);
  proxy.run();
  ASSERT_EQ(proxy.backends(), 1u);
  const std::string asked = proxy.backend(0).take();
  EXPECT_THAT(asked, StartsWith("GET /a?b HTTP/1.1\r\nHost: a\r\n"));
  EXPECT_THAT(asked, HasSubstr("X-Forwarded-For: 127.0.0.1\r\n"));
  EXPECT_THAT(asked, HasSubstr("Forwarded: for=127.0.0.1;proto=http;host=\"a\"\r\n"));
  EXPECT_THAT(asked, HasSubstr("Via: 1.1 turnout\r\n"));
  EXPECT_THAT(asked, Not(HasSubstr("Connection")));
  proxy.backend(0).send(answer_of("hello"));
  proxy.run();
  const std::string answer = client.take();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nhello"));
}

TEST(Proxy, TheNextRequestTakesTheSameConnection) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  for (int i = 0; i < 3; ++i) {
    client.send(get);
    proxy.run();
    ASSERT_EQ(proxy.backends(), 1u);
    EXPECT_THAT(proxy.backend(0).take(), StartsWith("GET /a?b "));
    EXPECT_EQ(proxy.backend(0).other_stays(), i != 0);  // once it is kept, its keep-alive begins
    proxy.backend(0).send(answer_of("x"));
    proxy.run();
    EXPECT_THAT(client.take(), EndsWith("\r\n\r\nx"));
  }
}

TEST(Proxy, AnIdleConnectionThatSpeaksOrEndsIsNotUsedAgain) {
  for (const bool speaks : {true, false}) {
    MemoryProxy proxy;
    MemoryPeer client = proxy.server.connect();
    client.send(get);
    proxy.run();
    proxy.backend(0).send(answer_of("1"));
    proxy.run();
    (void)client.take();
    if (speaks) {
      proxy.backend(0).send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");  // U6
    } else {
      proxy.backend(0).close_write();
    }
    proxy.run();
    client.send(get);
    proxy.run();
    ASSERT_EQ(proxy.backends(), 2u);
    proxy.backend(1).send(answer_of("2"));
    proxy.run();
    EXPECT_THAT(client.take(), EndsWith("\r\n\r\n2"));
  }
}

TEST(SEC_S11, BytesBehindAnAnswerEndTheConnection) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send(get);
  proxy.run();
  proxy.backend(0).send(answer_of("1") + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
  proxy.run();
  EXPECT_THAT(client.take(), EndsWith("\r\n\r\n1"));
  client.send(get);
  proxy.run();
  ASSERT_EQ(proxy.backends(), 2u);
  proxy.backend(1).send(answer_of("2"));
  proxy.run();
  EXPECT_THAT(client.take(), EndsWith("\r\n\r\n2"));
}

TEST(Proxy, ARequestIsRepeatedWhereItsOldConnectionHadEnded) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send(get);
  proxy.run();
  proxy.backend(0).send(answer_of("1"));
  proxy.run();
  (void)client.take();
  client.send(get);
  proxy.run();
  proxy.backend(0).close();  // it had got the request
  proxy.run();
  ASSERT_EQ(proxy.backends(), 2u);
  EXPECT_THAT(proxy.backend(1).take(), StartsWith("GET /a?b "));
  proxy.backend(1).send(answer_of("2"));
  proxy.run();
  EXPECT_THAT(client.take(), EndsWith("\r\n\r\n2"));
}

TEST(Proxy, AMethodThatIsNotIdempotentIsNotRepeated) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send(get);
  proxy.run();
  proxy.backend(0).send(answer_of("1"));
  proxy.run();
  (void)client.take();
  client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  proxy.run();
  proxy.backend(0).close();
  proxy.run();
  EXPECT_EQ(proxy.backends(), 1u);
  const std::string answer = client.take();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 502 "));
  EXPECT_THAT(answer, HasSubstr("Proxy-Status: turnout; error=connection_terminated\r\n"));
}

TEST(Proxy, BodiesStreamBothWays) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  proxy.run();
  EXPECT_THAT(proxy.backend(0).take(), EndsWith("\r\n\r\n3\r\nabc\r\n"));
  proxy.backend(0).send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n");
  proxy.run();
  EXPECT_THAT(client.take(), EndsWith("\r\n\r\n2\r\nde\r\n"));
  client.send("1\r\nf\r\n0\r\nX-Sum: 1\r\n\r\n");
  proxy.run();
  EXPECT_EQ(proxy.backend(0).take(), "1\r\nf\r\n0\r\nX-Sum: 1\r\n\r\n");
  proxy.backend(0).send("0\r\nX-Check: 2\r\n\r\n");
  proxy.run();
  EXPECT_EQ(client.take(), "0\r\nX-Check: 2\r\n\r\n");
}

TEST(Proxy, HeadAndNotModifiedKeepTheirLength) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n");
  proxy.run();
  proxy.backend(0).send("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
  proxy.run();
  EXPECT_THAT(client.take(), HasSubstr("Content-Length: 1234\r\n"));
  client.send(get);
  proxy.run();
  proxy.backend(0).send("HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n");
  proxy.run();
  const std::string answer = client.take();
  EXPECT_THAT(answer, HasSubstr("ETag: \"x\"\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(answer, Not(HasSubstr("Transfer-Encoding")));
}

TEST(Proxy, InterimAnswersArePassedOnBut100) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send(get);
  proxy.run();
  proxy.backend(0).send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer_of("x"));
  proxy.run();
  const std::string answer = client.take();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"));
}

TEST(SEC_U8, FieldsOfOneHopEndHereAndOurOwnCannotBeNamedAway) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Forwarded-For, Forwarded, Via, X-Mine, Host\r\nX-Mine: 1\r\n"
      "Keep-Alive: 5\r\nProxy-Connection: x\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Other: "
      "2\r\n\r\n");
  proxy.run();
  const std::string asked = proxy.backend(0).take();
  EXPECT_THAT(asked, HasSubstr("Host: a\r\n"));
  EXPECT_THAT(asked, HasSubstr("X-Other: 2\r\n"));
  EXPECT_THAT(asked, HasSubstr("X-Forwarded-For: 127.0.0.1\r\n"));
  EXPECT_THAT(asked, HasSubstr("X-Forwarded-Proto: http\r\n"));
  EXPECT_THAT(asked, HasSubstr("Via: 1.1 turnout\r\n"));
  for (const char* gone : {"X-Mine", "Keep-Alive", "Proxy-Connection", "6.6.6.6", "Connection:"}) {
    EXPECT_THAT(asked, Not(HasSubstr(gone)));
  }
}

TEST(SEC_S9, AnEarlyRefusalEndsBothConnections) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
  proxy.run();
  proxy.backend(0).send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
  proxy.run();
  const std::string answer = client.take();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(has_ended(proxy.backend(0)));
  client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  proxy.run();
  EXPECT_EQ(proxy.backends(), 1u);
}

TEST(SEC_S11, BrokenAnswersAre502) {
  for (const std::string_view broken :
       {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\nX: y\n\n",
        "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/3 200 OK\r\n\r\n", "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"}) {
    MemoryProxy proxy;
    MemoryPeer client = proxy.server.connect();
    client.send(get);
    proxy.run();
    proxy.backend(0).send(broken);
    proxy.run();
    const std::string answer = client.take();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 502 ")) << broken;
    EXPECT_THAT(answer, HasSubstr("Proxy-Status: turnout; error=http_protocol_error\r\n"));
    EXPECT_TRUE(has_ended(proxy.backend(0)));
  }
}

TEST(Proxy, AnAnswerThatIsCutOffIsCutOffForTheClient) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send(get);
  proxy.run();
  (void)proxy.backend(0).take();
  proxy.backend(0).send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  proxy.backend(0).close();
  proxy.run();
  (void)client.take();
  EXPECT_TRUE(client.was_reset());
}

TEST(Proxy, ASlowServerIs504) {
  MemoryProxy proxy;
  proxy.settings->answer_timeout = Millis(2'000);
  MemoryPeer client = proxy.server.connect();
  client.send(get);
  proxy.run();
  proxy.server.loop.advance(Millis(2'100));
  const std::string answer = client.take();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 504 "));
  EXPECT_THAT(answer, HasSubstr("error=http_response_timeout"));
}

TEST(Proxy, WithoutAServerIs503Or502) {
  MemoryProxy proxy;
  proxy.connector->fails["backend0"] = UpstreamError::connection_refused;
  MemoryPeer client = proxy.server.connect();
  client.send(get);
  proxy.run();
  EXPECT_THAT(client.take(), StartsWith("HTTP/1.1 502 "));
  (void)proxy.settings->upstream->servers()[0].state->set_health(UpstreamServerState::Health::down);
  client.send(get);
  proxy.run();
  const std::string answer = client.take();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, HasSubstr("Retry-After: "));
}

TEST(SEC_D10, AClientThatBreaksOffEndsItsRequestBehindUs) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send(get);
  proxy.run();
  EXPECT_FALSE(has_ended(proxy.backend(0)));
  client.abort();
  proxy.run();
  EXPECT_TRUE(has_ended(proxy.backend(0)));
}

TEST(SEC_U4, ASwitchThatNobodyAskedForIs502AndClosesBoth) {
  for (const std::string_view request :
       {get, std::string_view("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"),
        std::string_view("GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")}) {
    MemoryProxy proxy;
    MemoryPeer client = proxy.server.connect();
    client.send(request);
    proxy.run();
    proxy.backend(0).send(websocket_answer() + "tunnel");
    proxy.run();
    const std::string answer = client.take();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 502 "));
    EXPECT_THAT(answer, Not(HasSubstr("tunnel")));
    EXPECT_TRUE(client.ended());
    EXPECT_TRUE(has_ended(proxy.backend(0)));
  }
}

TEST(Proxy, BackpressureHoldsTheServerBack) {
  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
  client.send(get);
  proxy.run();
  proxy.backend(0).send("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
  const std::string piece(16 * 1024, 'x');
  std::size_t taken = 0;
  while (taken < 1024 * piece.size() && proxy.backend(0).send(piece)) {
    taken += piece.size();
    proxy.run();
  }
  // The client reads nothing: two pipes are full, and there is one buffer between them.
  EXPECT_LT(taken, 1024 * 1024u);
  EXPECT_GT(taken, 256 * 1024u);
}

}  // namespace
}  // namespace turnout
