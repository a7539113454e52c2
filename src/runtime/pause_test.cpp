#include "runtime/pause.h"

#include <gtest/gtest.h>

#include <vector>

#include "runtime/sim_loop.h"

namespace turnout {
namespace {

Task<void> wait_once(Pause& pause, Millis limit, std::vector<Code>& ends) {
  const Code how = co_await pause.wait(limit);
  ends.push_back(how);
}

struct Pauses : ::testing::Test {
  SimLoop loop;
  TaskGroup group;
  std::vector<Code> ends;
};

TEST_F(Pauses, EndWhenTheTimeIsOver) {
  Pause pause(loop);
  group.spawn(wait_once(pause, Millis(1000), ends));
  loop.advance(Millis(900));
  EXPECT_TRUE(ends.empty());
  loop.advance(Millis(120));
  EXPECT_EQ(ends, std::vector{Code::timed_out});
}

TEST_F(Pauses, EndWhenTheyAreWoken) {
  Pause pause(loop);
  group.spawn(wait_once(pause, Millis(1000), ends));
  pause.wake();
  pause.wake();
  EXPECT_TRUE(ends.empty());  // in the next turn, not inside the call
  loop.run();
  EXPECT_EQ(ends, std::vector{Code::ok});
  loop.advance(Millis(5000));
  EXPECT_EQ(ends.size(), 1u);
}

TEST_F(Pauses, AWakeBeforeTheWaitIsKeptOnce) {
  Pause pause(loop);
  pause.wake();
  group.spawn(wait_once(pause, Millis(1000), ends));
  EXPECT_EQ(ends, std::vector{Code::ok});
  group.spawn(wait_once(pause, Millis(1000), ends));
  EXPECT_EQ(ends.size(), 1u);
  loop.advance(Millis(1020));
  EXPECT_EQ(ends, (std::vector{Code::ok, Code::timed_out}));
}

TEST_F(Pauses, EndWhenTheyAreCancelledAndStayCancelled) {
  Cancellation cancellation;
  Pause one(loop, &cancellation);
  Pause two(loop, &cancellation);
  {
    const Pause gone(loop, &cancellation);
  }
  group.spawn(wait_once(one, Millis(1000), ends));
  group.spawn(wait_once(two, Millis(1000), ends));
  EXPECT_FALSE(cancellation.is_cancelled());
  cancellation.cancel();
  loop.run();
  EXPECT_EQ(ends, (std::vector{Code::cancelled, Code::cancelled}));
  group.spawn(wait_once(one, Millis(1000), ends));
  EXPECT_EQ(ends.size(), 3u);
  EXPECT_EQ(ends.back(), Code::cancelled);

  Pause late(loop, &cancellation);
  group.spawn(wait_once(late, Millis(1000), ends));
  EXPECT_EQ(ends.size(), 4u);
  EXPECT_EQ(ends.back(), Code::cancelled);
}

TEST_F(Pauses, OneThatIsCancelledAfterItsTimeWasOverSaysSo) {
  Cancellation cancellation;
  Pause pause(loop, &cancellation);
  group.spawn(wait_once(pause, Millis(1), ends));
  cancellation.cancel();
  loop.run();
  EXPECT_EQ(ends, std::vector{Code::cancelled});
}

}  // namespace
}  // namespace turnout
