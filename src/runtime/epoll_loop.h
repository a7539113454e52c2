// EpollLoop: a worker that waits for sockets, edge-triggered.
//
// A descriptor is registered once, for both directions. The loop only tells its source what became ready; the source
// keeps that as flags and nothing is tried speculatively.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <vector>

#include <sys/epoll.h>

#include "base/error.h"
#include "runtime/worker.h"

namespace turnout {

/// Something with a descriptor. `on_events` may destroy any source, itself included.
struct EventSource {
  using OnEvents = void (*)(EventSource&, std::uint32_t events) noexcept;
  explicit EventSource(OnEvents function) noexcept : on_events(function) {}
  OnEvents on_events;
};

class EpollLoop : public Worker {
 public:
  EpollLoop();
  ~EpollLoop() override;

  Result<void> add(int descriptor, EventSource& source) noexcept;
  /// For the sockets of a library that expects to be told as long as there is something to do, and of nothing else:
  /// level-triggered, EPOLLIN and EPOLLOUT as given. Again for the same descriptor: that is what it is told from now
  /// on.
  Result<void> watch(int descriptor, EventSource& source, std::uint32_t events) noexcept;
  /// To be called before a source goes away, also where its descriptor is closed right after.
  void forget(EventSource& source) noexcept;

  /// Runs until stop().
  void run() noexcept;
  void stop() noexcept { stopped_ = true; }

  /// Called at the end of each turn, before the loop waits.
  std::function<void()> at_turn_end;

  void post_from_elsewhere(std::function<void()> job) override;

 private:
  struct WakeSource : EventSource {
    explicit WakeSource(EpollLoop& owner) noexcept;
    EpollLoop& loop;
  };
  void update_clock() noexcept;
  void run_jobs() noexcept;

  int epoll_ = -1;
  int wake_ = -1;
  WakeSource wake_source_;
  bool stopped_ = false;
  std::uint64_t epoch_ms_ = 0;

  std::array<epoll_event, 256> events_;
  int events_count_ = 0;
  int events_next_ = 0;

  std::mutex jobs_mutex_;
  std::vector<std::function<void()>> jobs_;
};

}  // namespace turnout
