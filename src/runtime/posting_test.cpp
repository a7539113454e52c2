// What more than one thread touches in the runtime: posting to another thread's loop. Also run under TSan.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <thread>
#include <vector>

#include "runtime/epoll_loop.h"

namespace turnout {
namespace {

TEST(Posting, RunsOnTheLoopsThreadInTheSendersOrder) {
  EpollLoop loop;
  constexpr int senders = 3;
  constexpr int jobs_each = 1000;
  std::vector<std::vector<int>> seen(senders);  // touched by jobs only, which is to say by one thread
  int left = senders * jobs_each;

  std::thread::id runner;
  std::thread owner([&] {
    runner = std::this_thread::get_id();
    loop.run();
  });
  int elsewhere = 0;
  std::vector<std::thread> threads;
  for (int sender = 0; sender < senders; ++sender) {
    threads.emplace_back([&, sender] {
      for (int i = 0; i < jobs_each; ++i) {
        loop.post_from_elsewhere([&, sender, i] {
          if (std::this_thread::get_id() != runner) ++elsewhere;
          seen[static_cast<std::size_t>(sender)].push_back(i);
          if (--left == 0) loop.stop();
        });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  owner.join();

  EXPECT_EQ(elsewhere, 0);
  for (const auto& order : seen) {
    ASSERT_EQ(order.size(), static_cast<std::size_t>(jobs_each));
    EXPECT_TRUE(std::ranges::is_sorted(order));
  }
}

TEST(Posting, AJobMayPostToTheLoopThatSentIt) {
  EpollLoop here;
  EpollLoop there;
  std::thread other([&] { there.run(); });
  int rallies = 0;
  constexpr int rallies_wanted = 500;
  std::function<void()> serve = [&] {  // runs here; what it posts runs there
    if (rallies++ == rallies_wanted) {
      there.post_from_elsewhere([&] { there.stop(); });
      here.stop();
      return;
    }
    there.post_from_elsewhere([&] { here.post_from_elsewhere(serve); });
  };
  here.post_from_elsewhere(serve);
  here.run();
  other.join();
  EXPECT_EQ(rallies, rallies_wanted + 1);
}

TEST(Posting, JobsBeforeTheLoopRunsAreNotLost) {
  EpollLoop loop;
  bool ran = false;
  loop.post_from_elsewhere([&] { ran = true; });
  loop.post_from_elsewhere([&] { loop.stop(); });
  loop.run();
  EXPECT_TRUE(ran);
}

TEST(Posting, ALoopThatWasStoppedRunsAgain) {
  EpollLoop loop;
  int runs = 0;
  for (int i = 0; i < 2; ++i) {
    loop.post_from_elsewhere([&] {
      ++runs;
      loop.stop();
    });
    loop.run();
  }
  EXPECT_EQ(runs, 2);
}

}  // namespace
}  // namespace turnout
