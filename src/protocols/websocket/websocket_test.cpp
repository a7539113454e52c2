#include "protocols/websocket/websocket.h"

#include <gtest/gtest.h>

#include "protocols/websocket/websocket_upgrader.h"
#include "tests/support/memory_server.h"

namespace turnout {
namespace {

using websocket::Buffer;
using websocket::Engine;
using websocket::EngineOptions;
using websocket::Event;
using websocket::Role;

/// Echoes messages; at any other request answers 200.
class EchoMessages final : public Handler, public MessageApp {
 public:
  Task<void> serve(Exchange& exchange) const override { (void)co_await exchange.respond(200, "http"); }
  const MessageApp* message_app() const noexcept override { return this; }
  Task<void> run(MessageChannel& channel) const override {
    while (true) {
      const auto message = co_await channel.receive();
      if (!message || !*message) co_return;
      if (as_text((*message)->payload) == "bye") co_return;
      const Result<void> sent = co_await channel.send((*message)->kind, (*message)->payload);
      if (!sent) co_return;
    }
  }
};

constexpr std::string_view handshake =
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
constexpr std::string_view switched =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nConnection: Upgrade\r\n\r\n";

class WebSocketTest : public testing::Test {
 protected:
  WebSocketTest() {
    route = &server.site.add("/", std::make_unique<EchoMessages>());
    route->switch_tokens = {"websocket"};
    server.site.add("/plain", std::make_unique<Answer>("plain")).switch_tokens = {"websocket"};
    server.registry->add(std::make_unique<WebSocketUpgrader>());
  }

  std::string frame(std::string_view text) {
    Buffer out;
    client.encode_message(websocket::MessageKind::text, as_bytes(text), out);
    return std::string(as_text(out.bytes()));
  }

  /// What the client understands of the bytes: "text:hello close:1000".
  std::string events(std::string bytes) {
    MutableBytes input(reinterpret_cast<std::byte*>(bytes.data()), bytes.size());
    std::string out;
    while (true) {
      const Event event = client.next(input);
      if (event.kind == Event::Kind::need_more) return out;
      if (!out.empty()) out += ' ';
      if (event.kind == Event::Kind::message) out += "message:" + std::string(as_text(event.payload));
      if (event.kind == Event::Kind::pong) out += "pong:" + std::string(as_text(event.payload));
      if (event.kind == Event::Kind::close || event.kind == Event::Kind::error) {
        return out + "close:" + std::to_string(event.code);
      }
    }
  }

  MemoryPeer open(MemoryFaults faults = {}) {
    MemoryPeer peer = server.connect(faults);
    peer.send(std::string(handshake) + "\r\n");
    server.loop.run();
    EXPECT_EQ(peer.take(), switched);
    return peer;
  }

  std::string refused(std::string_view bytes) {
    MemoryPeer peer = server.connect();
    peer.send(bytes);
    server.loop.run();
    const std::string got = peer.take();
    return got.substr(9, 3);
  }

