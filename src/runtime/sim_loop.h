// SimLoop: a worker in virtual time, for tests: nothing sleeps, and nothing happens that the test did not cause.
//
//   SimLoop loop;
//   loop.run();                    // until nothing is ready
//   loop.advance(Millis(10'000));  // ten seconds pass, timers fire in order
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "runtime/worker.h"

namespace turnout {

class SimLoop : public Worker {
 public:
  explicit SimLoop(std::int64_t wall_ms_at_start = 1'790'000'000'000) : jobs_waiter_(*this) {
    wall_ms_ = wall_ms_at_start;
    now_ms_ = 1;
  }

  void run() noexcept {
    while (has_ready()) run_ready();
  }

  void advance(Millis duration) noexcept {
    run();
    const std::uint64_t until = now_ms_ + static_cast<std::uint64_t>(duration.count());
    while (true) {
      const std::optional<std::uint64_t> next = wheel().next_ms();
      if (!next || *next > until) break;
      move_to(*next);
      wheel().advance(now_ms_);
      run();
    }
    move_to(until);
    wheel().advance(now_ms_);
    run();
  }

  /// From the test's own thread only.
  void post_from_elsewhere(std::function<void()> job) override {
    jobs_.push_back(std::move(job));
    post(jobs_waiter_);
  }

 private:
  struct Jobs : Waiter {
    explicit Jobs(SimLoop& owner) noexcept
        : Waiter([](Waiter& waiter) noexcept { static_cast<Jobs&>(waiter).loop.run_jobs(); }), loop(owner) {}
    SimLoop& loop;
  };

  void run_jobs() noexcept {
    for (const auto& job : std::exchange(jobs_, {})) job();
  }

  void move_to(std::uint64_t now) noexcept {
    if (now <= now_ms_) return;
    wall_ms_ += static_cast<std::int64_t>(now - now_ms_);
    now_ms_ = now;
  }

  Jobs jobs_waiter_;
  std::vector<std::function<void()>> jobs_;
};

}  // namespace turnout
