// Extended CONNECT (RFC 8441): a stream of HTTP/2 as the connection of another protocol.
#include <gtest/gtest.h>

#include <algorithm>

#include "protocols/http2/http2.h"
#include "tests/support/h2_server.h"

namespace turnout::testing {
namespace {

/// Sends back what it gets, and ends its side when the client has; or breaks off at a "!".
class EchoProtocol final : public Protocol {
 public:
  const char* name() const noexcept override { return "echo"; }
  Task<Outcome> run(Wire wire, Session&) override {
    while (true) {
      const Result<std::size_t> more = co_await wire.fill();
      if (!more) co_return Closed{more.error().code == Code::draining ? Why::draining : Why::peer_reset};
      if (*more == 0) break;
      const std::string text(as_text(wire.peek()));
      wire.consume(text.size());
      if (text.ends_with('!')) {
        wire.stream().abort();
        co_return Closed{Why::application_closed};
      }
      const Result<void> sent = co_await wire.write(std::string_view(text));
      if (!sent) co_return Closed{Why::peer_reset};
      if (text.ends_with('.')) {
        const Result<void> closed = co_await wire.close_write();
        if (!closed) co_return Closed{Why::peer_reset};
      }
    }
    co_return Closed{Why::done};
  }
};

/// Accepts, or does what the path says.
class EchoUpgrader final : public Upgrader {
 public:
  const char* token() const noexcept override { return "websocket"; }
  Task<Verdict> consider(const UpgradeOffer& offer, const UpgradeToken&, Session&) const override {
    considered = offer.request->head.protocol;
    early_bytes = offer.early_bytes;
    const std::string_view path = offer.request->head.path();
    if (path == "/refused") {
      Refuse refuse{403, Why::origin_not_allowed, {}};
      refuse.fields.add("X-Reason", "origin");
      co_return refuse;
    }
    if (!offer.route->allows("websocket")) co_return Decline{Why::token_not_on_route};
    Accept accept;
    accept.token = "websocket";
    accept.upgrade = "websocket";
    accept.fields.add("Sec-WebSocket-Accept", "must not be seen");
    accept.fields.add("Upgrade", "websocket");
    accept.fields.add("Connection", "Upgrade");
    accept.fields.add("Sec-WebSocket-Protocol", "chat");
    accept.successor = std::make_unique<EchoProtocol>();
    accept.kind = Switched::websocket;
    co_return accept;
  }
  static inline std::string considered;
  static inline std::size_t early_bytes = 0;
};

struct TunnelServer : TestServer {
  TunnelServer() {
    registry->add(std::make_unique<EchoUpgrader>());
    site.add("/chat", std::make_unique<Serve>(&say_hello)).switch_tokens = {"websocket"};
    EchoUpgrader::considered.clear();
  }
};

H2Fields connect_fields(std::string_view path = "/chat", std::string_view protocol = "websocket") {
  return {{":method", "CONNECT"},        {":protocol", std::string(protocol)}, {":scheme", "http"},
          {":authority", "example.com"}, {":path", std::string(path)},         {"sec-websocket-version", "13"}};
}

TEST(Http2Tunnel, OpensAndEchoes) {
  TunnelServer server;
  H2Peer peer(server.loop, server.serve());
  peer.run();
  EXPECT_EQ(peer.server_settings().at(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL), 1u);
  const int id = peer.open(connect_fields());
  peer.run();
  EXPECT_EQ(peer.response(id).status, 200);
  EXPECT_EQ(peer.response(id).field("sec-websocket-protocol"), "chat");
  for (const std::string_view gone : {"sec-websocket-accept", "upgrade", "connection", "content-length"}) {
    EXPECT_EQ(peer.response(id).field(gone), "") << gone;
  }
  EXPECT_FALSE(peer.response(id).ended);
  peer.send(id, "one");
  peer.run();
  EXPECT_EQ(peer.response(id).body, "one");
  ASSERT_EQ(server.recorder.lines.size(), 1u);
  EXPECT_EQ(server.recorder.lines[0].kind, RecordKind::open);
  EXPECT_EQ(server.recorder.lines[0].status, 200);
  EXPECT_EQ(server.recorder.lines[0].target, "/chat");
  peer.send(id, "two", true);
  peer.run();
  EXPECT_EQ(peer.response(id).body, "onetwo");
  EXPECT_TRUE(peer.response(id).ended);
  EXPECT_TRUE(peer.response(id).closed);
  EXPECT_FALSE(peer.response(id).reset);
  ASSERT_EQ(server.recorder.lines.size(), 2u);
  EXPECT_EQ(server.recorder.lines[1].kind, RecordKind::close);
  EXPECT_EQ(server.recorder.lines[1].bytes_in, 6u);
  EXPECT_EQ(server.recorder.lines[1].bytes_out, 6u);
  EXPECT_FALSE(server.is_over());
}

TEST(Http2Tunnel, CarriesAMegabyte) {
  TunnelServer server;
  H2Peer peer(server.loop, server.serve({.capacity_bytes = 10'000}));
  const int id = peer.open(connect_fields());
  const std::string much(1'000'000, 'm');
  peer.send(id, much, true);
  peer.run();
  EXPECT_TRUE(peer.response(id).body == much);
  EXPECT_TRUE(peer.response(id).ended);
}

TEST(SEC_U14, TheServerMayEndItsSideFirst) {
  TunnelServer server;
  H2Peer peer(server.loop, server.serve());
  const int id = peer.open(connect_fields());
  peer.send(id, "bye.");
  peer.run();
  EXPECT_EQ(peer.response(id).body, "bye.");
  EXPECT_TRUE(peer.response(id).ended);
  EXPECT_FALSE(peer.response(id).closed) << "the client's side is still open";
  peer.send(id, "", true);
  peer.run();
  EXPECT_TRUE(peer.response(id).closed);
  EXPECT_FALSE(peer.response(id).reset);
  EXPECT_EQ(server.recorder.lines.back().close_reason, Why::done);
}

TEST(SEC_U14, ResetsBothWays) {
  for (const std::uint32_t code : {NGHTTP2_NO_ERROR, NGHTTP2_PROTOCOL_ERROR, NGHTTP2_INTERNAL_ERROR, NGHTTP2_CANCEL}) {
    TunnelServer server;
    H2Peer peer(server.loop, server.serve());
    const int id = peer.open(connect_fields());
    peer.run();
    peer.reset(id, code);
    peer.run();
    EXPECT_EQ(server.recorder.lines.back().kind, RecordKind::close);
    EXPECT_EQ(server.recorder.lines.back().close_reason, Why::peer_reset);
  }
  TunnelServer server;
  H2Peer peer(server.loop, server.serve());
  const int id = peer.open(connect_fields());
  peer.send(id, "!");
  peer.run();
  EXPECT_EQ(peer.response(id).reset, NGHTTP2_CANCEL);
  EXPECT_FALSE(server.is_over());
}

TEST(SEC_U14, AStalledTunnelBlocksNoOther) {
  TunnelServer server;
  H2Peer peer(server.loop, server.serve(), {.takes_data = false});
  const int stalled = peer.open(connect_fields());
  peer.send(stalled, std::string(300'000, 's'));
  peer.run();
  // Its window is used up; the connection's is opened again for the others.
  EXPECT_EQ(peer.response(stalled).body.size(), 65535u);
  nghttp2_session_consume_connection(peer.session(), 65535);
  std::vector<int> ids;
  for (int i = 0; i < 99; ++i) {
    ids.push_back(peer.open(connect_fields()));
    peer.send(ids.back(), std::to_string(i));
  }
  peer.run();
  for (int i = 0; i < 99; ++i) EXPECT_EQ(peer.response(ids[static_cast<std::size_t>(i)]).body, std::to_string(i));
  // A tunnel that is silent, or stalled, is its protocol's business.
  server.loop.advance(Millis(120'000));
  peer.run();
  EXPECT_FALSE(peer.response(stalled).closed);
  peer.take(stalled, 65535);
  peer.run();
  EXPECT_GT(peer.response(stalled).body.size(), 65535u);
}

TEST(SEC_U14, TunnelsTakeTurns) {
  TunnelServer server;
  H2Peer peer(server.loop, server.serve(), {.takes_data = false});
  const int stalled = peer.open(connect_fields());
  peer.send(stalled, std::string(300'000, 's'));
  peer.run();
  // The connection's window is used up. What these two have to say waits until there is one again, for a part of it.
  const int one = peer.open(connect_fields());
  const int two = peer.open(connect_fields());
  peer.send(one, std::string(60'000, '1'));
  peer.send(two, std::string(60'000, '2'));
  peer.run();
  EXPECT_EQ(peer.response(one).body.size() + peer.response(two).body.size(), 0u);
  nghttp2_session_consume_connection(peer.session(), 65535);
  peer.run();
  EXPECT_GT(peer.response(one).body.size(), 20'000u);
  EXPECT_GT(peer.response(two).body.size(), 20'000u);
}

TEST(SEC_U14, MalformedConnects) {
  const auto outcome = [](const H2Fields& fields) {
    TunnelServer server;
    MemoryPeer peer(server.serve());
    peer.send(client_hello() + frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, literal_fields(fields)));
    server.loop.run();
    EXPECT_EQ(EchoUpgrader::considered, "");
    for (const H2Frame& frame : parse_frames(peer.take())) {
      if (frame.stream_id == 1) return static_cast<int>(frame.type);
    }
    return -1;
  };
  const auto without = [](std::string_view name) {
    H2Fields fields = connect_fields();
    std::erase_if(fields, [&](const auto& field) { return field.first == name; });
    return fields;
  };
  EXPECT_EQ(outcome(without(":scheme")), NGHTTP2_RST_STREAM);
  EXPECT_EQ(outcome(without(":path")), NGHTTP2_RST_STREAM);
  EXPECT_EQ(outcome(without(":authority")), NGHTTP2_RST_STREAM);
  EXPECT_EQ(outcome(without(":method")), NGHTTP2_RST_STREAM);
  H2Fields fields = connect_fields();
  fields.insert(fields.begin(), {":protocol", "websocket"});
  EXPECT_EQ(outcome(fields), NGHTTP2_RST_STREAM) << "twice";
  fields = connect_fields();
  fields[0].second = "GET";
  EXPECT_EQ(outcome(fields), NGHTTP2_RST_STREAM) << ":protocol without CONNECT";
  fields = connect_fields();
  fields[1].second = "web\rsocket";
  EXPECT_EQ(outcome(fields), NGHTTP2_RST_STREAM);
  fields = connect_fields();
  fields.push_back({"upgrade", "websocket"});
  EXPECT_EQ(outcome(fields), NGHTTP2_RST_STREAM);
  fields = connect_fields();
  fields.push_back({"connection", "upgrade"});
  EXPECT_EQ(outcome(fields), NGHTTP2_RST_STREAM);
}

TEST(SEC_U14, ConnectWithoutTheSettingIsMalformed) {
  TestServer server;  // no registry entry for websocket
  MemoryPeer peer(server.serve());
  peer.send(client_hello() + frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, literal_fields(connect_fields())));
  server.loop.run();
  EXPECT_EQ(parse_frames(peer.take()).back().type, NGHTTP2_RST_STREAM);
}

TEST(LAW_L1, NothingIsForwardedBeforeThe200) {
  TunnelServer server;
  MemoryPeer peer(server.serve());
  peer.send(client_hello() + frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, literal_fields(connect_fields())) +
            frame(NGHTTP2_DATA, 0, 1, "early"));
  server.loop.run();
  EXPECT_EQ(EchoUpgrader::early_bytes, 5u);
  std::vector<std::uint8_t> types;
  for (const H2Frame& frame : parse_frames(peer.take())) {
    if (frame.stream_id == 1 && frame.type != NGHTTP2_WINDOW_UPDATE) types.push_back(frame.type);
  }
  EXPECT_EQ(types, (std::vector<std::uint8_t>{NGHTTP2_HEADERS, NGHTTP2_DATA}));
}

TEST(LAW_L6, ARefusedConnectEndsItsStreamUnread) {
  TunnelServer server;
  static std::string seen;
  seen.clear();
  server.site.add("/plain", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    const Result<Bytes> body = co_await exchange.read();
                    if (body) seen = std::string(as_text(*body));
                    (void)co_await exchange.respond(200, "looks like a tunnel\n");
                  }));
  H2Peer peer(server.loop, server.serve());
  const auto ask = [&](const H2Fields& fields) {
    const int id = peer.open(fields);
    peer.send(id, "GET /smuggled HTTP/1.1\r\n\r\n");
    peer.run();
    EXPECT_TRUE(peer.response(id).ended);
    EXPECT_EQ(peer.response(id).reset, NGHTTP2_NO_ERROR);
    return peer.response(id);
  };
  H2Response refused = ask(connect_fields("/refused"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.field("x-reason"), "origin");
  EXPECT_EQ(server.recorder.lines.back().outcome, "refused");
  EXPECT_EQ(server.recorder.lines.back().reason, Why::origin_not_allowed);

  EXPECT_EQ(ask(connect_fields("/chat", "connect-udp")).status, 501);
  EXPECT_EQ(server.recorder.lines.back().reason, Why::unknown_protocol);
  EXPECT_EQ(ask(connect_fields("/chat", "h2c")).status, 501);
  EXPECT_EQ(ask(connect_fields("/nowhere")).status, 404);

  const H2Response plain = ask(connect_fields("/plain"));
  EXPECT_EQ(plain.status, 405) << "a 200 would be an acceptance";
  EXPECT_EQ(plain.body, "");
  EXPECT_EQ(seen, "") << "what was meant for a tunnel is nobody's body";
  EXPECT_EQ(server.recorder.lines.back().reason, Why::token_not_on_route);

  EXPECT_EQ(ask({{":method", "CONNECT"}, {":authority", "example.com:443"}}).status, 405);
  EXPECT_FALSE(server.is_over()) << "only the stream ends";
}

/// Has an answer of somebody else for what it is asked for, or takes it up.
class RouteUpgrader final : public Upgrader {
 public:
  const char* token() const noexcept override { return ""; }
  Task<Verdict> consider(const UpgradeOffer& offer, const UpgradeToken&, Session&) const override {
    // It may take the request with it.
    const OwnedRequest taken = std::move(*offer.request);
    if (offer.via != UpgradeOffer::Via::h2_connect) co_return Answered{Why::none, std::make_unique<NotAllowed>()};
    EXPECT_EQ(taken.head.target, "db.example:5432");
    Accept accept;
    accept.token = "CONNECT";
    accept.successor = std::make_unique<EchoProtocol>();
    co_return accept;
  }

 private:
  struct NotAllowed final : Answerer {
    Task<void> answer(Exchange& exchange) override {
      exchange.set_reason(Why::origin_not_allowed);
      (void)co_await exchange.start(ResponseHead(401), std::nullopt);
      (void)co_await exchange.write(as_bytes(std::string_view("who are you\n")));
      (void)co_await exchange.finish();
    }
  };
};

TEST(Http2Tunnel, ARouteMayDecideItself) {
  const RouteUpgrader upgrader;
  TunnelServer server;
  server.site.add("/chat", std::make_unique<Serve>(&say_hello)).switch_tokens = {"chat/2"};
  H2Peer peer(server.loop, server.serve());
  for (const std::string path : {"/chat", "db.example:5432"}) {
    Route& route = server.site.add(path, nullptr);
    route.switch_tokens = {"chat/2"};
    route.upgrader = &upgrader;
  }
  const int refused = peer.open(connect_fields("/chat", "chat/2"));
  peer.send(refused, "GET /smuggled HTTP/1.1\r\n\r\n");
  const int accepted = peer.open({{":method", "CONNECT"}, {":authority", "db.example:5432"}});
  peer.send(accepted, "early");
  peer.run();
  EXPECT_EQ(peer.response(refused).status, 401);
  EXPECT_EQ(peer.response(refused).body, "who are you\n");
  EXPECT_EQ(peer.response(refused).reset, NGHTTP2_NO_ERROR);
  EXPECT_EQ(peer.response(accepted).status, 200);
  EXPECT_EQ(peer.response(accepted).body, "early");
  ASSERT_EQ(server.recorder.lines.size(), 2u);
  const auto& is_request = [](const auto& line) { return line.kind == RecordKind::request; };
  const auto record = std::ranges::find_if(server.recorder.lines, is_request);
  EXPECT_EQ(record->outcome, "refused");
  EXPECT_EQ(record->reason, Why::origin_not_allowed);
  EXPECT_EQ(record->target, "/chat") << "the record is of the request, whoever has it now";
}

TEST(Http2Tunnel, DrainReachesTheProtocolOnTheStream) {
  TunnelServer server;
  H2Peer peer(server.loop, server.serve());
  const int id = peer.open(connect_fields());
  peer.run();
  server.sessions.drain();
  peer.run();
  EXPECT_TRUE(peer.response(id).ended);
  EXPECT_EQ(server.recorder.lines.back().close_reason, Why::draining);
  // The client does not end its side: it is not waited for any longer than for one that is closed.
  EXPECT_FALSE(peer.is_closed());
  server.loop.advance(Millis(2'100));
  peer.run();
  EXPECT_EQ(peer.response(id).reset, NGHTTP2_NO_ERROR);
  EXPECT_TRUE(peer.is_closed());
}

TEST(Http2Tunnel, EndsWithItsConnection) {
  TunnelServer server;
  H2Peer peer(server.loop, server.serve());
  peer.open(connect_fields());
  peer.open(connect_fields());
  peer.run();
  peer.close();
  peer.run();
  EXPECT_TRUE(server.is_over());
  ASSERT_EQ(server.recorder.lines.size(), 4u);
  EXPECT_EQ(server.recorder.lines[3].close_reason, Why::peer_reset);
}

}  // namespace
}  // namespace turnout::testing
