// From HTTP/1.1 to HTTP/2 by Upgrade: the offers that are taken up, those that are not, and what follows the 101.
#include <gtest/gtest.h>

#include "codec/http/base64.h"
#include "protocols/http1/http1.h"
#include "protocols/http2/http2.h"
#include "protocols/http2/upgraders.h"
#include "tests/support/h2_server.h"

namespace turnout::testing {
namespace {

constexpr std::string_view settings_value = "AAMAAABkAAQAoAAAAAIAAAAA";  // 100 streams, windows of 10 MiB, no push

struct UpgradeServer : TestServer {
  explicit UpgradeServer(bool lenient = false) {
    registry->add(std::make_unique<H2cUpgrader>());
    registry->add(std::make_unique<HttpUpgrader>(lenient));
  }
  std::unique_ptr<MemoryStream> serve(MemoryFaults faults = {}) {
    return TestServer::serve(std::make_unique<Http1>(), faults);
  }
};

std::string h2c_request(std::string_view settings = settings_value) {
  return "GET /hello HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
         "HTTP2-Settings: " +
         std::string(settings) + "\r\n\r\n";
}

std::string payload(std::string_view settings) {
  const auto bytes = base64url_decode(settings);
  return std::string(as_text(Bytes(*bytes)));
}

/// The answer to one request of HTTP/1.1, and how the offer in it was decided.
struct Answered {
  std::string bytes;
  Why reason = Why::none;
  bool switched() const { return bytes.starts_with("HTTP/1.1 101 "); }
};

Answered ask(UpgradeServer& server, std::string_view request) {
  MemoryPeer peer(server.serve());
  peer.send(request);
  server.loop.run();
  Answered answered{peer.take()};
  if (!server.recorder.lines.empty()) answered.reason = server.recorder.lines.back().reason;
  return answered;
}

Why declined_because(std::string_view request, bool lenient = false) {
  UpgradeServer server(lenient);
  const Answered answered = ask(server, request);
  EXPECT_TRUE(answered.bytes.starts_with("HTTP/1.1 200 ")) << answered.bytes;
  return answered.reason;
}

/// The bytes of the 101 with its empty line are taken off `received`.
std::string take_101(std::string& received) {
  const std::size_t end = received.find("\r\n\r\n");
  std::string head = received.substr(0, end + 4);
  received.erase(0, end + 4);
  return head;
}

TEST(Http2Upgrade, H2cIsAnsweredOnStreamOne) {
  UpgradeServer server;
  auto stream = server.serve();
  MemoryStream& raw = *stream;
  EXPECT_EQ(raw.try_write(as_bytes(h2c_request())).code, Code::ok);
  server.loop.run();
  std::byte buffer[512];
  // The 101 is read as HTTP/1.1, and what follows it by nghttp2.
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    ASSERT_EQ(raw.try_read(MutableBytes(buffer).first(1)).n, 1u);
    head.append(as_text(Bytes(buffer).first(1)));
  }
  EXPECT_EQ(head, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
  H2Peer peer(server.loop, std::move(stream), {.upgraded = true, .upgrade_settings = payload(settings_value)});
  peer.run();
  EXPECT_EQ(parse_frames(peer.received())[0].type, NGHTTP2_SETTINGS);
  EXPECT_EQ(peer.response(1).status, 200);
  EXPECT_EQ(peer.response(1).body, "hello\n");
  const int next = peer.post("/echo", "more");
  EXPECT_EQ(next, 3);
  peer.run();
  EXPECT_EQ(peer.response(next).body, "more");
  EXPECT_EQ(server.recorder.lines[0].kind, RecordKind::open);
  EXPECT_EQ(server.recorder.lines[0].token, "h2c");
}

TEST(Http2Upgrade, TheLiteralExchange) {
  UpgradeServer server(true);
  MemoryPeer peer(server.serve());
  peer.send("GET /hello HTTP/1.1\r\nHost: example.com\r\nUpgrade: HTTP/2.0\r\n\r\n");
  server.loop.run();
  std::string received = peer.take();
  EXPECT_EQ(take_101(received), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: HTTP/2.0\r\nConnection: Upgrade\r\n\r\n");
  auto frames = parse_frames(received);
  ASSERT_FALSE(frames.empty());
  EXPECT_EQ(frames[0].type, NGHTTP2_SETTINGS);
  for (const H2Frame& frame : frames) EXPECT_EQ(frame.stream_id, 0u) << "the answer waits for the client's preface";
  peer.send(client_hello());
  server.loop.run();
  frames = parse_frames(peer.take());
  std::string body;
  for (const H2Frame& frame : frames) {
    if (frame.stream_id != 0) EXPECT_EQ(frame.stream_id, 1u);
    if (frame.type == NGHTTP2_DATA) body += frame.payload;
  }
  EXPECT_EQ(body, "hello\n");
}

TEST(Http2Upgrade, ABodyComesAlong) {
  UpgradeServer server;
  MemoryPeer peer(server.serve());
  const std::string body(60'000, 'b');
  peer.send(
      "POST /echo HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
      "Content-Length: 60000\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n" +
      body + client_hello());
  server.loop.run();
  std::string received = peer.take();
  EXPECT_TRUE(take_101(received).starts_with("HTTP/1.1 101 "));
  std::string echoed;
  for (const H2Frame& frame : parse_frames(received)) {
    if (frame.type == NGHTTP2_DATA) echoed += frame.payload;
    EXPECT_NE(frame.type, NGHTTP2_GOAWAY);
    EXPECT_NE(frame.type, NGHTTP2_RST_STREAM);
  }
  EXPECT_EQ(echoed, body);
}

TEST(Http2Upgrade, EarlyBytesMayEndAnywhere) {
  const std::string all = h2c_request() + client_hello() +
                          frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 3,
                                literal_fields(get_fields("/hello")));
  for (std::size_t split = 1; split <= all.size(); ++split) {
    UpgradeServer server;
    MemoryPeer peer(server.serve());
    peer.send(all.substr(0, split));
    server.loop.run();
    peer.send(all.substr(split));
    server.loop.run();
    std::string received = peer.take();
    ASSERT_TRUE(take_101(received).starts_with("HTTP/1.1 101 ")) << split;
    std::map<std::uint32_t, std::string> bodies;
    for (const H2Frame& frame : parse_frames(received)) {
      ASSERT_NE(frame.type, NGHTTP2_GOAWAY) << split;
      if (frame.type == NGHTTP2_DATA) bodies[frame.stream_id] += frame.payload;
    }
    EXPECT_EQ(bodies, (std::map<std::uint32_t, std::string>{{1, "hello\n"}, {3, "hello\n"}})) << split;
  }
}

TEST(Http2Upgrade, TokensAreFoundInLists) {
  for (const std::string_view upgrade :
       {"Upgrade: foo, h2c", "Upgrade: H2C", "Upgrade: foo\r\nUpgrade: h2c", "Upgrade: , h2c ,", "Upgrade: h2, h2c"}) {
    UpgradeServer server;
    const Answered answered =
        ask(server,
            "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: upgrade, http2-settings\r\nHTTP2-Settings: AAMAAABk\r\n" +
                std::string(upgrade) + "\r\n\r\n");
    EXPECT_TRUE(answered.switched()) << upgrade;
    EXPECT_NE(answered.bytes.find("Upgrade: h2c\r\n"), std::string::npos) << upgrade;
  }
}

TEST(Http2Upgrade, H2cNeedsExactlyOneSettings) {
  const std::string head = "GET /hello HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n";
  EXPECT_EQ(declined_because(head + "\r\n"), Why::settings_missing);
  EXPECT_EQ(declined_because(head + "HTTP2-Settings: AAMAAABk\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"),
            Why::settings_missing);
  EXPECT_EQ(declined_because("GET /hello HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n"
                             "HTTP2-Settings: AAMAAABk\r\n\r\n"),
            Why::settings_not_nominated);
  EXPECT_EQ(declined_because("GET /hello HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"),
            Why::no_connection_upgrade);
}

TEST(Http2Upgrade, SettingsThatAreNotValid) {
  std::string many;
  for (int i = 0; i < 33; ++i) many += "AAMAAABk";
  for (const std::string& settings :
       {std::string("!!!!"), std::string("AAMAAABk="), std::string("AAMAAABkAA"), std::string("AAMAAAB"), std::string(),
        std::string("AAMA AABk"), std::string("AAMAAABk, AAMAAABk"), std::string("AAIAAAAC"),  // ENABLE_PUSH 2
        std::string("AASAAAAA"),                                                               // window 2^31
        std::string("AAUAAAAB"),                                                               // frame size 1
        std::string("AAgAAAAC"),                                                               // CONNECT protocol 2
        many}) {
    EXPECT_EQ(declined_because(h2c_request(settings)), Why::settings_invalid) << settings;
  }
  UpgradeServer server;
  EXPECT_TRUE(ask(server, h2c_request(many.substr(8))).switched()) << "32 entries are taken";
}

TEST(Http2Upgrade, OtherVersionsOfHttpAreNotOffered) {
  for (const std::string version : {"HTTP/1.1", "HTTP/3.0", "HTTP/2", "HTTP", "HTTP/2.1", "HTTP/2.00"}) {
    EXPECT_EQ(declined_because(
                  "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: " + version + "\r\n\r\n", true),
              Why::early_http)
        << version;
  }
}

TEST(Http2Upgrade, TheHttpTokenWithAndWithoutSettings) {
  const std::string head = "GET /hello HTTP/1.1\r\nHost: a\r\nUpgrade: HTTP/2.0\r\nConnection: Upgrade";
  UpgradeServer plain;
  EXPECT_TRUE(ask(plain, head + "\r\n\r\n").switched());
  UpgradeServer with;
  EXPECT_TRUE(ask(with, head + ", HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n\r\n").switched());
  EXPECT_EQ(declined_because(head + ", HTTP2-Settings\r\nHTTP2-Settings: A\r\n\r\n"), Why::settings_invalid);
  EXPECT_EQ(declined_because(head + "\r\nHTTP2-Settings: AAMAAABk\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"),
            Why::settings_invalid);
  EXPECT_EQ(declined_because("GET /hello HTTP/1.1\r\nHost: a\r\nUpgrade: HTTP/2.0\r\n\r\n"), Why::no_connection_upgrade)
      << "without lenient_upgrade";
}

TEST(SEC_U17, Http10IsNotUpgraded) {
  EXPECT_EQ(declined_because("GET /hello HTTP/1.0\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                             "HTTP2-Settings: AAMAAABk\r\n\r\n"),
            Why::http10);
}

TEST(SEC_U1, NotInsideTls) {
  UpgradeServer server;
  server.secure = true;
  const Answered answered = ask(server, h2c_request());
  EXPECT_TRUE(answered.bytes.starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(answered.reason, Why::h2c_over_tls);
}

TEST(LAW_L11, AnOfferThatWasPassedOnIsDeclined) {
  for (const std::string_view sign : {"Via: 1.1 proxy", "Forwarded: for=1.2.3.4", "X-Forwarded-For: 1.2.3.4"}) {
    std::string request = h2c_request();
    request.insert(request.size() - 2, std::string(sign) + "\r\n");
    EXPECT_EQ(declined_because(request), Why::passed_on) << sign;
  }
}

TEST(SEC_U18, OnceOnAConnection) {
  UpgradeServer server;
  H2cUpgrader upgrader;
  auto stream = server.serve();
  MemoryPeer peer(std::move(stream));
  peer.send(h2c_request() + client_hello() +
            frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 3,
                  literal_fields({{":method", "GET"},
                                  {":scheme", "http"},
                                  {":authority", "a"},
                                  {":path", "/hello"},
                                  {"upgrade", "h2c"}})));
  server.loop.run();
  std::string received = peer.take();
  take_101(received);
  bool reset = false;
  for (const H2Frame& frame : parse_frames(received)) {
    if (frame.type == NGHTTP2_RST_STREAM) reset = frame.payload == uint32_bytes(NGHTTP2_PROTOCOL_ERROR);
    if (frame.stream_id == 3) EXPECT_EQ(frame.type, NGHTTP2_RST_STREAM);
  }
  EXPECT_TRUE(reset) << "an upgrade inside HTTP/2 is malformed";
}

TEST(Http2Upgrade, RoutesThatNeedTlsKeepTheir426) {
  UpgradeServer server;
  server.site.add("/hello", std::make_unique<Serve>(&say_hello)).require_tls = true;
  const Answered answered = ask(server, h2c_request());
  EXPECT_TRUE(answered.bytes.starts_with("HTTP/1.1 426 ")) << answered.bytes;
}

TEST(SEC_U13, WhatFollowsThe101IsThePreface) {
  // Every byte of the preface wrong once, and requests of HTTP/1.1 behind the offer.
  std::vector<std::string> followers = {"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
                                        std::string(24, '\0')};
  for (std::size_t i = 0; i < h2_preface.size(); ++i) {
    std::string wrong(h2_preface);
    wrong[i] = static_cast<char>(wrong[i] ^ 1);
    followers.push_back(wrong);
  }
  for (const std::string& follower : followers) {
    UpgradeServer server;
    int served = 0;
    server.site.add("/hello", std::make_unique<Serve>([&served](Exchange& exchange) -> Task<void> {
                      ++served;
                      (void)co_await exchange.respond(200, "hello\n");
                    }));
    MemoryPeer peer(server.serve());
    peer.send(h2c_request() + follower);
    server.loop.run();
    std::string received = peer.take();
    take_101(received);
    const auto frames = parse_frames(received);
    ASSERT_GE(frames.size(), 2u);
    EXPECT_EQ(frames.front().type, NGHTTP2_SETTINGS);
    EXPECT_EQ(frames.back().type, NGHTTP2_GOAWAY);
    EXPECT_EQ(frames.back().payload.substr(4, 4), uint32_bytes(NGHTTP2_PROTOCOL_ERROR));
    EXPECT_EQ(served, 0);
    EXPECT_TRUE(peer.ended());
    peer.close();
    server.loop.run();
    EXPECT_EQ(server.why(), Why::malformed);
  }
}

TEST(Http2Upgrade, TheClientsPrefaceHasToComeInTime) {
  UpgradeServer server;
  MemoryPeer peer(server.serve());
  peer.send(h2c_request() + std::string(h2_preface));
  server.loop.run();
  server.loop.advance(Millis(10'100));
  std::string received = peer.take();
  take_101(received);
  EXPECT_EQ(parse_frames(received).back().type, NGHTTP2_GOAWAY);
  EXPECT_TRUE(peer.ended());
  peer.close();
  server.loop.run();
  EXPECT_EQ(server.why(), Why::header_timeout);
}

}  // namespace
}  // namespace turnout::testing
