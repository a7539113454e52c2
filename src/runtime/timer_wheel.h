// TimerWheel: the deadlines of one worker, cheap to move.
//
// A deadline that moves later (each request, each byte) is one store: the timer stays in its old slot and is
// filed again when that slot comes up. Time is given to the wheel, never taken, so tests own it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/limits.h"

namespace turnout {

struct TimerLink {
  TimerLink* previous = this;
  TimerLink* next = this;
};

class Timer : TimerLink {
 public:
  using Fire = void (*)(Timer&) noexcept;

  explicit Timer(Fire function) noexcept : fire_(function) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { unlink(); }

  bool is_set() const noexcept { return deadline_ms_ != never; }
  std::uint64_t deadline_ms() const noexcept { return deadline_ms_; }

 private:
  friend class TimerWheel;
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  void unlink() noexcept {
    previous->next = next;
    next->previous = previous;
    previous = next = this;
  }

  Fire fire_;
  std::uint64_t deadline_ms_ = never;
  std::uint32_t filed_slot_ = 0;  // where it lies; its deadline may have moved later since
};

class TimerWheel {
 public:
  /// Timers fire at the first tick at or after their deadline: up to `tick_ms` late, never early.
  static constexpr std::uint64_t tick_ms = 16;

  void set(Timer& timer, std::uint64_t deadline_ms) noexcept;
  void clear(Timer& timer) noexcept { timer.deadline_ms_ = Timer::never; }

  /// Fires everything that is due at `now_ms`, in the order of ticks. A timer is cleared before it fires.
  void advance(std::uint64_t now_ms) noexcept;

  /// When advance() has to be called next at the latest; nothing while no timer is filed.
  std::optional<std::uint64_t> next_ms() noexcept;

 private:
  static constexpr std::uint64_t slots = 1024;  // one turn is 16.4 s; longer deadlines are filed again

  static std::uint64_t tick_of(std::uint64_t ms) noexcept { return (ms + tick_ms - 1) / tick_ms; }
  void file(Timer& timer) noexcept;
  std::uint64_t filed_tick(const Timer& timer) const noexcept {
    return tick_ + 1 + (timer.filed_slot_ + slots - (tick_ + 1) % slots) % slots;
  }
  std::uint64_t nearest_tick() noexcept;  // of the slots with a timer; `nowhere` without one

  static constexpr std::uint64_t nowhere = ~std::uint64_t{0};
  std::array<TimerLink, slots> slots_;
  std::uint64_t tick_ = 0;  // everything up to and including this tick has fired
  std::uint64_t nearest_tick_ = nowhere;
  bool nearest_is_known_ = true;
};

}  // namespace turnout
