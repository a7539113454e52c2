// Time in nanoseconds, from a clock that only goes forward.
//
//   const std::int64_t begun = now_ns();
#pragma once

#include <cstdint>
#include <ctime>

namespace turnout::bench {

inline constexpr std::int64_t second_ns = 1'000'000'000;

inline std::int64_t clock_ns(clockid_t clock) noexcept {
  timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * second_ns + time.tv_nsec;
}

inline std::int64_t now_ns() noexcept {
  return clock_ns(CLOCK_MONOTONIC);
}

}  // namespace turnout::bench
