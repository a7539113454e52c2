#include "protocols/http1/http1.h"

#include <gtest/gtest.h>

#include "tests/support/memory_server.h"

namespace turnout {
namespace {

constexpr std::string_view date = "Date: Mon, 21 Sep 2026 14:13:20 GMT\r\n";

std::string answer(std::string_view status, std::string_view body, std::string_view connection = "") {
  std::string text = "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: text/plain; charset=utf-8\r\n";
  text.append(date).append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  if (!connection.empty()) text.append("Connection: ").append(connection).append("\r\n");
  return text.append("\r\n").append(body);
}

/// Speaks a made-up protocol: shouts back what it gets.
class Shout final : public Protocol {
 public:
  const char* name() const noexcept override { return "shout"; }
  Task<Outcome> run(Wire wire, Session& /*session*/) override {
    while (true) {
      if (wire.peek().empty()) {
        const Result<std::size_t> more = co_await wire.fill();
        if (!more || *more == 0) co_return Closed{Why::peer_closed};
      }
      std::string text(as_text(wire.peek()));
      wire.consume(text.size());
      for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      const Result<void> sent = co_await wire.write(text);
      if (!sent) co_return Closed{Why::peer_reset};
    }
  }
};

class ShoutUpgrader final : public Upgrader {
 public:
  const char* token() const noexcept override { return "shout"; }
  Task<Verdict> consider(const UpgradeOffer& offer, const UpgradeToken&, Session&) const override {
    if (offer.request->head.path() == "/forbidden") co_return Refuse{403, Why::origin_not_allowed, {}};
    Accept accepted;
    accepted.token = token();
    accepted.upgrade = "shout";
    accepted.successor = std::make_unique<Shout>();
    co_return accepted;
  }
};

class Http1Test : public testing::Test {
 protected:
  Http1Test() {
    server.site.add("/hello", std::make_unique<Answer>("hello\n"));
    server.site.add("/echo", std::make_unique<EchoBody>());
    server.registry->add(std::make_unique<ShoutUpgrader>());
  }

  std::string exchange(std::string_view bytes) {
    MemoryPeer client = server.connect();
    client.send(bytes);
    server.loop.run();
    return client.take();
  }

