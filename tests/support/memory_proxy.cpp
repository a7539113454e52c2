#include "tests/support/memory_proxy.h"

#include "codec/websocket/handshake.h"
#include "protocols/http2/upgraders.h"
#include "protocols/websocket/websocket_upgrader.h"

namespace turnout {

MemoryProxy::MemoryProxy(std::vector<std::string> tokens, MemoryServer::First first, std::size_t servers)
    : server(std::move(first)) {
  UpstreamOptions options;
  options.name = "memory";
  for (std::size_t i = 0; i < servers; ++i) {
    UpstreamServer one;
    one.name = "backend" + std::to_string(i);
    one.host = one.name;
    one.port = 80;
    options.servers.push_back(std::move(one));
  }
  settings->upstream = std::make_shared<Upstream>(std::move(options));
  settings->connector = connector;
  upgrader = std::make_unique<ProxyUpgrader>(settings);
  Route& route = server.site.add("/**", std::make_unique<ProxyHandler>(settings));
  route.switch_tokens = std::move(tokens);
  route.upgrader = upgrader.get();
  route.origins.kind = OriginPolicy::Kind::any;
  server.registry->add(std::make_shared<H2cUpgrader>());
  server.registry->add(std::make_shared<WebSocketUpgrader>(WebSocketCompression{.enabled = false}));
}

MemoryProxy::~MemoryProxy() {
  server.sessions.abort();
  server.loop.advance(Millis(3'600'000));
  server.loop.connections.spawn(server.loop.stop_locals());
  server.loop.run();
}

std::string websocket_request(std::string_view more) {
  std::string request =
      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  return request.append(more).append("\r\n");
}

std::string websocket_answer(std::string_view more) {
  std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
  return answer.append(more).append("\r\n");
}

}  // namespace turnout
