#include "runtime/timer_wheel.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace turnout {
namespace {

constexpr std::uint64_t tick = TimerWheel::tick_ms;

struct Alarm : Timer {
  Alarm() : Timer([](Timer& timer) noexcept { ++static_cast<Alarm&>(timer).fired; }) {}
  int fired = 0;
};

TEST(TimerWheel, FiresOnceNeverEarlyAndAtMostOneTickLate) {
  for (std::uint64_t deadline = 1; deadline < 3 * tick; ++deadline) {
    TimerWheel wheel;
    Alarm alarm;
    wheel.set(alarm, deadline);
    wheel.advance(deadline - 1);
    EXPECT_EQ(alarm.fired, 0) << deadline;
    wheel.advance(deadline + tick - 1);
    EXPECT_EQ(alarm.fired, 1) << deadline;
    EXPECT_FALSE(alarm.is_set());
    wheel.advance(deadline + 100 * tick);
    EXPECT_EQ(alarm.fired, 1) << deadline;
  }
}

TEST(TimerWheel, ADeadlineThatMovedLaterHolds) {
  TimerWheel wheel;
  Alarm alarm;
  wheel.set(alarm, 100);
  wheel.set(alarm, 1'000);
  wheel.advance(500);
  EXPECT_EQ(alarm.fired, 0);
  wheel.advance(1'000 + tick);
  EXPECT_EQ(alarm.fired, 1);
}

TEST(TimerWheel, ADeadlineThatMovedEarlierHolds) {
  TimerWheel wheel;
  Alarm alarm;
  wheel.set(alarm, 1'000);
  wheel.set(alarm, 100);
  wheel.advance(100 + tick);
  EXPECT_EQ(alarm.fired, 1);
}

TEST(TimerWheel, OneThatIsClearedDoesNotFire) {
  TimerWheel wheel;
  Alarm alarm;
  wheel.set(alarm, 100);
  wheel.clear(alarm);
  EXPECT_FALSE(alarm.is_set());
  wheel.advance(1'000);
  EXPECT_EQ(alarm.fired, 0);
  wheel.set(alarm, 1'100);
  wheel.advance(1'100 + tick);
  EXPECT_EQ(alarm.fired, 1);
}

TEST(TimerWheel, OneThatIsDestroyedIsForgotten) {
  TimerWheel wheel;
  auto alarm = std::make_unique<Alarm>();
  wheel.set(*alarm, 100);
  alarm.reset();
  wheel.advance(1'000);
  EXPECT_FALSE(wheel.next_ms());
}

TEST(TimerWheel, LongerThanATurnOfTheWheelIsStillExact) {
  TimerWheel wheel;
  Alarm alarm;
  const std::uint64_t hour = 3'600'000;
  wheel.set(alarm, hour);
  for (std::uint64_t now = 0; now < hour; now += 977) wheel.advance(now);
  wheel.advance(hour - 1);
  EXPECT_EQ(alarm.fired, 0);
  wheel.advance(hour + tick);
  EXPECT_EQ(alarm.fired, 1);
}

// A machine that slept comes back to deadlines that are all over at once.
TEST(TimerWheel, AJumpFiresWhatItPassed) {
  TimerWheel wheel;
  std::vector<std::unique_ptr<Alarm>> alarms;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    alarms.push_back(std::make_unique<Alarm>());
    wheel.set(*alarms.back(), i * 500);
  }
  wheel.advance(10'000'000);
  for (const auto& alarm : alarms) EXPECT_EQ(alarm->fired, 1);
}

struct Renewing : Timer {
  explicit Renewing(TimerWheel& owner)
      : Timer([](Timer& timer) noexcept {
          auto& self = static_cast<Renewing&>(timer);
          ++self.fired;
          self.wheel.set(self, 0);  // over already: the next tick is the earliest
        }),
        wheel(owner) {}
  TimerWheel& wheel;
  int fired = 0;
};

TEST(TimerWheel, OneThatSetsItselfAgainDoesNotHoldTheWheelUp) {
  TimerWheel wheel;
  Renewing timer(wheel);
  wheel.set(timer, tick);
  wheel.advance(10 * tick);
  EXPECT_EQ(timer.fired, 10);
}

TEST(TimerWheel, SaysWhenItHasToBeLookedAtNext) {
  TimerWheel wheel;
  EXPECT_FALSE(wheel.next_ms());
  Alarm near;
  Alarm far;
  wheel.set(far, 5'000);
  wheel.set(near, 1'000);
  ASSERT_TRUE(wheel.next_ms());
  EXPECT_GE(*wheel.next_ms(), 1'000u);
  EXPECT_LT(*wheel.next_ms(), 1'000 + tick);
  wheel.advance(1'000 + tick);
  EXPECT_GE(wheel.next_ms(), 5'000u);
}

// Against a list that simply looks at every deadline.
TEST(TimerWheel, AgreesWithTheObviousWay) {
  std::mt19937 random(20'261'123);
  TimerWheel wheel;
  constexpr std::size_t count = 50;
  std::vector<std::unique_ptr<Alarm>> alarms;
  std::vector<std::uint64_t> deadlines(count, 0);  // 0: not set
  std::vector<int> expected(count, 0);
  for (std::size_t i = 0; i < count; ++i) alarms.push_back(std::make_unique<Alarm>());
  std::uint64_t now = 0;
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t which = random() % count;
    switch (random() % 4) {
      case 0:
        deadlines[which] = now + 1 + random() % 40'000;
        wheel.set(*alarms[which], deadlines[which]);
        break;
      case 1:
        deadlines[which] = 0;
        wheel.clear(*alarms[which]);
        break;
      default:
        now += random() % 200;
        wheel.advance(now);
        for (std::size_t i = 0; i < count; ++i) {
          const std::uint64_t due = (deadlines[i] + tick - 1) / tick * tick;
          if (deadlines[i] == 0 || due > now / tick * tick) continue;
          ++expected[i];
          deadlines[i] = 0;
        }
        for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(alarms[i]->fired, expected[i]) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace turnout
