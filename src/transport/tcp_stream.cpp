#include "transport/tcp_stream.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <utility>

#include "transport/socket_address.h"

namespace turnout {

Result<std::unique_ptr<TcpStream>> TcpStream::adopt(EpollLoop& loop, Descriptor socket, Kind kind) noexcept {
  std::unique_ptr<TcpStream> stream(new TcpStream(loop, std::move(socket), kind));
  if (Result<void> added = loop.add(stream->socket_.get(), *stream); !added) return std::unexpected(added.error());
  return stream;
}

TcpStream::TcpStream(EpollLoop& loop, Descriptor socket, Kind kind) noexcept
    : Stream(loop, 0),
      EventSource([](EventSource& source, std::uint32_t events) noexcept {
        static_cast<TcpStream&>(source).became_ready(events);
      }),
      socket_(std::move(socket)),
      kind_(kind) {}

TcpStream::~TcpStream() {
  close_socket();
}

void TcpStream::close_socket() noexcept {
  loop().forget(*this);
  socket_.reset();
}

void TcpStream::became_ready(std::uint32_t events) noexcept {
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) broken_ = true;
  if ((events & EPOLLERR) != 0) failed_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ended_ = true;
  if ((events & EPOLLIN) != 0 || ended_) readable_ = true;
  if ((events & EPOLLOUT) != 0 || broken_) writable_ = true;

  Waiter* reader = readable_ ? take_waiter(Side::read) : nullptr;
  Waiter* writer = writable_ ? take_waiter(Side::write) : nullptr;
  if (reader != nullptr && writer != nullptr) {
    // The first one called may destroy this stream, so only one is called from here.
    worker().post(*writer);
    writer = nullptr;
  }
  wake_now(reader != nullptr ? reader : writer);
}

Io TcpStream::try_read(MutableBytes into) noexcept {
  assert(!into.empty());
  if (!socket_) return {0, Code::reset};
  if (!readable_) return {0, Code::would_block};
  while (true) {
    const ssize_t n = recv(socket_.get(), into.data(), into.size(), 0);
    if (n >= 0) {
      if (static_cast<std::size_t>(n) < into.size() && !ended_) readable_ = false;
      // An end that no event has announced yet stays readable as well.
      if (n == 0) readable_ = ended_ = true;
      return {static_cast<std::size_t>(n), Code::ok};
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return {0, Code::reset};
    readable_ = false;
    return {0, Code::would_block};
  }
}

Io TcpStream::try_write(Bytes from) noexcept {
  if (!socket_) return {0, Code::reset};
  if (!writable_) return {0, Code::would_block};
  const int flags = MSG_NOSIGNAL | (more_follows_ ? MSG_MORE : 0);
  while (true) {
    const ssize_t n = send(socket_.get(), from.data(), from.size(), flags);
    if (n >= 0) {
      more_follows_ = false;
      if (static_cast<std::size_t>(n) < from.size() && !broken_) writable_ = false;
      return {static_cast<std::size_t>(n), Code::ok};
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return {0, Code::reset};
    writable_ = false;
    return {0, Code::would_block};
  }
}

Io TcpStream::try_send_file(int descriptor, std::uint64_t offset, std::size_t size) noexcept {
  if (!socket_) return {0, Code::reset};
  if (!writable_) return {0, Code::would_block};
  auto from = static_cast<off_t>(offset);
  while (true) {
    const ssize_t n = sendfile(socket_.get(), descriptor, &from, size);
    // Less than asked for says nothing about the socket here; only EAGAIN does.
    if (n > 0) return {static_cast<std::size_t>(n), Code::ok};
    if (n == 0) return {0, Code::end};  // the file has become shorter than it was
    switch (errno) {
      case EINTR: continue;
      case EAGAIN: writable_ = false; return {0, Code::would_block};
      case EINVAL:
      case ENOSYS: return {0, Code::unsupported};
      case EIO: return {0, Code::internal};
      default: return {0, Code::reset};
    }
  }
}

Io TcpStream::try_splice_in(SplicePipe& pipe, std::size_t size) noexcept {
  if (!socket_) return {0, Code::reset};
  if (!readable_) return {0, Code::would_block};
  while (true) {
    const ssize_t n = splice(socket_.get(), nullptr, pipe.entrance(), nullptr, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (n >= 0) {
      // Less than asked for may be all that the pipe has slots for.
      return {static_cast<std::size_t>(n), Code::ok};
    }
    switch (errno) {
      case EINTR: continue;
      case EAGAIN: return {0, Code::would_block};
      case EINVAL:
      case ENOSYS: return {0, Code::unsupported};
      default: return {0, Code::reset};
    }
  }
}

Io TcpStream::try_splice_out(SplicePipe& pipe, std::size_t size) noexcept {
  if (!socket_) return {0, Code::reset};
  if (!writable_) return {0, Code::would_block};
  while (true) {
    const ssize_t n = splice(pipe.exit(), nullptr, socket_.get(), nullptr, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (n > 0) return {static_cast<std::size_t>(n), Code::ok};
    if (n == 0) return {0, Code::internal};  // there is as much in the pipe as was put in
    switch (errno) {
      case EINTR: continue;
      case EAGAIN: writable_ = false; return {0, Code::would_block};
      case EINVAL:
      case ENOSYS: return {0, Code::unsupported};
      default: return {0, Code::reset};
    }
  }
}

Code TcpStream::try_close_write() noexcept {
  if (!socket_) return Code::reset;
  return shutdown(socket_.get(), SHUT_WR) == 0 ? Code::ok : Code::reset;
}

Code TcpStream::try_close_write_last() noexcept {
  // Nothing is left to read, so close() sends FIN behind what is still to be sent, as shutdown() would.
  return is_broken() ? Code::reset : Code::ok;
}

void TcpStream::abort() noexcept {
  if (!socket_) return;
  // Closing with a linger time of zero discards what is queued and sends RST.
  const struct linger at_once{.l_onoff = 1, .l_linger = 0};
  (void)setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close_socket();
  wake_both_later();
}

void TcpStream::stay_for_long() noexcept {
  if (!socket_ || kind_ == Kind::unix_socket || stays_for_long_) return;
  stays_for_long_ = true;
  if (kind_ == Kind::accepted) {
    spread_keep_alive(socket_.get());
  } else {
    keep_alive(socket_.get());
  }
}

bool TcpStream::is_of_this_user() const noexcept {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (!socket_ || getsockopt(socket_.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  // Root may ask the server of any user.
  return peer.uid == geteuid() || peer.uid == 0 || geteuid() == 0;
}

Code TcpStream::try_connect() noexcept {
  if (!socket_) return Code::reset;
  if (!writable_) return Code::would_block;
  if (!broken_) return Code::ok;
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error == 0) return Code::ok;
  return error == ETIMEDOUT ? Code::timed_out : Code::refused;
}

}  // namespace turnout
