// Metrics on the whole server: what a known load leaves in them, and what a client cannot do to them (O5).
#include "observe/metrics.h"

#include <gmock/gmock.h>

#include <set>
#include <sstream>

#include "base/ascii.h"
#include "codec/websocket/connection.h"
#include "handlers/echo.h"
#include "observe/metrics_text.h"
#include "protocols/detect/detect.h"
#include "protocols/http1/http1.h"
#include "protocols/http2/http2.h"
#include "protocols/http2/upgraders.h"
#include "protocols/websocket/websocket_upgrader.h"
#include "tests/support/h2_peer.h"
#include "tests/support/memory_proxy.h"
#include "tests/support/memory_server.h"

namespace turnout {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using testing::H2Fields;
using testing::H2Peer;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view handshake_fields =
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

std::string text_of(const WorkerMetrics& metrics) {
  return prometheus_text(metrics.snapshot(), {});
}

struct CountedServer {
  CountedServer() : server([] { return std::make_unique<Detect>(); }), metrics(server.loop) {
    server.sessions.recorder = &metrics;
    add("/hello", "hello", std::make_unique<Answer>("hello\n"));
    add("/echo", "echo", std::make_unique<Echo>()).switch_tokens = {"websocket"};
    server.registry->add_protocol("http/1.1", [](std::optional<OwnedRequest> first) -> std::unique_ptr<Protocol> {
      return std::make_unique<Http1>(std::move(first));
    });
    server.registry->add_protocol("h2", &make_http2);
    server.registry->add(std::make_unique<WebSocketUpgrader>());
    server.registry->add(std::make_unique<H2cUpgrader>());
  }
  ~CountedServer() { server.sessions.recorder = nullptr; }  // which ends those that are open
  Route& add(const std::string& path, std::string name, std::unique_ptr<Handler> handler) {
    Route& route = server.site.add(path, std::move(handler));
    route.name = std::move(name);
    return route;
  }

  /// Everything that comes back on a connection of its own.
  std::string ask(std::string_view bytes) {
    MemoryPeer peer = server.connect();
    peer.send(bytes);
    server.loop.run();
    return peer.take();
  }
  std::string get(std::string_view path) { return ask("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n"); }

