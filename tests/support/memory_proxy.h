// MemoryProxy: a proxying server on pipes in memory. The test plays the client and every upstream connection.
//
//   MemoryProxy proxy;
//   MemoryPeer client = proxy.server.connect();
//   client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
//   proxy.run();
//   proxy.backend(0).take();                         // what the first connection to the backend got
//   proxy.backend(0).send("HTTP/1.1 204 No Content\r\n\r\n");
#pragma once

#include <memory>

#include "proxy/proxy_handler.h"
#include "proxy/proxy_upgrader.h"
#include "tests/support/memory_connector.h"
#include "tests/support/memory_server.h"

namespace turnout {

class MemoryProxy {
 public:
  /// `tokens`: what the route lists.
  explicit MemoryProxy(std::vector<std::string> tokens = {"websocket"}, MemoryServer::First first = {},
                       std::size_t servers = 1);
  ~MemoryProxy();

  void run() { server.loop.run(); }
  std::size_t backends() const noexcept { return connector->accepted.size(); }
  MemoryPeer& backend(std::size_t index) { return *connector->accepted.at(index); }

  std::shared_ptr<MemoryConnector> connector = std::make_shared<MemoryConnector>();
  std::shared_ptr<ProxySettings> settings = std::make_shared<ProxySettings>();
  MemoryServer server;
  std::unique_ptr<ProxyUpgrader> upgrader;
};

/// The client's handshake for /ws, with the key of RFC 6455 section 1.3.
std::string websocket_request(std::string_view more = {});
/// The right answer to it.
std::string websocket_answer(std::string_view more = {});

}  // namespace turnout
