#include "runtime/worker.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "runtime/sim_loop.h"

namespace turnout {
namespace {

struct Call : Waiter {
  explicit Call(std::function<void()> function)
      : Waiter([](Waiter& waiter) noexcept { static_cast<Call&>(waiter).function_(); }),
        function_(std::move(function)) {}

 private:
  std::function<void()> function_;
};

TEST(Worker, CallsInTheOrderOfPosting) {
  SimLoop loop;
  std::vector<int> order;
  Call one([&] { order.push_back(1); });
  Call two([&] { order.push_back(2); });
  loop.post(two);
  loop.post(one);
  loop.post(two);  // once is enough
  EXPECT_TRUE(two.is_posted());
  loop.run_ready();
  EXPECT_EQ(order, (std::vector{2, 1}));
  EXPECT_FALSE(two.is_posted());
}

TEST(Worker, OneThatPostsItselfWaitsForTheNextTurn) {
  SimLoop loop;
  int calls = 0;
  Call* self = nullptr;
  Call again([&] {
    ++calls;
    loop.post(*self);
  });
  self = &again;
  loop.post(again);
  loop.run_ready();
  EXPECT_EQ(calls, 1);
  loop.run_ready();
  EXPECT_EQ(calls, 2);
  loop.unpost(again);
  EXPECT_FALSE(loop.has_ready());
}

// From the front, the middle and the end of the queue, also while it is being worked off.
TEST(Worker, OneThatIsUnpostedIsNotCalled) {
  for (int victim = 0; victim < 3; ++victim) {
    SimLoop loop;
    std::vector<int> order;
    Call calls[3] = {Call([&] { order.push_back(0); }), Call([&] { order.push_back(1); }),
                     Call([&] { order.push_back(2); })};
    Call first([&] { loop.unpost(calls[victim]); });
    loop.post(first);
    for (Call& call : calls) loop.post(call);
    loop.run_ready();
    EXPECT_EQ(order.size(), 2u);
    for (const int called : order) EXPECT_NE(called, victim);
    loop.post(calls[victim]);
    loop.run_ready();
    EXPECT_EQ(order.back(), victim);
  }
}

TEST(SimLoop, TimersFireInTheirOrderAndTimeIsTheirs) {
  struct Note : Timer {
    Note(SimLoop& owner, std::vector<std::uint64_t>& into)
        : Timer([](Timer& timer) noexcept {
            auto& note = static_cast<Note&>(timer);
            note.times.push_back(note.loop.now_ms());
          }),
          loop(owner),
          times(into) {}
    SimLoop& loop;
    std::vector<std::uint64_t>& times;
  };
  SimLoop loop;
  const std::int64_t wall = loop.wall_ms();
  std::vector<std::uint64_t> times;
  Note late(loop, times);
  Note early(loop, times);
  loop.set_timer(late, Millis(5'000));
  loop.set_timer(early, Millis(1'000));
  loop.advance(Millis(10'000));
  ASSERT_EQ(times.size(), 2u);
  EXPECT_GE(times[0], 1'001u);
  EXPECT_LT(times[0], 1'001 + TimerWheel::tick_ms);
  EXPECT_GE(times[1], 5'001u);
  EXPECT_LT(times[1], 5'001 + TimerWheel::tick_ms);
  EXPECT_EQ(loop.now_ms(), 10'001u);
  EXPECT_EQ(loop.wall_ms(), wall + 10'000);
}

}  // namespace
}  // namespace turnout
