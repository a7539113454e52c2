// Edge-triggered epoll for one thread. A handler is added once with everything it may want to hear.
//
//   Poller poller;
//   poller.add(fd, *this);
//   while (true) poller.wait(-1);
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace turnout::bench {

class Handler {
 public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;

  /// The events of epoll; 0 where the handler itself asked to be called again.
  virtual void on_events(std::uint32_t events) = 0;

 private:
  friend class Poller;
  bool forgotten_ = false;
};

class Poller {
 public:
  static constexpr std::uint32_t everything = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

  Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  ~Poller();

  void add(int fd, Handler& handler, std::uint32_t events = everything);
  /// Calls the handler in the next round: it stopped in the middle, so that others get their turn.
  void again(Handler& handler) { again_.push_back(&handler); }
  /// The handler has closed its socket: it is not called any more, and has to live to the end of this round.
  void forget(Handler& handler);
  /// Forgets a handler, and deletes it after this round.
  void discard(Handler* handler);
  /// One round. Waits for at most so long; -1 is for ever.
  void wait(std::int64_t timeout_ns);

 private:
  int fd_;
  std::array<epoll_event, 512> events_;
  std::vector<Handler*> again_;
  std::vector<Handler*> calling_;
  std::vector<std::unique_ptr<Handler>> discarded_;
};

}  // namespace turnout::bench
