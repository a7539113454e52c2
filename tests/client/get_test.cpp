// `turnout get` against the real server protocols, in memory and virtual time: each token end to end, what happens
// when it is declined, and every way to read and write in small pieces.
#include "client/get.h"

#include <gtest/gtest.h>

#include "protocols/detect/detect.h"
#include "protocols/http1/http1.h"
#include "protocols/http2/http2.h"
#include "protocols/http2/upgraders.h"
#include "protocols/tls/tls.h"
#include "protocols/tls/tls_upgrader.h"
#include "protocols/websocket/websocket_upgrader.h"
#include "switching/message_channel.h"
#include "tests/client/client_run.h"
#include "tests/support/memory_server.h"
#include "tests/support/tls_pair.h"

namespace turnout::client {
namespace {

/// Bodies and messages come back; the message "bye" closes.
class EchoAll final : public Handler, public MessageApp {
 public:
  Task<void> serve(Exchange& exchange) const override { return body_.serve(exchange); }
  const MessageApp* message_app() const noexcept override { return this; }
  Task<void> run(MessageChannel& channel) const override {
    while (true) {
      const auto message = co_await channel.receive();
      if (!message || !*message) co_return;
      const Result<void> sent = co_await channel.send((*message)->kind, (*message)->payload);
      if (!sent) co_return;
    }
  }

 private:
  EchoBody body_;
};

/// Says three things and closes.
class News final : public Handler, public MessageApp {
 public:
  Task<void> serve(Exchange& exchange) const override { (void)co_await exchange.respond(200, "no news in HTTP\n"); }
  const MessageApp* message_app() const noexcept override { return this; }
  Task<void> run(MessageChannel& channel) const override {
    for (const std::string_view text : {"one", "two", "three"}) {
      (void)co_await channel.send(turnout::MessageKind::text, as_bytes(text));
    }
  }
};

std::unique_ptr<Protocol> make_http1(std::optional<OwnedRequest> first) {
  return std::make_unique<Http1>(std::move(first));
}

class ClientGet : public testing::Test {
 protected:
  ClientGet() {
    server.site.add("/hello", std::make_unique<turnout::Answer>("hello\n"));
    server.site.add("/long", std::make_unique<turnout::Answer>(long_text()));
    server.site.add("/echo", std::make_unique<EchoAll>()).switch_tokens = {"websocket"};
    server.site.add("/news", std::make_unique<News>()).switch_tokens = {"websocket"};
    server.registry->add(std::make_unique<H2cUpgrader>());
    server.registry->add(std::make_unique<HttpUpgrader>(false));
    server.registry->add(std::make_unique<TlsUpgrader>(tls, TlsUpgrader::Requests::compatible));
    server.registry->add(std::make_unique<WebSocketUpgrader>());
    server.registry->add_protocol("h2", &make_http2);
    server.registry->add_protocol("http/1.1", &make_http1);
  }

