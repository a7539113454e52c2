// Pause: a task that waits for the time to pass, or for somebody of its own worker who wakes it before.
//
//   Pause pause(worker);
//   const Code how = co_await pause.wait(Millis(250));   // timed_out: the time is over; ok: pause.wake() was called
//
// A wake() that nobody waits for is kept for the next wait. One that is cancelled stays so.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "base/error.h"
#include "runtime/cancellation.h"
#include "runtime/worker.h"

namespace turnout {

class Pause : private Waiter {
 public:
  explicit Pause(Worker& worker, Cancellation* cancellation = nullptr) noexcept
      : Waiter([](Waiter& waiter) noexcept { static_cast<Pause&>(waiter).caller_.resume(); }),
        worker_(worker),
        limit_(*this),
        hook_(cancellation, this, [](void* self) noexcept { static_cast<Pause*>(self)->cancel(); }) {}

  void wake() noexcept { end(Code::ok); }
  void cancel() noexcept {
    cancelled_ = true;
    end(Code::cancelled);
  }

  struct Wait {
    Pause& pause;
    Millis limit;
    bool await_ready() const noexcept { return pause.cancelled_ || pause.how_.has_value(); }
    void await_suspend(std::coroutine_handle<> caller) const noexcept {
      pause.caller_ = caller;
      pause.waiting_ = true;
      pause.worker_.set_timer(pause.limit_, limit);
    }
    Code await_resume() const noexcept {
      const Code how = std::exchange(pause.how_, std::nullopt).value_or(Code::ok);
      return pause.cancelled_ ? Code::cancelled : how;
    }
  };
  Wait wait(Millis limit) noexcept { return {*this, limit}; }

 private:
  struct Limit : Timer {
    explicit Limit(Pause& owner) noexcept
        : Timer([](Timer& timer) noexcept { static_cast<Limit&>(timer).pause.end(Code::timed_out); }), pause(owner) {}
    Pause& pause;
  };

  void end(Code how) noexcept {
    if (how_) return;
    how_ = how;
    if (!std::exchange(waiting_, false)) return;
    worker_.wheel().clear(limit_);
    worker_.post(*this);
  }

  Worker& worker_;
  std::coroutine_handle<> caller_;
  std::optional<Code> how_;
  bool waiting_ = false;
  bool cancelled_ = false;
  Limit limit_;
  Cancellation::Hook hook_;
};

}  // namespace turnout
