// The whole switch on memory and virtual time: a client that sends anything, in pieces, to a server that offers every
// protocol. Nothing may crash, leak or stay behind. The first byte says how the input is cut.
#include <cstdlib>

#include "handlers/echo.h"
#include "protocols/detect/detect.h"
#include "protocols/http1/http1.h"
#include "protocols/http2/http2.h"
#include "protocols/http2/upgraders.h"
#include "protocols/websocket/websocket_upgrader.h"
#include "runtime/sim_loop.h"
#include "switching/drive.h"
#include "switching/registry.h"
#include "switching/session.h"
#include "transport/memory_stream.h"

using namespace turnout;

namespace {

class EchoSite final : public Site {
 public:
  EchoSite() {
    route_.handler = &echo_;
    route_.switch_tokens = {"websocket"};
  }
  const Route& route(const RequestHead&) const override { return route_; }
  bool offers_extended_connect() const noexcept override { return true; }
  const Limits& limits() const noexcept override { return limits_; }
  const std::vector<Network>& trusted_proxies() const noexcept override { return trusted_proxies_; }

 private:
  Echo echo_;
  Route route_;
  Limits limits_;
  std::vector<Network> trusted_proxies_;
};

Task<void> serve(Wire wire, Session& session) {
  (void)co_await drive(std::make_unique<Detect>(), std::move(wire), session);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  SimLoop loop;
  const EchoSite site;
  auto registry = std::make_shared<Registry>();
  registry->add(std::make_unique<WebSocketUpgrader>());
  registry->add(std::make_unique<H2cUpgrader>());
  registry->add(std::make_unique<HttpUpgrader>(true));
  registry->add_protocol("h2", &make_http2);
  registry->add_protocol("http/1.1", [](std::optional<OwnedRequest> first) -> std::unique_ptr<Protocol> {
    return std::make_unique<Http1>(std::move(first));
  });
  const Listener listener{.registry = registry};
  Sessions sessions;
  {
    Session session(loop, site, listener, sessions, Peers{});
    const std::size_t piece_bytes = data[0] == 0 ? size : data[0];
    auto pair = MemoryStream::make_pair(loop, {.read_bytes_max = piece_bytes, .write_bytes_max = piece_bytes + 1});
    MemoryPeer client(std::move(pair.theirs));
    loop.connections.spawn(serve(Wire(std::move(pair.ours)), session));
    std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
    while (!rest.empty()) {
      const std::string_view piece = rest.substr(0, piece_bytes);
      if (!client.send(piece)) break;
      rest.remove_prefix(piece.size());
      loop.run();
      (void)client.take();
    }
    loop.advance(Millis(1'000));
    (void)client.take();
    client.close();
    loop.advance(Millis(7'200'000));
    if (loop.connections.running() != 0) std::abort();
  }
  return 0;
}
