#include "runtime/epoll_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>

namespace turnout {
namespace {

std::uint64_t read_clock_ms(clockid_t clock) noexcept {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1000 + static_cast<std::uint64_t>(time.tv_nsec) / 1'000'000;
}

}  // namespace

EpollLoop::WakeSource::WakeSource(EpollLoop& owner) noexcept
    : EventSource(
          [](EventSource& source, std::uint32_t) noexcept { static_cast<WakeSource&>(source).loop.run_jobs(); }),
      loop(owner) {}

EpollLoop::EpollLoop() : wake_source_(*this) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (epoll_ < 0 || wake_ < 0 || !add(wake_, wake_source_)) {
    std::perror("turnout: cannot make an event loop");
    std::abort();
  }
  epoch_ms_ = read_clock_ms(CLOCK_MONOTONIC_COARSE);
  update_clock();
}

EpollLoop::~EpollLoop() {
  close(wake_);
  close(epoll_);
}

Result<void> EpollLoop::add(int descriptor, EventSource& source) noexcept {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &source;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) return fail(Code::refused, Source::internal);
  return {};
}

Result<void> EpollLoop::watch(int descriptor, EventSource& source, std::uint32_t events) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &source;
  if (epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event) == 0) return {};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0) return {};
  return fail(Code::refused, Source::internal);
}

void EpollLoop::forget(EventSource& source) noexcept {
  for (int i = events_next_; i < events_count_; ++i) {
    auto& event = events_[static_cast<std::size_t>(i)];
    if (event.data.ptr == &source) event.data.ptr = nullptr;
  }
}

void EpollLoop::update_clock() noexcept {
  now_ms_ = read_clock_ms(CLOCK_MONOTONIC_COARSE) - epoch_ms_ + 1;
  wall_ms_ = static_cast<std::int64_t>(read_clock_ms(CLOCK_REALTIME_COARSE));
}

void EpollLoop::run() noexcept {
  while (!stopped_) {
    if (at_turn_end) at_turn_end();
    if (stopped_) break;
    int timeout_ms = -1;
    if (has_ready()) {
      timeout_ms = 0;
    } else if (const auto next = wheel().next_ms(); next) {
      // One more than the difference: the coarse clock may lag by a tick and would wake us for nothing.
      timeout_ms = *next <= now_ms_ ? 0 : static_cast<int>(std::min<std::uint64_t>(*next - now_ms_, 60'000)) + 1;
    }
    events_count_ = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), timeout_ms);
    update_clock();
    for (events_next_ = 0; events_next_ < events_count_;) {
      const epoll_event event = events_[static_cast<std::size_t>(events_next_++)];
      if (event.data.ptr == nullptr) continue;  // its source went away in this turn
      auto& source = *static_cast<EventSource*>(event.data.ptr);
      begin_turn();
      source.on_events(source, event.events);
    }
    events_count_ = events_next_ = 0;
    wheel().advance(now_ms_);
    run_ready();
  }
  stopped_ = false;  // for whoever runs it once more
}

void EpollLoop::post_from_elsewhere(std::function<void()> job) {
  {
    const std::lock_guard lock(jobs_mutex_);
    jobs_.push_back(std::move(job));
  }
  const std::uint64_t one = 1;
  (void)!write(wake_, &one, sizeof one);
}

void EpollLoop::run_jobs() noexcept {
  std::uint64_t count = 0;
  (void)!read(wake_, &count, sizeof count);
  std::vector<std::function<void()>> jobs;
  {
    const std::lock_guard lock(jobs_mutex_);
    jobs.swap(jobs_);
  }
  for (auto& job : jobs) job();
}

}  // namespace turnout
