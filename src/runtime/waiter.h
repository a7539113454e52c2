// Waiter: somebody who wants to be called once, from the loop of its own worker.
//
// Woken means "try again", never "it is done". A waiter is in one place at a time: in the slot of a stream, or
// in the ready queue of a worker, or nowhere.
#pragma once

namespace turnout {

struct Waiter {
  using Fire = void (*)(Waiter&) noexcept;

  explicit Waiter(Fire function) noexcept : fire(function) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  bool is_posted() const noexcept { return next != this; }

  Fire fire;
  Waiter* next = this;  // itself: not in a ready queue
};

}  // namespace turnout
