// What an idle tunnel costs. docs/performance.md has the figures of the program; here both ends of both connections are
// streams in memory and lie in the same pool.
#include <gtest/gtest.h>

#include "base/pool.h"
#include "tests/support/memory_proxy.h"

namespace turnout {
namespace {

TEST(IdleTunnel, TakesNoMoreMemoryThanBefore) {
  if (pool_bytes_carved() == 0 && (pool_give_back(pool_take(8), 8), pool_bytes_carved() == 0)) {
    GTEST_SKIP() << "no pool under a sanitizer";
  }
  constexpr std::size_t tunnels = 64;
  MemoryProxy proxy({"websocket"});
  std::vector<MemoryPeer> clients;
  std::size_t before = 0;
  for (std::size_t i = 0; i <= tunnels; ++i) {
    clients.push_back(proxy.server.connect());
    clients.back().send(websocket_request());
    proxy.run();
    proxy.backend(i).send(websocket_answer());
    proxy.run();
    // The first one leaves behind what every switch needs for a moment.
    if (i == 0) before = pool_bytes_carved();
  }
  // 1,662 with the frames of the release build.
  EXPECT_LE((pool_bytes_carved() - before) / tunnels, 1900u);
}

}  // namespace
}  // namespace turnout
