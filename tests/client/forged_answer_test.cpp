// `turnout get` against servers that lie, hurry or stop: written out by hand, byte for byte. Not one byte of the new
// protocol may leave before a 101 has been found to be valid (law L3, RFC 9931).
#include <gtest/gtest.h>

#include "codec/websocket/connection.h"
#include "codec/websocket/handshake.h"
#include "tests/client/client_run.h"
#include "tests/support/h2_peer.h"

namespace turnout::client {
namespace {

using turnout::testing::frame;
using turnout::testing::literal_fields;

constexpr std::string_view client_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::string_view http2_101 =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: HTTP/2.0\r\nConnection: Upgrade\r\n\r\n";

/// A client, and the far end of its connection.
class Script {
 public:
  Script(std::string_view url, std::string_view upgrade, std::optional<std::string> data = std::nullopt,
         std::size_t capacity_bytes = 1024 * 1024)
      : client(loop) {
    auto [ours, theirs] = MemoryStream::make_pair(loop, {.capacity_bytes = capacity_bytes});
    server.emplace(std::move(theirs));
    Request request = ClientRun::request(url, upgrade);
    request.data = std::move(data);
    client.start(std::move(ours), std::move(request));
    loop.run();
    asked = server->take();
  }
  void say(std::string_view bytes) {
    server->send(bytes);
    loop.run();
  }
  void hang_up() {
    server->close_write();
    loop.run();
  }

