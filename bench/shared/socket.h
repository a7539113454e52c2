// A socket that remembers what edge-triggered epoll said of it, so that no system call is made in vain: a read that
// fills less than the buffer has emptied the socket, unless its end was announced; a write that is cut short has filled
// it.
//
//   socket.note(events);
//   while (socket.readable()) { const std::size_t count = socket.receive(buffer, sizeof buffer); ... }
#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace turnout::bench {

class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) noexcept : fd_(fd) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(); }

  int fd() const noexcept { return fd_; }
  bool readable() const noexcept { return readable_; }
  bool writable() const noexcept { return writable_; }
  /// The peer has sent its end, and that was read.
  bool ended() const noexcept { return ended_; }
  /// What went wrong, or 0.
  int error() const noexcept { return error_; }

  void note(std::uint32_t events) noexcept {
    if (events & EPOLLIN) readable_ = true;
    if (events & EPOLLOUT) writable_ = true;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) readable_ = end_announced_ = true;
  }

  /// 0 where there is nothing now: at the end (ended), after a failure (error) or until the next event.
  std::size_t receive(void* buffer, std::size_t size, int flags = 0) noexcept {
    const ssize_t count = ::recv(fd_, buffer, size, flags);
    if (count > 0) {
      readable_ = end_announced_ || static_cast<std::size_t>(count) == size;
      return static_cast<std::size_t>(count);
    }
    readable_ = false;
    if (count == 0) {
      ended_ = true;
    } else if (errno != EAGAIN && errno != EINTR) {
      error_ = errno;
    }
    return 0;
  }

  std::size_t send(const void* bytes, std::size_t size) noexcept {
    const ssize_t count = ::send(fd_, bytes, size, MSG_NOSIGNAL);
    if (count < 0) {
      writable_ = false;
      if (errno != EAGAIN && errno != EINTR) error_ = errno;
      return 0;
    }
    writable_ = static_cast<std::size_t>(count) == size;
    return static_cast<std::size_t>(count);
  }

  void set_readable(bool readable) noexcept { readable_ = readable; }
  void set_writable(bool writable) noexcept { writable_ = writable; }
  void set_ended() noexcept { ended_ = true; }
  void set_error(int error) noexcept { error_ = error; }

  /// Closes what is open, and begins anew with another one.
  void reset(int fd) noexcept {
    close();
    fd_ = fd;
    readable_ = writable_ = end_announced_ = ended_ = false;
    error_ = 0;
  }

  void close() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
  bool readable_ = false;
  bool writable_ = false;
  bool end_announced_ = false;
  bool ended_ = false;
  int error_ = 0;
};

}  // namespace turnout::bench