  MemoryServer server;
  Route* route;
  Engine client{Role::client, EngineOptions{}};
};

TEST_F(WebSocketTest, EchoesAndCloses) {
  MemoryPeer peer = open();
  peer.send(frame("hello"));
  server.loop.run();
  EXPECT_EQ(events(peer.take()), "message:hello");
  Buffer close;
  client.encode_close(1000, "", close);
  peer.send(as_text(close.bytes()));
  server.loop.run();
  EXPECT_EQ(events(peer.take()), "close:1000");
  EXPECT_TRUE(peer.ended());
  peer.close();
  server.loop.run();
  EXPECT_EQ(server.recorder.lines.back(), "close GET / 101 websocket accepted accepted client peer-closed");
}

TEST_F(WebSocketTest, FramesBehindTheHandshakeAreNotLost) {
  MemoryPeer peer = server.connect();
  peer.send(std::string(handshake) + "\r\n" + frame("early") + frame("bird"));
  server.loop.run();
  const std::string got = peer.take();
  ASSERT_TRUE(got.starts_with(switched)) << got;
  EXPECT_EQ(events(got.substr(switched.size())), "message:early message:bird");
}

TEST_F(WebSocketTest, ByteByByteItIsTheSame) {
  MemoryPeer peer = open();
  for (const char c : frame("one") + frame(std::string(70'000, 'x'))) {
    peer.send({&c, 1});
    server.loop.run();
  }
  EXPECT_EQ(events(peer.take()), "message:one message:" + std::string(70'000, 'x'));
}

TEST_F(WebSocketTest, AnAppThatReturnsClosesWith1000) {
  MemoryPeer peer = open();
  peer.send(frame("bye"));
  server.loop.run();
  EXPECT_EQ(events(peer.take()), "close:1000");
  EXPECT_FALSE(peer.ended());
  server.loop.advance(Millis(5'100));
  EXPECT_TRUE(peer.ended());
}

TEST_F(WebSocketTest, AMessageThatIsTooLongIsTakenToItsEnd) {
  // Else the rest of it would meet a closed socket, and the client hear of a broken connection instead of 1009.
  MemoryPeer peer = open();
  peer.send(std::string_view("\x82\xFF\0\0\0\0\1\0\0\1\0\0\0\0", 14));  // 16 MiB and one byte
  server.loop.run();
  EXPECT_EQ(events(peer.take()), "close:1009");
  const std::string piece(128 * 1024, 'x');
  for (int i = 0; i < 128; ++i) {
    EXPECT_TRUE(peer.send(piece)) << i;
    server.loop.run();
  }
  EXPECT_FALSE(peer.was_reset());
  EXPECT_TRUE(peer.send("x"));
}

TEST_F(WebSocketTest, AStoppingServerSays1001) {
  MemoryPeer peer = open();
  server.sessions.drain();
  server.loop.run();
  EXPECT_EQ(events(peer.take()), "close:1001");
}

TEST(LAW_L9, TheTimersOfRequestsEndAtTheSwitch) {
  MemoryServer server;
  server.site.add("/", std::make_unique<EchoMessages>()).switch_tokens = {"websocket"};
  server.registry->add(std::make_unique<WebSocketUpgrader>());
  MemoryPeer peer = server.connect();
  peer.send(std::string(handshake) + "\r\n");
  server.loop.advance(Millis(3'599'000));
  EXPECT_EQ(peer.take(), switched);
  EXPECT_FALSE(peer.ended());
  server.loop.advance(Millis(2'000));
  EXPECT_NE(peer.take(), "");
  server.loop.advance(Millis(6'000));
  EXPECT_TRUE(peer.ended());
}

TEST(LAW_L1, FramesBeforeTheAcceptanceAreHeldAndDroppedWhereItIsRefused) {
  MemoryServer server;
  server.site.add("/", std::make_unique<EchoMessages>()).switch_tokens = {"websocket"};
  server.registry->add(std::make_unique<WebSocketUpgrader>());
  MemoryPeer peer = server.connect();
  peer.send(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: short\r\n"
      "Sec-WebSocket-Version: 13\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
  server.loop.run();
  EXPECT_TRUE(peer.take().starts_with("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_TRUE(peer.ended());
  EXPECT_EQ(server.recorder.lines.size(), 1U);
}

TEST_F(WebSocketTest, FaultsHaveTheirStatus) {
  const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";
  const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  EXPECT_EQ(refused(get + "Connection: Upgrade\r\nUpgrade: websocket\r\n" + key + "Sec-WebSocket-Version: 8\r\n\r\n"),
            "426");
  EXPECT_EQ(refused(get + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"), "400");
  EXPECT_EQ(refused(get + "Upgrade: websocket\r\n" + key + "Sec-WebSocket-Version: 13\r\n\r\n"), "400");
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
                    key + "Sec-WebSocket-Version: 13\r\n\r\n"),
            "400");
  EXPECT_EQ(refused("GET /plain HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + key +
                    "Sec-WebSocket-Version: 13\r\n\r\n"),
            "200");
}

TEST(SEC_U5, AHandshakeWithABodyIsRefusedAndTheBodyIsNotARequest) {
  MemoryServer server;
  server.site.add("/", std::make_unique<EchoMessages>()).switch_tokens = {"websocket"};
  server.registry->add(std::make_unique<WebSocketUpgrader>());
  const std::string poison = "GET /poison HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const bool chunked : {false, true}) {
    MemoryPeer peer = server.connect();
    peer.send(std::string(handshake) +
              (chunked ? "Transfer-Encoding: chunked\r\n\r\n21\r\n" + poison + "\r\n0\r\n\r\n"
                       : "Content-Length: " + std::to_string(poison.size()) + "\r\n\r\n" + poison));
    server.loop.run();
    EXPECT_TRUE(peer.take().starts_with("HTTP/1.1 400 Bad Request\r\n"));
    EXPECT_EQ(server.recorder.lines.back(), "request GET / 400 refused websocket-body");
  }
  EXPECT_EQ(server.recorder.lines.size(), 2U);
}

TEST(SEC_W1, PagesOfOtherOriginsAreRefused) {
  MemoryServer server;
  Route& route = server.site.add("/", std::make_unique<EchoMessages>());
  route.switch_tokens = {"websocket"};
  server.registry->add(std::make_unique<WebSocketUpgrader>());
  const auto status = [&](std::string_view origin) {
    MemoryPeer peer = server.connect();
    peer.send(std::string(handshake) + (origin.empty() ? "" : "Origin: " + std::string(origin) + "\r\n") + "\r\n");
    server.loop.run();
    return peer.take().substr(9, 3);
  };
  EXPECT_EQ(status(""), "101");
  EXPECT_EQ(status("http://a"), "101");
  EXPECT_EQ(status("http://a:80"), "101");
  EXPECT_EQ(status("https://a"), "403");
  EXPECT_EQ(status("http://a:81"), "403");
  EXPECT_EQ(status("http://evil.example"), "403");
  EXPECT_EQ(status("null"), "403");
  route.origins.kind = OriginPolicy::Kind::any;
  EXPECT_EQ(status("null"), "101");
}

TEST(SEC_W9, ACloseThatIsNotAnsweredEndsAfterFiveSeconds) {
  MemoryServer server;
  server.site.add("/", std::make_unique<EchoMessages>()).switch_tokens = {"websocket"};
  server.registry->add(std::make_unique<WebSocketUpgrader>());
  MemoryPeer peer = server.connect();
  peer.send(std::string(handshake) + "\r\n");
  server.loop.run();
  server.sessions.drain();
  server.loop.advance(Millis(4'900));
  (void)peer.take();
  EXPECT_FALSE(peer.ended());
  server.loop.advance(Millis(200));
  EXPECT_TRUE(peer.ended());
}

TEST(SEC_W7, AFloodOfPingsCostsOnePongWhileNobodyReads) {
  MemoryServer server;
  server.site.add("/", std::make_unique<EchoMessages>()).switch_tokens = {"websocket"};
  server.registry->add(std::make_unique<WebSocketUpgrader>());
  MemoryPeer peer = server.connect({.capacity_bytes = 4'000'000});
  Engine client(Role::client, EngineOptions{});
  Buffer pings;
  for (int i = 0; i < 100'000; ++i) client.encode_ping(as_bytes("p"), pings);
  peer.send(std::string(handshake) + "\r\n" + std::string(as_text(pings.bytes())));
  server.loop.run();
  EXPECT_LT(peer.take().size(), 2'000U);
}

TEST_F(WebSocketTest, AnyOperationMayFail) {
  for (std::size_t n = 1; n < 60; ++n) {
    MemoryPeer peer = server.connect({.read_bytes_max = 40, .write_bytes_max = 30, .fail_at_operation = n});
    Engine engine(Role::client, EngineOptions{});
    Buffer out;
    engine.encode_message(websocket::MessageKind::text, as_bytes("hello"), out);
    engine.encode_ping(as_bytes("p"), out);
    engine.encode_message(websocket::MessageKind::text, as_bytes("bye"), out);
    peer.send(std::string(handshake) + "\r\n" + std::string(as_text(out.bytes())));
    server.loop.run();
    peer.close();
    server.loop.advance(Millis(10'000));
    EXPECT_TRUE(server.sessions.empty()) << n;
  }
}

}  // namespace
}  // namespace turnout