  SimLoop loop;
  std::optional<MemoryPeer> server;
  ClientRun client;
  std::string asked;
};

std::string field_of(std::string_view head, std::string_view name) {
  const std::size_t at = head.find(std::string(name) + ": ");
  if (at == std::string_view::npos) return "";
  const std::size_t begin = at + name.size() + 2;
  return std::string(head.substr(begin, head.find("\r\n", begin) - begin));
}

/// SETTINGS, and "hello" on stream 1.
std::string http2_answer() {
  return frame(4, 0, 0) + frame(1, 4, 1, literal_fields({{":status", "200"}, {"content-length", "5"}})) +
         frame(0, 1, 1, "hello");
}

std::string websocket_101(std::string_view request, std::string_view more = "") {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         websocket::accept_for(field_of(request, "Sec-WebSocket-Key")) + "\r\n" + std::string(more) + "\r\n";
}

TEST(ClientScript, TheLiteralExchange) {
  Script script("http://example.com/index.html", "HTTP/2.0");
  EXPECT_EQ(script.asked,
            "GET /index.html HTTP/1.1\r\nHost: example.com\r\nUpgrade: HTTP/2.0\r\nConnection: Upgrade\r\n\r\n");
  script.say(http2_101);
  const std::string sent = script.server->take();
  EXPECT_TRUE(sent.starts_with(client_preface));
  EXPECT_EQ(sent.substr(client_preface.size(), 4), std::string("\0\0\x0c\x04", 4)) << "SETTINGS comes first";
  script.say(http2_answer());
  EXPECT_EQ(script.client.outcome(), "200 switched") << script.client.message();
  EXPECT_EQ(script.client.body(), "hello");
  const std::string last = script.server->take();
  EXPECT_NE(last.find(std::string("\0\0\x08\x07\0\0\0\0\0", 9)), std::string::npos) << "GOAWAY";
  EXPECT_TRUE(script.server->ended());
}

TEST(ClientScript, ABodyGoesOutBeforeTheSwitch) {
  Script script("http://example.com/echo", "h2c", "a=b");
  EXPECT_EQ(script.asked,
            "POST /echo HTTP/1.1\r\nHost: example.com\r\nUpgrade: h2c\r\nHTTP2-Settings: AAIAAAAAAAQAEAAA\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n"
            "Connection: Upgrade, HTTP2-Settings\r\n\r\na=b");
}

TEST(ClientScript, Http2GluedToThe101AndSplitAnywhere) {
  const std::string all = std::string(http2_101) + http2_answer();
  for (std::size_t split = 0; split <= all.size(); ++split) {
    Script script("http://example.com/", "HTTP/2.0");
    script.say(all.substr(0, split));
    if (split < http2_101.size()) EXPECT_EQ(script.server->take(), "") << "before the whole 101 is here: " << split;
    script.say(all.substr(split));
    EXPECT_EQ(script.client.outcome(), "200 switched") << split << script.client.message();
    EXPECT_EQ(script.client.body(), "hello") << split;
  }
}

TEST(ClientScript, WebSocketGluedToThe101AndSplitAnywhere) {
  websocket::Engine server(websocket::Role::server, {});
  websocket::Buffer frames;
  server.encode_message(websocket::MessageKind::text, as_bytes("early"), frames);
  server.encode_close(1000, "", frames);
  const std::size_t size = Script("ws://a/", "websocket").asked.size();
  ASSERT_GT(size, 0u);
  for (std::size_t split = 0;; ++split) {
    Script script("ws://a/", "websocket");
    const std::string all = websocket_101(script.asked) + std::string(as_text(std::as_const(frames).bytes()));
    if (split > all.size()) break;
    script.say(all.substr(0, split));
    script.say(all.substr(split));
    EXPECT_EQ(script.client.outcome(), "101 switched") << split << script.client.message();
    EXPECT_EQ(script.client.body(), "early\n") << split;
  }
}

TEST(ClientScript, AnAnswerSplitAnywhere) {
  const std::string chunked =
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\nDigest: x\r\n\r\n";
  const std::string counted = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  const std::string until_close = "HTTP/1.0 200 OK\r\n\r\nhello";
  for (const std::string& all : {chunked, counted, until_close}) {
    for (std::size_t split = 0; split <= all.size(); ++split) {
      Script script("http://a/", "");
      script.say(all.substr(0, split));
      script.say(all.substr(split));
      if (all == until_close) script.hang_up();
      EXPECT_EQ(script.client.outcome(), "200") << split << script.client.message();
      EXPECT_EQ(script.client.body(), "hello") << split;
    }
  }
}

struct Forgery {
  std::string_view upgrade;
  std::string_view answer;
  std::string_view complaint;
};

TEST(LAW_L3, AForged101IsRefusedAndNothingIsSent) {
  const Forgery forgeries[] = {
      {"HTTP/2.0", "HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "it names h2c"},
      {"HTTP/2.0", "HTTP/1.1 101 x\r\nUpgrade: HTTP/2.0, h2c\r\nConnection: Upgrade\r\n\r\n", "more than one"},
      {"HTTP/2.0", "HTTP/1.1 101 x\r\nUpgrade: HTTP/2.0\r\n\r\n", "Connection field does not say upgrade"},
      {"HTTP/2.0", "HTTP/1.1 101 x\r\nConnection: Upgrade\r\n\r\n", "no Upgrade field"},
      {"HTTP/2.0", "HTTP/1.1 101 x\r\nUpgrade: HTTP/2.0\r\nConnection: Upgrade\r\nContent-Length: 3\r\n\r\nabc",
       "says that it has one"},
      {"HTTP/2.0", "HTTP/1.1 101 x\r\nUpgrade: HTTP/2.0\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n",
       "says that it has one"},
      {"HTTP/2.0", "HTTP/1.1 101 x\r\nUpgrade: HTTP/2.0\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked\r\n\r\n",
       "says that it has one"},
      {"HTTP/2.0", "HTTP/1.0 101 x\r\nUpgrade: HTTP/2.0\r\nConnection: Upgrade\r\n\r\n", "HTTP/1.0"},
      {"h2c", "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "it names websocket"},
      {"TLS", "HTTP/1.1 101 x\r\nUpgrade: TLS/1.0, HTTP/1.1\r\nConnection: Upgrade\r\n\r\n", "it names TLS/1.0"},
      {"TLS", "HTTP/1.1 101 x\r\nUpgrade: HTTP/1.1\r\nConnection: Upgrade\r\n\r\n", "it names HTTP/1.1"},
      {"", "HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "nothing was offered"},
      {"websocket", "HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "it names h2c"},
      {"websocket", "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "lacks the proof"},
      {"websocket",
       "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
       "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
       "lacks the proof"},
  };
  for (const Forgery& forgery : forgeries) {
    Script script("http://example.com/", forgery.upgrade,
                  forgery.upgrade == "websocket" ? std::optional<std::string>("secret") : std::nullopt);
    script.say(std::string(forgery.answer) + "bytes behind it");
    EXPECT_EQ(script.client.outcome(), "failed 6") << forgery.answer;
    EXPECT_NE(script.client.message().find(forgery.complaint), std::string::npos) << script.client.message();
    EXPECT_NE(script.client.message().find("example.com:80"), std::string::npos) << script.client.message();
    EXPECT_EQ(script.server->take(), "") << forgery.answer;
    EXPECT_EQ(script.client.body(), "") << forgery.answer;
  }
}

TEST(LAW_L3, AWebSocketMayNotGetWhatItDidNotAskFor) {
  for (const std::string_view extra : {"Sec-WebSocket-Protocol: chat\r\n", "Sec-WebSocket-Extensions: x-webkit\r\n",
                                       "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99\r\n"}) {
    Script script("ws://a/", "websocket", "secret");
    script.say(websocket_101(script.asked, extra));
    EXPECT_EQ(script.client.outcome(), "failed 6") << extra;
    EXPECT_EQ(script.server->take(), "") << extra;
  }
}

TEST(LAW_L3, A101BeforeTheRequestIsWholeIsRefused) {
  Script script("http://a/", "h2c", std::string(100'000, 'x'), 4096);
  script.say("HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
  EXPECT_EQ(script.client.outcome(), "failed 6");
  EXPECT_NE(script.client.message().find("before the request had been sent"), std::string::npos);
  EXPECT_EQ(script.server->take().find("PRI"), std::string::npos);
}

TEST(LAW_L3, AfterTlsTheAnswerMayNotSwitchAgain) {
  // Bytes in the clear behind a 101 that agrees on TLS: an attacker's, since in TLS the client speaks first (T1).
  Script script("http://a/", "TLS");
  script.say(
      "HTTP/1.1 101 x\r\nUpgrade: TLS/1.2, HTTP/1.1\r\nConnection: Upgrade\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
  EXPECT_EQ(script.client.outcome(), "failed 6");
  EXPECT_NE(script.client.message().find("in the clear"), std::string::npos) << script.client.message();
  EXPECT_EQ(script.client.body(), "");
}

TEST(ClientScript, AServerThatDoesNotSpeakTlsAfterItsWord) {
  Script script("http://a/", "TLS");
  script.say("HTTP/1.1 101 x\r\nUpgrade: TLS/1.2, HTTP/1.1\r\nConnection: Upgrade\r\n\r\n");
  script.say("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
  EXPECT_EQ(script.client.outcome(), "failed 4");
  EXPECT_EQ(script.client.body(), "");
}

TEST(ClientScript, BadAnswersEndInOneClearLine) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "ended the connection where an answer was due"},
      {"HTTP/1.1 200 O", "the rest of the answer's head"},
      {"SSH-2.0-OpenSSH\r\n", "does not begin with HTTP/"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "not valid HTTP/1.1"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "where the rest of the answer was due"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "where the rest of the answer was due"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "not valid HTTP/1.1"},
  };
  for (const auto& [answer, complaint] : cases) {
    Script script("http://example.com:81/", "");
    script.say(answer);
    script.hang_up();
    EXPECT_EQ(script.client.outcome(), "failed 6") << answer;
    EXPECT_NE(script.client.message().find(complaint), std::string::npos) << script.client.message();
    EXPECT_TRUE(script.client.message().starts_with("example.com:81: ")) << script.client.message();
    EXPECT_EQ(script.client.message().find('\n'), std::string::npos);
  }
}

TEST(ClientScript, EndlessHeadsAreNotRead) {
  Script interim("http://a/", "");
  for (int i = 0; i < 100; ++i) interim.say("HTTP/1.1 103 Early Hints\r\n\r\n");
  EXPECT_EQ(interim.client.outcome(), "failed 6");

  Script fields("http://a/", "");
  fields.say("HTTP/1.1 200 OK\r\n");
  for (int i = 0; i < 1000 && !fields.client.is_over(); ++i) fields.say("A: " + std::string(100, 'x') + "\r\n");
  EXPECT_EQ(fields.client.outcome(), "failed 6");
}

TEST(ClientScript, ASlowServerIsGivenUp) {
  for (const std::string_view first : {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"}) {
    Script script("http://example.com/", "");
    script.say(first);
    script.loop.advance(Millis(29'000));
    EXPECT_EQ(script.client.outcome(), "waits") << first;
    script.loop.advance(Millis(2'000));
    EXPECT_EQ(script.client.outcome(), "failed 5") << first;
    EXPECT_NE(script.client.message().find("within 30 s"), std::string::npos) << script.client.message();
  }
}

TEST(ClientScript, AHeadThatDripsHasOneDeadline) {
  Script script("http://example.com/", "");
  script.say("HTTP/1.1 200 OK\r\n");
  for (int i = 0; i < 31; ++i) {
    script.say("A: b\r\n");
    script.loop.advance(Millis(1'000));
  }
  EXPECT_EQ(script.client.outcome(), "failed 5");
}

TEST(ClientScript, ASlowServerIsGivenUpInEveryProtocol) {
  Script http2("http://a/", "HTTP/2.0");
  http2.say(http2_101);
  http2.loop.advance(Millis(31'000));
  EXPECT_EQ(http2.client.outcome(), "failed 5") << http2.client.message();

  Script tls("http://a/", "TLS");
  tls.say("HTTP/1.1 101 x\r\nUpgrade: TLS/1.3\r\nConnection: Upgrade\r\n\r\n");
  tls.loop.advance(Millis(31'000));
  EXPECT_EQ(tls.client.outcome(), "failed 5") << tls.client.message();

  Script websocket("ws://a/", "websocket", "hello");
  websocket.say(websocket_101(websocket.asked));
  websocket.loop.advance(Millis(31'000));
  EXPECT_EQ(websocket.client.outcome(), "failed 5") << websocket.client.message();
}

TEST(ClientScript, PingsDoNotPutADeadlineOff) {
  Script http2("http://a/", "HTTP/2.0");
  http2.say(std::string(http2_101) + frame(4, 0, 0));
  Script websocket("ws://a/", "websocket", "hello");
  websocket.say(websocket_101(websocket.asked));
  for (int i = 0; i < 62; ++i) {
    http2.say(frame(6, 0, 0, "12345678"));
    http2.loop.advance(Millis(1'000));
    websocket.say(std::string("\x89\x00", 2));
    websocket.loop.advance(Millis(1'000));
  }
  EXPECT_EQ(http2.client.outcome(), "failed 5");
  EXPECT_EQ(websocket.client.outcome(), "failed 5");
}

TEST(ClientScript, Http2EndsAreToldApart) {
  const std::pair<std::string, std::string_view> cases[] = {
      {frame(4, 0, 0) + frame(3, 0, 1, std::string("\0\0\0\x07", 4)), "REFUSED_STREAM"},
      {frame(4, 0, 0) + frame(7, 0, 0, std::string("\0\0\0\0\0\0\0\x0b", 8)), "ENHANCE_YOUR_CALM"},
      {frame(1, 4, 1, literal_fields({{":status", "200"}})), "HTTP/2: "},
      {frame(4, 0, 0) + frame(1, 4, 1, literal_fields({{":status", "200"}, {"content-length", "9"}})) +
           frame(0, 1, 1, "short"),
       "HTTP/2: "},
      {"HTTP/1.1 400 Bad Request\r\n\r\n", "try --upgrade h2c"},
  };
  for (const auto& [bytes, complaint] : cases) {
    Script script("http://a/", "HTTP/2.0");
    script.say(std::string(http2_101) + bytes);
    script.hang_up();
    EXPECT_EQ(script.client.outcome(), "failed 6");
    EXPECT_NE(script.client.message().find(complaint), std::string::npos) << script.client.message();
  }
}

TEST(ClientScript, WebSocketEndsAreToldApart) {
  const auto ends = [](std::string_view bytes, std::optional<std::string> data) {
    Script script("ws://a/", "websocket", std::move(data));
    script.say(websocket_101(script.asked) + std::string(bytes));
    script.hang_up();
    return script.client.outcome() + ": " + script.client.message();
  };
  EXPECT_EQ(ends(std::string("\x88\x02\x03\xe8", 4), std::nullopt), "101 switched: ");
  EXPECT_NE(ends(std::string("\x88\x02\x03\xf0", 4), std::nullopt).find("closed with 1008"), std::string::npos);
  EXPECT_NE(ends(std::string("\x88\x02\x03\xe8", 4), "hello").find("no message came before"), std::string::npos);
  EXPECT_NE(ends("", std::nullopt).find("a close frame (1006)"), std::string::npos);
  EXPECT_NE(ends("\x81\x85xxxxhello", std::nullopt).find("failed 6: a:80: WebSocket: clients mask"), std::string::npos);
}

TEST(SEC_O4, WhatAServerSendsCannotSteerTheTerminal) {
  Script script("http://a/", "websocket");
  script.say(
      "HTTP/1.1 426 \xc2\x9b"
      "31m\r\nUpgrade: h2c\r\nServer: a\xff"
      "b\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(script.client.has_shown("< Server: a\\xffb")) << script.client.shown();
  for (const char c : script.client.shown() + script.client.message()) {
    EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f));
  }
  EXPECT_EQ(script.client.outcome(), "failed 7");
  EXPECT_NE(script.client.message().find("would switch to: h2c"), std::string::npos) << script.client.message();
}

}  // namespace
}  // namespace turnout::client
