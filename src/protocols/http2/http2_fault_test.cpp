// The n-th operation on the connection fails, for every n: whatever was going on ends, and nothing is left behind.
#include <gtest/gtest.h>

#include "protocols/http1/http1.h"
#include "protocols/http2/http2.h"
#include "protocols/http2/upgraders.h"
#include "tests/support/h2_server.h"

namespace turnout::testing {
namespace {

/// A whole life of a connection; true where the fault did not strike any more.
bool live_through(std::size_t fail_at, bool upgraded) {
  TestServer server;
  server.registry->add(std::make_unique<HttpUpgrader>(true));
  std::unique_ptr<Protocol> first = std::make_unique<Http2>();
  if (upgraded) first = std::make_unique<Http1>();
  auto stream = server.serve(
      std::move(first),
      {.read_bytes_max = 1000, .write_bytes_max = 3000, .capacity_bytes = 8000, .fail_at_operation = fail_at});
  if (upgraded) {
    (void)stream->try_write(as_bytes("GET /hello HTTP/1.1\r\nHost: a\r\nUpgrade: HTTP/2.0\r\n\r\n"));
    server.loop.run();
    std::byte byte;
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      if (const Io io = stream->try_read({&byte, 1}); io.code != Code::ok || io.n == 0) return false;
      head.push_back(static_cast<char>(byte));
    }
  }
  H2Peer peer(server.loop, std::move(stream), {.upgraded = upgraded});
  const int hello = peer.get("/hello");
  const int echo = peer.post("/echo", std::string(30'000, 'e'));
  const int left = peer.open({{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/echo"}});
  peer.run();
  peer.reset(left, NGHTTP2_CANCEL);
  peer.run();
  server.sessions.drain();
  peer.run();
  server.loop.advance(Millis(5'000));
  peer.run();
  const bool whole = peer.response(hello).ended && peer.response(echo).body.size() == 30'000 && peer.is_closed() &&
                     peer.goaways().size() == 2;
  peer.close();
  server.loop.advance(Millis(5'000));
  EXPECT_TRUE(server.is_over()) << "operation " << fail_at;
  return whole;
}

TEST(Http2Faults, EveryOperationMayFail) {
  std::size_t fail_at = 1;
  while (!live_through(fail_at, false)) ASSERT_LT(++fail_at, 2'000u);
  EXPECT_GT(fail_at, 50u);
}

TEST(Http2Faults, EveryOperationMayFailAroundTheSwitch) {
  std::size_t fail_at = 1;
  while (!live_through(fail_at, true)) ASSERT_LT(++fail_at, 2'000u);
  EXPECT_GT(fail_at, 50u);
}

}  // namespace
}  // namespace turnout::testing
