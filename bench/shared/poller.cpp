#include "bench/shared/poller.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "bench/shared/clock.h"

namespace turnout::bench {

Poller::Poller() : fd_(epoll_create1(EPOLL_CLOEXEC)) {
  if (fd_ < 0) {
    std::perror("epoll_create1");
    std::exit(1);
  }
}

Poller::~Poller() {
  close(fd_);
}

void Poller::add(int fd, Handler& handler, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.ptr = &handler}};
  if (epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) != 0) {
    std::perror("epoll_ctl");
    std::exit(1);
  }
}

void Poller::forget(Handler& handler) {
  handler.forgotten_ = true;
  std::erase(again_, &handler);
}

void Poller::discard(Handler* handler) {
  if (handler->forgotten_) return;
  forget(*handler);
  discarded_.emplace_back(handler);
}

void Poller::wait(std::int64_t timeout_ns) {
  if (!again_.empty()) timeout_ns = 0;
  timespec timeout{.tv_sec = timeout_ns / second_ns, .tv_nsec = timeout_ns % second_ns};
  const int count =
      epoll_pwait2(fd_, events_.data(), static_cast<int>(events_.size()), timeout_ns < 0 ? nullptr : &timeout, nullptr);
  calling_.swap(again_);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    auto* handler = static_cast<Handler*>(event.data.ptr);
    if (!handler->forgotten_) handler->on_events(event.events);
  }
  for (Handler* handler : calling_) {
    if (!handler->forgotten_) handler->on_events(0);
  }
  calling_.clear();
  discarded_.clear();
}

}  // namespace turnout::bench
