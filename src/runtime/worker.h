// Worker: one thread's loop without its source of events: what is ready to run, what is due, and the buffers that its
// connections share. EpollLoop adds sockets, SimLoop adds virtual time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include "base/bytes.h"
#include "base/limits.h"
#include "runtime/read_ahead.h"
#include "runtime/splice_pipe.h"
#include "runtime/task_group.h"
#include "runtime/timer_wheel.h"
#include "runtime/waiter.h"
#include "runtime/worker_local.h"

namespace turnout {

/// The buffers are a base, so that who has a pointer to them need not have one to the worker as well.
class Worker : public SharedBuffers {
 public:
  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  virtual ~Worker() = default;

  /// Milliseconds since the worker began; never goes back.
  std::uint64_t now_ms() const noexcept { return now_ms_; }
  /// Milliseconds since 1970, UTC, as the system has it.
  std::int64_t wall_ms() const noexcept { return wall_ms_; }

  TimerWheel& wheel() noexcept { return wheel_; }
  void set_timer(Timer& timer, Millis after) noexcept {
    wheel_.set(timer, now_ms_ + static_cast<std::uint64_t>(after.count()));
  }

  /// Calls the waiter in the next turn. Posting twice is posting once.
  void post(Waiter& waiter) noexcept;
  void unpost(Waiter& waiter) noexcept;

  /// Runs what was posted before the call, not what that posts in turn.
  void run_ready() noexcept;
  bool has_ready() const noexcept { return first_ != nullptr; }

  /// From any thread: runs `job` on this worker's thread.
  virtual void post_from_elsewhere(std::function<void()> job) = 0;

  SplicePipe& splice_pipe() noexcept { return splice_pipe_; }

  /// Where one answer is put together. No co_await between building in it and write().
  std::span<char> scratch() noexcept { return scratch_; }
  bool is_shared(const std::byte* data) const noexcept;

  /// Bytes that the connection that runs now may still read in this turn (D7).
  std::size_t turn_budget = 0;
  static constexpr std::size_t turn_budget_bytes = 256 * 1024;
  void begin_turn() noexcept { turn_budget = turn_budget_bytes; }

  /// What `owner` keeps on this worker; `make` gives the std::unique_ptr<T> of the first time.
  template <class T, class Make>
  T& local(const void* owner, Make make) {
    std::unique_ptr<WorkerLocal>& kept = locals_[owner];
    if (!kept) kept = make();
    return static_cast<T&>(*kept);
  }
  /// Ends them all; to be awaited when no connection is left that could ask for one.
  Task<void> stop_locals();

  /// The connections of this worker; joined when it ends.
  TaskGroup connections;

 protected:
  std::uint64_t now_ms_ = 0;
  std::int64_t wall_ms_ = 0;

 private:
  TimerWheel wheel_;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
  SplicePipe splice_pipe_;
  std::array<char, 80 * 1024> scratch_;  // four DATA frames of HTTP/2 in one write
  std::unordered_map<const void*, std::unique_ptr<WorkerLocal>> locals_;
};

}  // namespace turnout