  static std::string long_text() {
    std::string text;
    for (int i = 0; text.size() < 300'000; ++i) text += std::to_string(i) + "\n";
    return text;
  }

  void ask(Request request, MemoryFaults faults = {}) {
    auto [ours, theirs] = MemoryStream::make_pair(server.loop, faults);
    client.start(std::move(ours), std::move(request));
    server.accept(std::move(theirs));
  }

  std::shared_ptr<const TlsContext> tls = test_server_context();
  bool https = false;
  MemoryServer server{[this]() -> std::unique_ptr<Protocol> {
    if (https) return std::make_unique<Tls>(tls);
    return std::make_unique<Detect>();
  }};
  ClientRun client{server.loop};
};

TEST_F(ClientGet, PlainHttp) {
  ask(ClientRun::request("http://example.com/hello"));
  EXPECT_EQ(client.outcome(), "200");
  EXPECT_EQ(client.body(), "hello\n");
  EXPECT_TRUE(client.shown().starts_with("> GET /hello HTTP/1.1\n> Host: example.com\n> \n< HTTP/1.1 200 OK\n"))
      << client.shown();
}

TEST_F(ClientGet, AnyStatusIsAnAnswer) {
  ask(ClientRun::request("http://example.com/nowhere"));
  EXPECT_EQ(client.outcome(), "404");
  EXPECT_EQ(client.body(), "not found\n");
}

TEST_F(ClientGet, ABodyGoesOutAndTheAnswerComesBackMeanwhile) {
  // The pipe holds far less than the body: who only wrote would wait for ever for a server that only writes.
  Request request = ClientRun::request("http://example.com/echo");
  request.data = long_text();
  ask(std::move(request), {.capacity_bytes = 4096});
  EXPECT_EQ(client.outcome(), "200");
  EXPECT_TRUE(client.body() == long_text());
}

TEST_F(ClientGet, TheTokenHttp2AnswersOnStream1) {
  ask(ClientRun::request("http://example.com/hello", "http/2.0"));
  EXPECT_EQ(client.outcome(), "200 switched");
  EXPECT_EQ(client.body(), "hello\n");
  EXPECT_TRUE(client.shown().starts_with(
      "> GET /hello HTTP/1.1\n> Host: example.com\n> Upgrade: HTTP/2.0\n> Connection: Upgrade\n> \n"
      "< HTTP/1.1 101 Switching Protocols\n"))
      << client.shown();
  EXPECT_TRUE(client.has_shown("< HEADERS, stream 1,")) << client.shown();
  EXPECT_TRUE(client.has_shown("<   :status: 200"));
  EXPECT_FALSE(client.has_shown("> HEADERS")) << "the request is not repeated";
}

TEST_F(ClientGet, H2cAnswersAGet) {
  ask(ClientRun::request("http://example.com/long", "h2c"));
  EXPECT_EQ(client.outcome(), "200 switched") << client.message();
  EXPECT_TRUE(client.body() == long_text());
  EXPECT_TRUE(client.has_shown("> HTTP2-Settings: AAIAAAAAAAQAEAAA"));
  EXPECT_TRUE(client.has_shown("> Connection: Upgrade, HTTP2-Settings"));
}

TEST_F(ClientGet, H2cAnswersAPostWhoseBodyWentBefore) {
  Request request = ClientRun::request("http://example.com/echo", "h2c");
  request.data = "hello";
  ask(std::move(request));
  EXPECT_EQ(client.outcome(), "200 switched") << client.message();
  EXPECT_EQ(client.body(), "hello");
}

TEST_F(ClientGet, ABodyTooLongForTheSwitchIsAnsweredInHttp1AndSaidToBe) {
  Request request = ClientRun::request("http://example.com/echo", "h2c");
  request.data = std::string(200'000, 'x');
  ask(std::move(request));
  EXPECT_EQ(client.outcome(), "failed 7");
  EXPECT_TRUE(client.body() == std::string(200'000, 'x')) << "the answer is printed all the same";
}

TEST_F(ClientGet, TlsAnswersInside) {
  ask(ClientRun::request("http://localhost/hello", "tls"));
  EXPECT_EQ(client.outcome(), "200 switched") << client.message();
  EXPECT_EQ(client.body(), "hello\n");
  EXPECT_TRUE(client.has_shown("< Upgrade: TLS/1.3, HTTP/1.1")) << client.shown();
  EXPECT_TRUE(client.has_shown("* TLS/1.3, ")) << client.shown();
  EXPECT_EQ(client.shown().find("ALPN h2"), std::string::npos);
}

TEST_F(ClientGet, TheOfferOfTlsEndsAtTheSwitch) {
  server.site.add("/fields", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    const FieldList& fields = exchange.request().fields;
                    (void)co_await exchange.respond(200, fields.has("upgrade") ? "some" : "none");
                  }));
  ask(ClientRun::request("http://localhost/fields", "tls"));
  EXPECT_EQ(client.body(), "none");
  const std::vector<std::string> records = server.recorder.lines;
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[1], "request GET /fields 200") << "inside, nothing is offered and nothing declined";
}

TEST_F(ClientGet, TlsIsCappedAtWhatThe101Names) {
  ask(ClientRun::request("http://localhost/hello", "TLS/1.2"));
  EXPECT_EQ(client.outcome(), "200 switched") << client.message();
  EXPECT_TRUE(client.has_shown("* TLS/1.2, ")) << client.shown();
}

TEST_F(ClientGet, ACertificateIsVerified) {
  Request request = ClientRun::request("http://localhost/hello", "TLS");
  request.tls.insecure = false;
  ask(std::move(request));
  EXPECT_EQ(client.outcome(), "failed 4");
  EXPECT_EQ(client.body(), "") << "what an unknown server says is not printed";
  EXPECT_NE(client.message().find("localhost:80"), std::string::npos);
  EXPECT_NE(client.message().find("self-signed certificate"), std::string::npos) << client.message();
  EXPECT_NE(client.message().find("--cacert"), std::string::npos);
}

TEST_F(ClientGet, HttpsByAlpn) {
  https = true;
  ask(ClientRun::request("https://localhost/hello"));
  EXPECT_EQ(client.outcome(), "200") << client.message();
  EXPECT_EQ(client.body(), "hello\n");
  EXPECT_TRUE(client.has_shown("> HEADERS, stream 1,")) << client.shown();
  EXPECT_TRUE(client.has_shown(">   :scheme: https"));
}

TEST_F(ClientGet, HttpsWithoutHttp2) {
  tls = test_server_context({"http/1.1"});
  https = true;
  Request request = ClientRun::request("https://localhost/echo");
  request.data = long_text();
  ask(std::move(request), {.capacity_bytes = 4096});
  EXPECT_EQ(client.outcome(), "200") << client.message();
  EXPECT_TRUE(client.body() == long_text());
}

TEST_F(ClientGet, Http2ByPriorKnowledge) {
  Request request = ClientRun::request("http://example.com/echo");
  request.http2_prior_knowledge = true;
  request.data = long_text();
  ask(std::move(request), {.capacity_bytes = 4096});
  EXPECT_EQ(client.outcome(), "200") << client.message();
  EXPECT_TRUE(client.body() == long_text());
}

TEST_F(ClientGet, WebSocketSendsAndPrintsWhatComesBack) {
  Request request = ClientRun::request("ws://example.com/echo", "websocket");
  request.data = "hello";
  ask(std::move(request));
  EXPECT_EQ(client.outcome(), "101 switched") << client.message();
  EXPECT_EQ(client.body(), "hello\n");
  EXPECT_TRUE(client.has_shown("> text message, 5 bytes: hello"));
  EXPECT_TRUE(client.has_shown("> close, 1000"));
  EXPECT_TRUE(client.has_shown("< close, 1000"));
}

TEST_F(ClientGet, WebSocketOverTlsWithALongBinaryMessage) {
  https = true;
  Request request = ClientRun::request("wss://localhost/echo", "websocket");
  request.data = long_text();
  request.data_is_binary = true;
  ask(std::move(request), {.capacity_bytes = 4096});
  EXPECT_EQ(client.outcome(), "101 switched") << client.message();
  EXPECT_TRUE(client.body() == long_text()) << "as it is: no line end is added";
}

TEST_F(ClientGet, WebSocketWithoutDataListens) {
  ask(ClientRun::request("ws://example.com/news", "websocket"));
  EXPECT_EQ(client.outcome(), "101 switched") << client.message();
  EXPECT_EQ(client.body(), "one\ntwo\nthree\n");
}

TEST_F(ClientGet, AListenerHasNoDeadline) {
  ask(ClientRun::request("ws://example.com/echo", "websocket"));
  server.loop.advance(Millis(600'000));
  EXPECT_EQ(client.outcome(), "waits");
}

TEST_F(ClientGet, ADeclinedOfferIsAnAnswerAndAFailureOfItsOwn) {
  ask(ClientRun::request("http://example.com/hello", "websocket"));
  EXPECT_EQ(client.outcome(), "failed 7");
  EXPECT_EQ(client.body(), "hello\n");
  EXPECT_NE(client.message().find("example.com:80: the server did not switch to websocket"), std::string::npos)
      << client.message();
}

TEST_F(ClientGet, WhatAServerWantsInsteadIsNamed) {
  server.site.add("/secret", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    ResponseHead head(426);
                    head.fields.add("Upgrade", "TLS/1.2");
                    (void)co_await exchange.respond(std::move(head), as_bytes("TLS first\n"));
                  }));
  ask(ClientRun::request("http://example.com/secret", "websocket"));
  EXPECT_EQ(client.outcome(), "failed 7");
  EXPECT_EQ(client.body(), "TLS first\n");
}

TEST_F(ClientGet, SmallPiecesMakeNoDifference) {
  for (const std::string_view token : {"", "HTTP/2.0", "h2c", "TLS", "websocket"}) {
    for (const std::size_t piece : {1u, 2u, 3u, 7u}) {
      ClientRun run(server.loop);
      Request request = ClientRun::request("http://localhost/echo", token);
      request.data = "hello";
      auto [ours, theirs] = MemoryStream::make_pair(server.loop, {.read_bytes_max = piece, .write_bytes_max = piece});
      run.start(std::move(ours), std::move(request));
      server.accept(std::move(theirs));
      EXPECT_EQ(run.outcome(), token.empty()          ? "200"
                               : token == "websocket" ? "101 switched"
                                                      : "200 switched")
          << token << " " << piece << ": " << run.message();
      EXPECT_TRUE(run.body().starts_with("hello")) << token << " " << piece;
    }
  }
}

TEST_F(ClientGet, EveryOperationMayFail) {
  // The n-th read or write breaks off, for every n: an answer or a failure, never a wait or a crash.
  for (const std::string_view token : {"", "HTTP/2.0", "h2c", "TLS", "websocket"}) {
    int failures = 0;
    for (std::size_t n = 1; n < 200; ++n) {
      ClientRun run(server.loop);
      Request request = ClientRun::request("http://localhost/echo", token);
      request.data = "hello";
      auto [ours, theirs] = MemoryStream::make_pair(server.loop, {.fail_at_operation = n});
      run.start(std::move(ours), std::move(request));
      server.accept(std::move(theirs));
      server.loop.advance(Millis(60'000));
      ASSERT_TRUE(run.is_over()) << token << " " << n;
      if (!run.outcome().starts_with("failed")) break;
      ++failures;
      EXPECT_NE(run.message().find("localhost:80"), std::string::npos) << run.message();
    }
    EXPECT_GT(failures, 1) << token;
    EXPECT_LT(failures, 100) << token;
  }
}

TEST_F(ClientGet, AFullDiskEndsIt) {
  client.fill_disk_after(1000);
  ask(ClientRun::request("http://example.com/long", "h2c"));
  EXPECT_EQ(client.outcome(), "failed 1");
  EXPECT_NE(client.message().find("standard output"), std::string::npos);
}

}  // namespace
}  // namespace turnout::client
