// CONNECT to an upstream: a stream as the connection of another protocol (RFC 8441).
#include <gtest/gtest.h>

#include "tests/support/h2_upstream.h"

namespace turnout::testing {
namespace {

const H2ServerPeer::Options with_connect = {.settings = {{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1}}};

/// What a wire has to read, without waiting.
std::string peek_all(Wire& wire) {
  while (true) {
    const std::size_t before = wire.peek().size();
    const Io io = Wire::try_fill(wire.stream());
    if (io.code != Code::ok || io.n == 0) break;
    if (wire.peek().size() == before) break;
  }
  return std::string(as_text(wire.peek()));
}

TEST(Http2UpstreamTunnel, IsAcceptedWithBytesBehindTheHead) {
  TestUpstream upstream(with_connect);
  Asking asking(upstream);
  RequestHead head = connect_head("websocket");
  head.fields.add("Sec-WebSocket-Version", "13");
  asking.send(std::move(head));
  asking.receive(false);
  EXPECT_EQ(upstream.peer->request(1).fields, (H2Fields{{":method", "CONNECT"},
                                                        {":protocol", "websocket"},
                                                        {":scheme", "http"},
                                                        {":authority", "example.com"},
                                                        {":path", "/chat"},
                                                        {"sec-websocket-version", "13"}}));
  EXPECT_FALSE(upstream.peer->request(1).ended);
  upstream.peer->respond(1, {{":status", "200"}});
  upstream.peer->send(1, "glued");
  upstream.peer->run();
  ASSERT_EQ(asking.answers.size(), 1u);
  EXPECT_TRUE(asking.answers[0].switches);
  EXPECT_FALSE(asking.answers[0].has_content);
  std::optional<Wire> wire(asking.exchange->take_wire());
  asking.exchange.reset();  // the wire stands for itself
  EXPECT_EQ(wire->stream().name(), "memory/h2");
  EXPECT_EQ(peek_all(*wire), "glued");
  wire->consume(5);
  EXPECT_EQ(wire->stream().try_write(as_bytes(std::string_view("to you"))).n, 6u);
  upstream.peer->run();
  EXPECT_EQ(upstream.peer->request(1).body, "to you");
  // Each side ends on its own.
  EXPECT_EQ(wire->stream().try_close_write(), Code::ok);
  upstream.peer->run();
  EXPECT_TRUE(upstream.peer->request(1).ended);
  upstream.peer->send(1, "late", true);
  upstream.peer->run();
  EXPECT_EQ(peek_all(*wire), "late");
  EXPECT_FALSE(upstream.peer->request(1).reset);
  wire.reset();
  upstream.peer->run();
  EXPECT_EQ(upstream.connection->open_streams(), 0u);
}

TEST(Http2UpstreamTunnel, ARefusalIsAnAnswer) {
  TestUpstream upstream(with_connect);
  Asking asking(upstream);
  asking.send(connect_head("websocket"));
  asking.receive();
  upstream.peer->respond(1, {{":status", "403"}});
  upstream.peer->send(1, "no\n", true);
  upstream.peer->run();
  ASSERT_EQ(asking.answers.size(), 1u);
  EXPECT_FALSE(asking.answers[0].switches);
  EXPECT_EQ(asking.body, "no\n");
  asking.exchange.reset();
  upstream.peer->run();
  EXPECT_EQ(upstream.peer->request(1).body, "") << "nothing was sent ahead of an acceptance (law L1)";
  EXPECT_EQ(upstream.peer->request(1).reset, NGHTTP2_CANCEL);
  EXPECT_FALSE(upstream.over) << "law L2: a refusal ends that stream only";
}

TEST(Http2UpstreamTunnel, TheServersSettingsAreWaitedFor) {
  for (const std::uint32_t offered : {1u, 0u}) {
    TestUpstream upstream({.says_settings = false});
    Asking asking(upstream);
    asking.send(connect_head("websocket"));
    EXPECT_FALSE(asking.sent);
    EXPECT_EQ(upstream.peer->requests(), 0u);
    upstream.peer->say_settings({{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, offered}});
    upstream.peer->run();
    EXPECT_EQ(asking.sent, offered == 1 ? Code::ok : Code::unsupported);
    EXPECT_EQ(upstream.peer->requests(), offered);
  }
}

TEST(Http2UpstreamTunnel, SettingsThatDoNotCome) {
  TestUpstream upstream({.says_settings = false});
  Asking asking(upstream);
  asking.send(connect_head("websocket"));
  Asking interrupted(upstream);
  interrupted.send(connect_head("websocket"));
  interrupted.exchange->interrupt(Side::write);
  upstream.peer->run();
  EXPECT_EQ(interrupted.sent, Code::cancelled);
  upstream.loop.advance(upstream.limits.header_deadline + Millis(100));
  upstream.peer->run();
  EXPECT_EQ(asking.sent, Code::refused);
  EXPECT_TRUE(upstream.over);
  ASSERT_EQ(upstream.peer->goaways().size(), 1u);
  EXPECT_EQ(upstream.peer->goaways()[0].first, static_cast<std::uint32_t>(NGHTTP2_SETTINGS_TIMEOUT));
}

TEST(Http2UpstreamTunnel, PlainConnectNeedsNoSetting) {
  TestUpstream upstream;
  Asking asking(upstream);
  asking.send(request_head("CONNECT", "db.example:5432"));
  asking.receive(false);
  EXPECT_EQ(upstream.peer->request(1).fields, (H2Fields{{":method", "CONNECT"}, {":authority", "db.example:5432"}}));
  upstream.peer->respond(1, {{":status", "200"}});
  upstream.peer->run();
  ASSERT_EQ(asking.answers.size(), 1u);
  EXPECT_TRUE(asking.answers[0].switches);
}

/// A tunnel that was opened.
struct Opened : TestUpstream {
  Opened() : TestUpstream(with_connect) {
    Asking asking(*this);
    asking.send(connect_head("websocket"));
    asking.receive(false);
    peer->respond(1, {{":status", "200"}});
    peer->run();
    wire.emplace(asking.exchange->take_wire());
  }
  std::optional<Wire> wire;
};

TEST(Http2UpstreamTunnel, ResetsBothWays) {
  Opened ours;
  ours.wire->stream().abort();
  ours.peer->run();
  EXPECT_EQ(ours.peer->request(1).reset, NGHTTP2_CANCEL);
  ours.wire.reset();

  Opened theirs;
  theirs.peer->reset(1, NGHTTP2_CANCEL);
  theirs.peer->run();
  std::byte buffer[16];
  EXPECT_EQ(theirs.wire->stream().try_read(buffer).code, Code::reset);
  EXPECT_EQ(theirs.wire->stream().try_write(as_bytes(std::string_view("x"))).code, Code::reset);
  EXPECT_FALSE(theirs.over);
  theirs.wire.reset();
}

TEST(Http2UpstreamTunnel, EndsWithItsConnection) {
  Opened opened;
  opened.peer->close();
  opened.loop.run();
  EXPECT_TRUE(opened.over);
  std::byte buffer[16];
  EXPECT_EQ(opened.wire->stream().try_read(buffer).code, Code::reset);
  opened.connection.reset();
  opened.wire.reset();  // the last of them
}

TEST(Http2UpstreamTunnel, AServerThatDoesNotEndItsSideIsNotWaitedForForever) {
  Opened opened;
  opened.wire.reset();
  opened.peer->run();
  EXPECT_TRUE(opened.peer->request(1).ended);
  EXPECT_EQ(opened.connection->open_streams(), 1u);
  opened.loop.advance(opened.limits.linger + Millis(100));
  opened.peer->run();
  EXPECT_EQ(opened.peer->request(1).reset, NGHTTP2_CANCEL);
  EXPECT_EQ(opened.connection->open_streams(), 0u);
}

TEST(Http2UpstreamTunnel, AStalledTunnelHoldsOneWindow) {
  Opened opened;
  opened.peer->send(1, std::string(1'000'000, 'x'));
  opened.peer->run();
  EXPECT_EQ(nghttp2_session_get_stream_remote_window_size(opened.peer->session(), 1), 0);
  // Nobody reads and nobody sends: how long that may be is for the tunnel's own limits to say (law L9).
  opened.loop.advance(Millis(3'000'000));
  EXPECT_EQ(opened.wire->stream().try_write(as_bytes(std::string_view("x"))).n, 1u);
  std::size_t taken = 0;
  std::byte buffer[16384];
  while (taken < 1'000'000) {
    const Io io = opened.wire->stream().try_read(buffer);
    if (io.code == Code::would_block) {
      opened.peer->run();
      continue;
    }
    ASSERT_EQ(io.code, Code::ok);
    taken += io.n;
  }
  opened.wire.reset();
}

}  // namespace
}  // namespace turnout::testing
