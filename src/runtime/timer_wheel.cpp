#include "runtime/timer_wheel.h"

#include <algorithm>

namespace turnout {

void TimerWheel::set(Timer& timer, std::uint64_t deadline_ms) noexcept {
  const bool linked = timer.next != &timer;
  timer.deadline_ms_ = deadline_ms;
  // Later than filed: the slot that comes up first will file it again.
  if (linked && tick_of(deadline_ms) >= filed_tick(timer)) return;
  file(timer);
}

void TimerWheel::file(Timer& timer) noexcept {
  timer.unlink();
  const std::uint64_t due = std::max(tick_of(timer.deadline_ms_), tick_ + 1);
  // Further away than one turn: look at it again at the end of the turn.
  const std::uint64_t tick = std::min(due, tick_ + slots - 1);
  timer.filed_slot_ = static_cast<std::uint32_t>(tick % slots);
  TimerLink& slot = slots_[timer.filed_slot_];
  timer.previous = slot.previous;
  timer.next = &slot;
  slot.previous->next = &timer;
  slot.previous = &timer;
  if (nearest_is_known_) nearest_tick_ = std::min(nearest_tick_, tick);
}

void TimerWheel::advance(std::uint64_t now_ms) noexcept {
  const std::uint64_t now_tick = now_ms / tick_ms;
  while (tick_ < now_tick) {
    if (nearest_tick() > now_tick) {
      tick_ = now_tick;
      return;
    }
    tick_ = nearest_tick();
    nearest_is_known_ = false;
    TimerLink& slot = slots_[tick_ % slots];
    while (slot.next != &slot) {
      auto& timer = static_cast<Timer&>(*slot.next);
      timer.unlink();
      if (timer.deadline_ms_ == Timer::never) continue;
      if (tick_of(timer.deadline_ms_) > tick_) {
        file(timer);
        continue;
      }
      timer.deadline_ms_ = Timer::never;
      timer.fire_(timer);
    }
  }
}

std::uint64_t TimerWheel::nearest_tick() noexcept {
  if (nearest_is_known_ && nearest_tick_ > tick_) return nearest_tick_;
  nearest_tick_ = nowhere;
  nearest_is_known_ = true;
  for (std::uint64_t step = 1; step < slots; ++step) {
    const TimerLink& slot = slots_[(tick_ + step) % slots];
    if (slot.next != &slot) {
      nearest_tick_ = tick_ + step;
      break;
    }
  }
  return nearest_tick_;
}

std::optional<std::uint64_t> TimerWheel::next_ms() noexcept {
  const std::uint64_t tick = nearest_tick();
  if (tick == nowhere) return std::nullopt;
  return tick * tick_ms;
}

}  // namespace turnout
