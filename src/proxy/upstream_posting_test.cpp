// What workers share about the servers of an upstream, touched by several threads. Also run under TSan.
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "proxy/upstream.h"
#include "runtime/epoll_loop.h"

namespace turnout {
namespace {

using Health = UpstreamServerState::Health;

struct Counted {
  Counted(UpstreamServerState& server, Worker& worker, std::atomic<int>& calls)
      : heard(calls),
        watch(server, worker, this, [](void* self, Health) noexcept { ++static_cast<Counted*>(self)->heard; }) {}
  std::atomic<int>& heard;
  UpstreamServerState::Watch watch;
};

TEST(UpstreamPosting, TunnelsOfEveryWorkerHearOnTheirOwnThread) {
  constexpr int workers = 3;
  constexpr int tunnels_each = 200;
  UpstreamOptions options;
  options.servers = {{.name = "a"}, {.name = "b"}};
  options.balance = UpstreamOptions::Balance::least_connections;
  const Upstream upstream(options);
  UpstreamServerState& server = *upstream.servers()[0].state;
  std::atomic<int> ready = 0;
  std::atomic<int> heard = 0;
  std::atomic<int> ended = 0;

  std::vector<std::thread> threads;
  for (int i = 0; i < workers; ++i) {
    threads.emplace_back([&] {
      EpollLoop loop;
      std::vector<std::unique_ptr<Counted>> tunnels;
      std::vector<UpstreamLease> leases;
      int mine = 0;
      for (int n = 0; n < tunnels_each; ++n) {
        tunnels.push_back(std::make_unique<Counted>(server, loop, heard));
        if (n % 3 == 0) tunnels.erase(tunnels.begin());
        if (auto lease = upstream.pick(loop.wall_ms())) leases.push_back(std::move(*lease));
        server.failed(loop.wall_ms());
        server.succeeded();
      }
      mine = static_cast<int>(tunnels.size());
      ++ready;
      // Until the last one of this loop has heard; the job that rings comes before.
      std::optional<UpstreamServerState::Watch> last(
          std::in_place, server, loop, &loop,
          [](void* self, Health) noexcept { static_cast<EpollLoop*>(self)->stop(); });
      loop.run();
      last.reset();
      ended += mine;
    });
  }
  while (ready < workers) std::this_thread::yield();
  server.set_health(Health::down);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(heard, ended);
  EXPECT_EQ(server.open(), 0u);
}

}  // namespace
}  // namespace turnout
