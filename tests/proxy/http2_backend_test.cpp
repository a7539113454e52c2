// Requests and switches through the proxy to a backend that speaks HTTP/2.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "protocols/http2/http2.h"
#include "proxy/proxy_handler.h"
#include "proxy/proxy_upgrader.h"
#include "tests/support/h2_peer.h"
#include "tests/support/h2_server_peer.h"
#include "tests/support/memory_proxy.h"

namespace turnout::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const H2Fields ok_head = {{":status", "200"}};

/// Every connection is a pipe with a scripted server of HTTP/2 on its far end.
class Http2Connector final : public Connector {
 public:
  Task<std::expected<Connected, ConnectError>> connect(Worker& worker, const UpstreamServer&,
                                                       ConnectHow) const override {
    MemoryStream::Pair pair = MemoryStream::make_pair(worker);
    const H2ServerPeer::Options options{.settings = {{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1}}};
    backends.emplace_back(static_cast<SimLoop&>(worker), std::move(pair.theirs), options);
    co_return Connected{Wire(std::move(pair.ours)), ""};
  }
  mutable std::deque<H2ServerPeer> backends;
};

class Http2Proxy {
 public:
  explicit Http2Proxy(MemoryServer::First first = {}, bool is_private = false) : server(std::move(first)) {
    UpstreamOptions options;
    options.name = "memory";
    options.servers.push_back({.name = "backend", .speaks = UpstreamServer::Speaks::http2, .host = "b", .port = 80});
    settings->upstream = std::make_shared<Upstream>(std::move(options));
    settings->connector = connector;
    settings->pooling.is_private = is_private;
    upgrader = std::make_unique<ProxyUpgrader>(settings);
    Route& route = server.site.add("/**", std::make_unique<ProxyHandler>(settings));
    route.switch_tokens = {"websocket"};
    route.upgrader = upgrader.get();
    route.origins.kind = OriginPolicy::Kind::any;
  }
  ~Http2Proxy() {
    server.sessions.abort();
    server.loop.advance(Millis(3'600'000));
    server.loop.connections.spawn(server.loop.stop_locals());
    server.loop.run();
  }

  std::unique_ptr<MemoryStream> connect() {
    MemoryStream::Pair pair = MemoryStream::make_pair(server.loop);
    server.accept(std::move(pair.ours));
    return std::move(pair.theirs);
  }
  void run() {
    server.loop.run();
    for (H2ServerPeer& one : connector->backends) one.run();
  }
  H2ServerPeer& backend(std::size_t index = 0) { return connector->backends.at(index); }
  std::size_t backends() const { return connector->backends.size(); }

  std::shared_ptr<Http2Connector> connector = std::make_shared<Http2Connector>();
  std::shared_ptr<ProxySettings> settings = std::make_shared<ProxySettings>();
  MemoryServer server;
  std::unique_ptr<ProxyUpgrader> upgrader;
};

std::unique_ptr<Protocol> make_http2() {
  return std::make_unique<Http2>();
}

void answer(Http2Proxy& proxy, int id, std::string_view body, std::size_t backend = 0) {
  proxy.backend(backend).respond(id, ok_head);
  proxy.backend(backend).send(id, body, true);
  proxy.run();
}

TEST(ProxyHttp2, ManyClientsShareOneConnection) {
  Http2Proxy proxy;
  std::vector<MemoryPeer> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(proxy.connect());
    clients.back().send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    proxy.run();
  }
  ASSERT_EQ(proxy.backends(), 1u);
  EXPECT_EQ(proxy.backend().request(5).field(":path"), "/2");
  EXPECT_EQ(proxy.backend().request(5).field(":authority"), "a");
  EXPECT_THAT(std::string(proxy.backend().request(5).field("via")), EndsWith("turnout"));
  for (const int id : {3, 5, 1}) answer(proxy, id, std::to_string(id));
  EXPECT_THAT(clients[0].take(), EndsWith("Content-Length: 1\r\n\r\n1"));
  EXPECT_THAT(clients[1].take(), EndsWith("Content-Length: 1\r\n\r\n3"));
  EXPECT_THAT(clients[2].take(), EndsWith("Content-Length: 1\r\n\r\n5"));
}