  MemoryServer server;
  WorkerMetrics metrics;
};

/// The client of a WebSocket that counts the bytes behind the switch.
class WebSocketPeer {
 public:
  WebSocketPeer(CountedServer& by, std::string_view host) : by_(by), peer_(by.server.connect()) {
    peer_.send("GET /echo HTTP/1.1\r\nHost: " + std::string(host) +
               "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + std::string(handshake_fields) + "\r\n");
    by_.server.loop.run();
    EXPECT_THAT(peer_.take(), EndsWith("\r\n\r\n"));
  }
  void say(std::string_view text) {
    websocket::Buffer out;
    engine_.encode_message(websocket::MessageKind::text, as_bytes(text), out);
    sent += out.bytes().size();
    peer_.send(turnout::as_text(out.bytes()));
    by_.server.loop.run();
    received += peer_.take().size();
  }
  void leave() {
    peer_.close_write();
    by_.server.loop.run();
    received += peer_.take().size();
  }

  std::uint64_t sent = 0;
  std::uint64_t received = 0;

 private:
  CountedServer& by_;
  MemoryPeer peer_;
  websocket::Engine engine_{websocket::Role::client, {}};
};

TEST(Metrics, AgreeWithWhatAKnownLoadDid) {
  CountedServer counted;
  for (int i = 0; i < 37; ++i) counted.get("/hello");
  for (int i = 0; i < 5; ++i) counted.get("/nowhere");
  for (int i = 0; i < 4; ++i) {  // not on this route
    counted.ask("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
                std::string(handshake_fields) + "\r\n");
  }
  for (int i = 0; i < 2; ++i) {  // without its fields
    counted.ask("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  }
  std::vector<std::unique_ptr<WebSocketPeer>> peers;
  peers.reserve(11);
  for (int i = 0; i < 11; ++i) peers.push_back(std::make_unique<WebSocketPeer>(counted, "a"));
  for (const auto& peer : peers) peer->say("hello");
  counted.server.loop.advance(Millis(2'000));
  std::uint64_t in = 0, out = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    peers[i]->leave();
    in += peers[i]->sent;
    out += peers[i]->received;
  }
  EXPECT_THAT(
      text_of(counted.metrics),
      AllOf(HasSubstr("turnout_http_requests_total{route=\"hello\",version=\"1.1\",code=\"200\"} 41\n"),
            HasSubstr("turnout_http_requests_total{route=\"-\",version=\"1.1\",code=\"404\"} 5\n"),
            HasSubstr("turnout_http_requests_total{route=\"echo\",version=\"1.1\",code=\"400\"} 2\n"),
            HasSubstr("turnout_http_response_body_bytes_total{route=\"hello\"} 246\n"),
            HasSubstr("turnout_upgrades_total{token=\"websocket\",route=\"hello\",via=\"h1-upgrade\","
                      "outcome=\"declined\",reason=\"token-not-on-route\"} 4\n"),
            HasSubstr("turnout_upgrades_total{token=\"websocket\",route=\"echo\",via=\"h1-upgrade\","
                      "outcome=\"refused\",reason=\"websocket-version\"} 2\n"),
            HasSubstr("turnout_upgrades_total{token=\"websocket\",route=\"echo\",via=\"h1-upgrade\","
                      "outcome=\"accepted\",reason=\"accepted\"} 11\n"),
            HasSubstr("turnout_tunnels{token=\"websocket\",route=\"echo\"} 8\n"),
            HasSubstr("turnout_tunnel_duration_seconds_bucket{token=\"websocket\",route=\"echo\",le=\"1\"} 0\n"),
            HasSubstr("turnout_tunnel_duration_seconds_bucket{token=\"websocket\",route=\"echo\",le=\"5\"} 3\n"),
            HasSubstr("turnout_tunnel_closes_total{token=\"websocket\",by=\"client\",reason=\"peer-closed\"} 3\n"),
            HasSubstr("direction=\"in\"} " + std::to_string(in) + "\n"),
            HasSubstr("direction=\"out\"} " + std::to_string(out) + "\n")));

  // Those that are open are asked how far they have come, and nothing is counted twice for it.
  for (int i = 0; i < 2; ++i) {
    Sessions::Walk walk(counted.server.sessions);
    while (walk.visit(3, [](Session& session) { session.record_progress(); })) {
    }
  }
  for (std::size_t i = 3; i < peers.size(); ++i) {
    in += peers[i]->sent;
    out += peers[i]->received;
  }
  EXPECT_THAT(text_of(counted.metrics), AllOf(HasSubstr("direction=\"in\"} " + std::to_string(in) + "\n"),
                                              HasSubstr("direction=\"out\"} " + std::to_string(out) + "\n")));
}

// ===== O5 =====

/// The text with the word in the place of every "$".
std::string filled(std::string text, const std::string& word) {
  for (std::size_t at = text.find('$'); at != std::string::npos; at = text.find('$', at + word.size())) {
    text.replace(at, 1, word);
  }
  return text;
}

/// Says `word` in every place of a request where a client may say what it likes.
void say_everywhere(CountedServer& counted, const std::string& word) {
  const std::string websocket = "Connection: Upgrade\r\nUpgrade: websocket/$\r\nSec-WebSocket-Protocol: $\r\n";
  for (const std::string& start :
       {"GET /$", "GET /hello?$", "GET /echo/$", "$ /hello", "CONNECT $.example:443", "OPTIONS http://$/hello"}) {
    for (const std::string& offer : {std::string(), std::string("Connection: Upgrade\r\nUpgrade: $, $/1.1\r\n"),
                                     websocket + std::string(handshake_fields)}) {
      std::string request = start;
      request += " HTTP/1.1\r\nHost: $.example\r\nUser-Agent: $\r\n$: $\r\nReferer: http://$/\r\nOrigin: http://$\r\n";
      request += offer;
      request += "\r\n";
      counted.ask(filled(std::move(request), word));
    }
  }
  counted.ask(word + "\r\n\r\n");
  counted.ask("GET / " + word + "/1.1\r\n\r\n");
  WebSocketPeer accepted(counted, word);
  accepted.say(word);
  accepted.leave();

  auto pair = MemoryStream::make_pair(counted.server.loop);
  counted.server.accept(std::move(pair.ours));
  H2Peer peer(counted.server.loop, std::move(pair.theirs));
  peer.get("/" + word);
  peer.request(word, "/hello", {{"user-agent", word}, {word, word}});
  peer.run();
  const H2Fields connect = {{":method", "CONNECT"},
                            {":protocol", word},
                            {":scheme", "http"},
                            {":path", "/echo"},
                            {":authority", word},
                            {"sec-websocket-version", "13"},
                            {"sec-websocket-protocol", word}};
  peer.open(connect);
  peer.open({{":method", "CONNECT"}, {":authority", word + ":443"}});
  peer.run();
}

/// The text without its values: which series there are.
std::set<std::string> series_of(const std::string& text) {
  std::set<std::string> series;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) series.insert(line.substr(0, line.rfind(' ')));
  return series;
}

TEST(SEC_O5, NothingThatAClientSaysIsALabel) {
  CountedServer counted;
  say_everywhere(counted, "attacker");
  const std::string text = text_of(counted.metrics);
  EXPECT_THAT(to_lower(text), Not(HasSubstr("attacker")));
  // It was all counted, though.
  EXPECT_THAT(text, AllOf(HasSubstr("turnout_upgrades_total{token=\"other\""),
                          HasSubstr("turnout_upgrades_total{token=\"websocket\""),
                          HasSubstr("turnout_upgrades_total{token=\"CONNECT\""), HasSubstr("code=\"404\"")));
}

TEST(SEC_O5, NoClientCanMakeMoreSeries) {
  CountedServer counted;
  say_everywhere(counted, "w0");
  const std::set<std::string> series = series_of(text_of(counted.metrics));
  for (int i = 1; i < 100; ++i) say_everywhere(counted, "w" + std::to_string(i));
  EXPECT_EQ(series_of(text_of(counted.metrics)), series);
}

TEST(SEC_O5, ATokenIsCalledWhatTheRouteCallsIt) {
  MemoryProxy proxy({"printer"});
  WorkerMetrics metrics(proxy.server.loop);
  proxy.server.sessions.recorder = &metrics;
  for (const std::string token : {"printer", "PRINTER/1", "Printer/attacker", "printer/2.0-attacker"}) {
    MemoryPeer client = proxy.server.connect();
    client.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: " + token + "\r\n\r\n");
    proxy.run();
    proxy.backend(proxy.backends() - 1)
        .send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + token + "\r\n\r\n");
    proxy.run();
    EXPECT_THAT(client.take(), HasSubstr("101")) << token;
    client.close();
    proxy.run();
  }
  const std::string text = text_of(metrics);
  EXPECT_THAT(to_lower(text), Not(HasSubstr("attacker")));
  EXPECT_THAT(text, HasSubstr("turnout_upgrades_total{token=\"printer\",route=\"-\",via=\"h1-upgrade\","
                              "outcome=\"accepted\",reason=\"accepted\"} 4\n"));
  proxy.server.sessions.recorder = nullptr;
}

}  // namespace
}  // namespace turnout
