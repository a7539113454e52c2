// TcpStream: a TCP connection on an EpollLoop, or one over any other stream socket.
//
// The socket is registered once, edge-triggered, and what became ready is kept as flags: nothing is tried that the loop
// has not announced, and a read or write that did less than it was asked to clears its flag again.
//
//   Result<std::unique_ptr<TcpStream>> stream = TcpStream::adopt(loop, std::move(socket));
#pragma once

#include "base/descriptor.h"
#include "runtime/epoll_loop.h"
#include "transport/stream.h"

namespace turnout {

class TcpStream final : public Stream, private EventSource {
 public:
  /// Where a TCP connection comes from: one that was accepted has inherited its keep-alive from the listening socket.
  enum class Kind : std::uint8_t { accepted, connected, unix_socket };

  /// Takes over a non-blocking socket that is connected or about to be.
  static Result<std::unique_ptr<TcpStream>> adopt(EpollLoop& loop, Descriptor socket,
                                                  Kind kind = Kind::accepted) noexcept;
  ~TcpStream() override;

  Io try_read(MutableBytes into) noexcept override;
  Io try_write(Bytes from) noexcept override;
  void more_follows() noexcept override { more_follows_ = true; }
  void stay_for_long() noexcept override;
  Code try_close_write() noexcept override;
  Code try_close_write_last() noexcept override;
  Io try_send_file(int descriptor, std::uint64_t offset, std::size_t size) noexcept override;
  Io try_splice_in(SplicePipe& pipe, std::size_t size) noexcept override;
  Io try_splice_out(SplicePipe& pipe, std::size_t size) noexcept override;
  void abort() noexcept override;
  bool is_broken() const noexcept override { return failed_ || !socket_; }
  std::string_view name() const noexcept override { return kind_ == Kind::unix_socket ? "unix" : "tcp"; }

  /// Of a unix socket: whether the process at the other end runs as this user, or as root.
  bool is_of_this_user() const noexcept;

  /// For a socket that is about to be connected: would_block until that has succeeded or failed.
  Code try_connect() noexcept;

 private:
  TcpStream(EpollLoop& loop, Descriptor socket, Kind kind) noexcept;
  void became_ready(std::uint32_t events) noexcept;
  void close_socket() noexcept;

  EpollLoop& loop() const noexcept { return static_cast<EpollLoop&>(worker()); }

  Descriptor socket_;
  Kind kind_;
  // Bits, because a tunnel has two of these: with a byte for each flag it would be 16 bytes larger.
  bool stays_for_long_ : 1 = false;
  bool more_follows_ : 1 = false;
  bool readable_ : 1 = false;
  bool writable_ : 1 = false;
  // No further edge announces what is still unread once these were seen: the FIN's edge came with the data.
  bool ended_ : 1 = false;   // RDHUP, HUP or ERR
  bool broken_ : 1 = false;  // HUP or ERR
  bool failed_ : 1 = false;  // ERR: HUP alone is the end of both sides, behind which there may be something to read
};

}  // namespace turnout