TEST(ProxyHttp2, ACallOfGrpc) {
  Http2Proxy proxy(&make_http2);
  H2Peer client(proxy.server.loop, proxy.connect());
  const int id = client.open({{":method", "POST"},
                              {":scheme", "http"},
                              {":authority", "a"},
                              {":path", "/echo.Echo/Say"},
                              {"content-type", "application/grpc"},
                              {"te", "trailers"}});
  client.send(id, "one");
  client.run();
  proxy.run();
  ASSERT_EQ(proxy.backends(), 1u);
  EXPECT_EQ(proxy.backend().request(1).body, "one") << "a stream, not a message that is collected first";
  EXPECT_EQ(proxy.backend().request(1).field("te"), "trailers");
  proxy.backend().respond(1, {{":status", "200"}, {"content-type", "application/grpc"}});
  proxy.backend().send(1, "ONE");
  proxy.run();
  client.run();
  EXPECT_EQ(client.response(id).body, "ONE");
  client.send(id, "two");
  client.send_trailers(id, {{"x-client", "1"}});
  client.run();
  proxy.run();
  EXPECT_EQ(proxy.backend().request(1).body, "onetwo");
  EXPECT_EQ(proxy.backend().request(1).trailers, (H2Fields{{"x-client", "1"}}));
  proxy.backend().send(1, "TWO");
  proxy.backend().send_trailers(1, {{"grpc-status", "0"}});
  proxy.run();
  client.run();
  EXPECT_EQ(client.response(id).body, "ONETWO");
  EXPECT_EQ(client.response(id).trailers, (H2Fields{{"grpc-status", "0"}}));
  EXPECT_TRUE(client.response(id).ended);
}

TEST(ProxyHttp2, WhatWasRefusedIsAskedOnAnotherConnection) {
  for (const bool by_goaway : {false, true}) {
    Http2Proxy proxy;
    MemoryPeer client(proxy.connect());
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    proxy.run();
    if (by_goaway) {
      proxy.backend().goaway(0);
    } else {
      proxy.backend().reset(1, NGHTTP2_REFUSED_STREAM);
    }
    proxy.run();
    ASSERT_EQ(proxy.backends(), 2u);
    proxy.run();
    answer(proxy, 1, "again", 1);
    EXPECT_THAT(client.take(), EndsWith("Content-Length: 5\r\n\r\nagain"));
  }
}

TEST(ProxyHttp2, AClientThatBreaksOffCancelsItsStreamOnly) {
  Http2Proxy proxy;
  std::optional<MemoryPeer> gone(proxy.connect());
  MemoryPeer stays(proxy.connect());
  gone->send("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n");
  stays.send("GET /stays HTTP/1.1\r\nHost: a\r\n\r\n");
  proxy.run();
  gone->abort();
  proxy.run();
  EXPECT_EQ(proxy.backend().request(1).reset, NGHTTP2_CANCEL);
  answer(proxy, 3, "hello");
  EXPECT_THAT(stays.take(), EndsWith("Content-Length: 5\r\n\r\nhello"));
}

TEST(ProxyHttp2, WhereConnectionsArePrivateEachClientHasItsOwn) {
  Http2Proxy proxy({}, true);
  MemoryPeer first(proxy.connect());
  MemoryPeer second(proxy.connect());
  first.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
  second.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  proxy.run();
  ASSERT_EQ(proxy.backends(), 2u);
  answer(proxy, 1, "one", 0);
  answer(proxy, 1, "two", 1);
  EXPECT_THAT(first.take(), EndsWith("Content-Length: 3\r\n\r\none"));
  EXPECT_THAT(second.take(), EndsWith("Content-Length: 3\r\n\r\ntwo"));
  proxy.server.loop.advance(Millis(100));
  proxy.run();
  EXPECT_TRUE(proxy.backend(0).is_closed());
  EXPECT_TRUE(proxy.backend(1).is_closed());
}