  MemoryServer server;
};

TEST_F(Http1Test, AnswersAndKeepsTheConnection) {
  MemoryPeer client = server.connect();
  for (int i = 0; i < 3; ++i) {
    client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    server.loop.run();
    EXPECT_EQ(client.take(), answer("200 OK", "hello\n"));
  }
  EXPECT_FALSE(client.ended());
}

TEST_F(Http1Test, PipelinedRequestsAreAnsweredInOrder) {
  EXPECT_EQ(exchange("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"
                     "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
            answer("200 OK", "hello\n") + answer("404 Not Found", "not found\n") + answer("200 OK", "hello\n"));
}

TEST_F(Http1Test, ARequestThatArrivesByteByByteIsOneRequest) {
  MemoryPeer client = server.connect();
  std::string got;
  for (const char c : std::string_view("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")) {
    client.send({&c, 1});
    server.loop.run();
    got += client.take();
  }
  EXPECT_EQ(got, "HTTP/1.1 200 OK\r\n" + std::string(date) + "Transfer-Encoding: chunked\r\n\r\n" +
                     "1\r\nh\r\n1\r\ne\r\n1\r\nl\r\n1\r\nl\r\n1\r\no\r\n0\r\n\r\n");
}

TEST_F(Http1Test, HeadHasTheLengthAndNoContent) {
  EXPECT_EQ(exchange("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
            answer("200 OK", "hello\n").substr(0, answer("200 OK", "hello\n").size() - 6));
}

TEST_F(Http1Test, Http10ClosesUnlessAskedToKeep) {
  EXPECT_EQ(exchange("GET /hello HTTP/1.0\r\n\r\n"), answer("200 OK", "hello\n", "close"));
  EXPECT_EQ(exchange("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            answer("200 OK", "hello\n", "keep-alive"));
}

TEST_F(Http1Test, ALargeBodyGoesThroughWithShortReadsAndWrites) {
  const std::string body(300'000, 'x');
  MemoryPeer client = server.connect({.read_bytes_max = 777, .write_bytes_max = 991, .capacity_bytes = 400'000});
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + body);
  std::string got;
  for (int i = 0; i < 2000 && !got.ends_with("\r\n0\r\n\r\n"); ++i) {
    server.loop.run();
    got += client.take();
  }
  std::size_t carried = 0;
  for (const char c : got) carried += c == 'x' ? 1 : 0;
  EXPECT_EQ(carried, body.size());
}

TEST_F(Http1Test, AnOfferIsTakenUpAndEarlyBytesBelongToTheNewProtocol) {
  EXPECT_EQ(exchange("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\nearly"),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\nConnection: Upgrade\r\n\r\nEARLY");
  EXPECT_EQ(server.recorder.lines.at(0), "open GET /hello 101 shout accepted accepted");
}

TEST(LAW_L10, ASwitchIsOnRecordTwice) {
  MemoryServer server;
  server.registry->add(std::make_unique<ShoutUpgrader>());
  server.site.add("/", std::make_unique<Answer>("x"));
  MemoryPeer client = server.connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n");
  client.close_write();
  server.loop.run();
  ASSERT_EQ(server.recorder.lines.size(), 2U);
  EXPECT_EQ(server.recorder.lines[1], "close GET / 101 shout accepted accepted client peer-closed");
  EXPECT_EQ(server.transcripts.at(0),
            "0 enter http/1.1\n0 offer shout\n0 accept shout accepted\n0 switch shout accepted early=0\n"
            "0 enter shout\n0 close peer-closed\n");
}

TEST(Http1, NotModifiedHasNeitherLengthNorBody) {
  MemoryServer server;
  server.site.add("/", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    (void)co_await exchange.respond(ResponseHead(304), Bytes());
                  }));
  server.site.add("/with", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    (void)co_await exchange.respond(ResponseHead(304), as_bytes("the body of the 200"));
                  }));
  MemoryPeer client = server.connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /with HTTP/1.1\r\nHost: a\r\n\r\n");
  server.loop.run();
  const std::string first = "HTTP/1.1 304 Not Modified\r\n" + std::string(date);
  EXPECT_EQ(client.take(), first + "\r\n" + first + "Content-Length: 19\r\n\r\n");
}

TEST(LAW_L4, TheBodyIsReadBeforeTheSwitch) {
  MemoryServer server;
  server.registry->add(std::make_unique<ShoutUpgrader>());
  server.site.add("/", std::make_unique<EchoBody>());
  MemoryPeer client = server.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\nContent-Length: 4\r\n\r\nbo");
  server.loop.run();
  EXPECT_EQ(client.take(), "");
  client.send("dyafter");
  server.loop.run();
  EXPECT_EQ(client.take(), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\nConnection: Upgrade\r\n\r\nAFTER");
}

TEST(LAW_L4, ALongerBodyDeclinesTheOfferAndIsServed) {
  MemoryServer server;
  server.site.limits_.upgrade_body_bytes_max = 8;
  server.registry->add(std::make_unique<ShoutUpgrader>());
  server.site.add("/", std::make_unique<EchoBody>());
  for (const bool chunked : {false, true}) {
    MemoryPeer client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\n");
    client.send(chunked ? "Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nghijkl\r\n0\r\n\r\n"
                        : "Content-Length: 12\r\n\r\nabcdefghijkl");
    server.loop.run();
    const std::string got = client.take();
    EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\n")) << got;
    EXPECT_EQ(server.recorder.lines.back(), "request POST / 200 declined body-too-long");
    EXPECT_FALSE(client.ended());
  }
}

TEST(LAW_L4, ContinueComesBeforeTheSwitch) {
  MemoryServer server;
  server.registry->add(std::make_unique<ShoutUpgrader>());
  server.site.add("/", std::make_unique<EchoBody>());
  MemoryPeer client = server.connect();
  client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\nContent-Length: 4\r\n"
      "Expect: 100-continue\r\n\r\n");
  server.loop.run();
  EXPECT_EQ(client.take(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  server.loop.run();
  EXPECT_EQ(client.take(), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\nConnection: Upgrade\r\n\r\n");
}

TEST(LAW_L6, ADeclinedOfferWithBytesWaitingCloses) {
  MemoryServer server;
  server.site.add("/", std::make_unique<Answer>("x"));
  MemoryPeer client = server.connect();
  client.send(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: made-up\r\n\r\n"
      "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
  server.loop.run();
  EXPECT_EQ(client.take(), answer("200 OK", "x", "close"));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(server.recorder.lines.size(), 1U);
}

TEST(LAW_L6, ADeclinedOfferWithNothingBehindItKeepsTheConnection) {
  MemoryServer server;
  server.site.add("/", std::make_unique<Answer>("x"));
  MemoryPeer client = server.connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: made-up\r\n\r\n");
  server.loop.run();
  EXPECT_EQ(client.take(), answer("200 OK", "x"));
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  server.loop.run();
  EXPECT_EQ(client.take(), answer("200 OK", "x"));
}

TEST(LAW_L6, ARefusedConnectAlwaysCloses) {
  MemoryServer server;
  server.site.add("/", std::make_unique<Answer>("x"));
  MemoryPeer client = server.connect();
  client.send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  server.loop.run();
  const std::string got = client.take();
  EXPECT_TRUE(got.starts_with("HTTP/1.1 405 Method Not Allowed\r\n")) << got;
  EXPECT_NE(got.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(server.recorder.lines.size(), 1U);
}

TEST(SEC_U7, AnUpgradeAfterOtherRequestsWaitsForTheirAnswers) {
  MemoryServer server;
  server.registry->add(std::make_unique<ShoutUpgrader>());
  server.site.add("/", std::make_unique<Answer>("x"));
  MemoryPeer client = server.connect();
  client.send(
      "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n"
      "get / http/1.1\r\n");
  server.loop.run();
  EXPECT_EQ(client.take(), answer("200 OK", "x") +
                               "HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\nConnection: Upgrade\r\n\r\n"
                               "GET / HTTP/1.1\r\n");
}

TEST(SEC_S9, AnEarlyAnswerClosesWhatItDidNotRead) {
  MemoryServer server;
  server.site.add("/", std::make_unique<Answer>("x"));
  MemoryPeer client = server.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
  server.loop.run();
  EXPECT_EQ(client.take(), answer("200 OK", "x", "close"));
  EXPECT_TRUE(client.ended());
  // The whole body has arrived: nothing is left that could be misread.
  MemoryPeer other = server.connect();
  other.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  server.loop.run();
  EXPECT_EQ(other.take(), answer("200 OK", "x") + answer("200 OK", "x"));
}

TEST(SEC_D1, AHeadHasTenSecondsHoweverItDrips) {
  MemoryServer server;
  MemoryPeer client = server.connect();
  client.send("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 9; ++i) {
    server.loop.advance(Millis(1'000));
    client.send("X: y\r\n");
  }
  EXPECT_EQ(client.take(), "");
  server.loop.advance(Millis(1'100));
  EXPECT_TRUE(client.take().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_TRUE(client.ended());
}

TEST(SEC_D2, ABodyBelowTheRateIsEnded) {
  MemoryServer server;
  server.site.add("/", std::make_unique<EchoBody>());
  MemoryPeer client = server.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  server.loop.run();
  int seconds = 0;
  while (seconds < 100 && !client.ended()) {
    client.send("x");
    server.loop.advance(Millis(1'000));
    (void)client.take();
    ++seconds;
  }
  EXPECT_GT(seconds, 29);
  EXPECT_LT(seconds, 40);
}

TEST(SEC_D3, AClientThatTakesNothingIsEnded) {
  MemoryServer server;
  server.site.add("/", std::make_unique<Answer>(std::string(1'000'000, 'x')));
  MemoryPeer client = server.connect({.capacity_bytes = 1000});
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  server.loop.advance(Millis(29'000));
  EXPECT_EQ(server.sessions.size(), 1U);
  server.loop.advance(Millis(4'000));
  EXPECT_TRUE(server.sessions.empty());
}

TEST_F(Http1Test, AnIdleConnectionIsClosedQuietly) {
  MemoryPeer client = server.connect();
  client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  server.loop.run();
  (void)client.take();
  server.loop.advance(Millis(59'000));
  EXPECT_FALSE(client.ended());
  server.loop.advance(Millis(1'100));
  EXPECT_EQ(client.take(), "");
  EXPECT_TRUE(client.ended());
}

TEST_F(Http1Test, DrainingClosesIdleConnectionsAndFinishesRequests) {
  MemoryPeer idle = server.connect();
  MemoryPeer busy = server.connect();
  busy.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
  server.loop.run();
  server.sessions.drain();
  server.loop.run();
  EXPECT_TRUE(idle.ended());
  busy.send("cd");
  server.loop.run();
  const std::string got = busy.take();
  EXPECT_TRUE(got.ends_with("2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n")) << got;
  EXPECT_TRUE(busy.ended());
}

// Every operation on the stream fails once: nothing may crash, leak or stay behind.
TEST_F(Http1Test, AnyOperationMayFail) {
  const std::string input =
      "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\nabc";
  for (std::size_t n = 1; n < 120; ++n) {
    MemoryPeer client = server.connect({.read_bytes_max = 16, .write_bytes_max = 50, .fail_at_operation = n});
    client.send(input);
    server.loop.run();
    client.close();
    server.loop.advance(Millis(120'000));
    EXPECT_TRUE(server.sessions.empty()) << n;
  }
}

}  // namespace
}  // namespace turnout