TEST(ProxyHttp2, AWebSocketOfHttp1BecomesAnExtendedConnect) {
  Http2Proxy proxy;
  MemoryPeer client(proxy.connect());
  client.send(websocket_request());
  client.send("early");
  proxy.run();
  ASSERT_EQ(proxy.backends(), 1u);
  EXPECT_EQ(proxy.backend().request(1).field(":method"), "CONNECT");
  EXPECT_EQ(proxy.backend().request(1).field(":protocol"), "websocket");
  EXPECT_EQ(proxy.backend().request(1).field("sec-websocket-key"), "");
  EXPECT_EQ(proxy.backend().request(1).body, "") << "law L1";
  proxy.backend().respond(1, ok_head);
  proxy.backend().send(1, "glued");
  proxy.run();
  const std::string answer = client.take();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(answer, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nglued"));
  EXPECT_EQ(proxy.backend().request(1).body, "early");
  client.close_write();
  proxy.run();
  EXPECT_TRUE(proxy.backend().request(1).ended);
  proxy.backend().send(1, "late", true);
  proxy.run();
  EXPECT_EQ(client.take(), "late");
  EXPECT_TRUE(client.ended());
}

TEST(ProxyHttp2, AnExtendedConnectStaysOne) {
  Http2Proxy proxy(&make_http2);
  H2Peer client(proxy.server.loop, proxy.connect());
  const int id = client.open({{":method", "CONNECT"},
                              {":protocol", "websocket"},
                              {":scheme", "http"},
                              {":authority", "a"},
                              {":path", "/ws"},
                              {"sec-websocket-version", "13"}});
  client.send(id, "early");
  client.run();
  proxy.run();
  ASSERT_EQ(proxy.backends(), 1u);
  EXPECT_EQ(proxy.backend().request(1).field(":protocol"), "websocket");
  EXPECT_EQ(proxy.backend().request(1).body, "");
  proxy.backend().respond(1, ok_head);
  proxy.backend().send(1, "glued");
  proxy.run();
  client.run();
  proxy.run();
  EXPECT_EQ(client.response(id).status, 200);
  EXPECT_EQ(client.response(id).body, "glued");
  EXPECT_EQ(proxy.backend().request(1).body, "early");
  proxy.backend().reset(1, NGHTTP2_CANCEL);
  proxy.run();
  client.run();
  EXPECT_EQ(client.response(id).reset, NGHTTP2_CANCEL);
}

// The server has switched: whoever looks for that in the log finds when it was over, and why.
TEST(LAW_L10, AClientThatLeavesAsItsServerSwitchesIsOnRecord) {
  Http2Proxy proxy(&make_http2);
  H2Peer client(proxy.server.loop, proxy.connect());
  const int id = client.open({{":method", "CONNECT"},
                              {":protocol", "websocket"},
                              {":scheme", "http"},
                              {":authority", "a"},
                              {":path", "/ws"},
                              {"sec-websocket-version", "13"}});
  client.run();
  proxy.run();
  client.reset(id, NGHTTP2_CANCEL);
  client.run();
  EXPECT_THAT(proxy.server.recorder.lines, ::testing::IsEmpty());
  proxy.backend().respond(1, ok_head);
  proxy.run();
  EXPECT_THAT(proxy.server.recorder.lines,
              ::testing::ElementsAre("open CONNECT /ws 200 websocket accepted accepted",
                                     "close CONNECT /ws 200 websocket accepted accepted client peer-reset"));
  proxy.run();
  EXPECT_TRUE(proxy.backend().request(1).ended || proxy.backend().request(1).reset);
}

TEST(LAW_L2, ARefusalOfHttp2EndsThatStreamOnly) {
  Http2Proxy proxy;
  MemoryPeer client(proxy.connect());
  client.send(websocket_request());
  proxy.run();
  proxy.backend().respond(1, {{":status", "403"}});
  proxy.backend().send(1, "no\n", true);
  proxy.run();
  EXPECT_THAT(client.take(), StartsWith("HTTP/1.1 403 "));
  MemoryPeer other(proxy.connect());
  other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  proxy.run();
  ASSERT_EQ(proxy.backends(), 1u);
  answer(proxy, 3, "hello");
  EXPECT_THAT(other.take(), EndsWith("Content-Length: 5\r\n\r\nhello"));
}

}  // namespace
}  // namespace turnout::testing
