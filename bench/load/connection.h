// A connection of the generator: connects, shakes hands where it is TLS, then reads and writes what a mode wants.
//
//   class Ping : public Connection { void on_open() override { send("ping"); } ... };
#pragma once

#include <string_view>

#include "bench/load/run.h"
#include "bench/shared/socket.h"

namespace turnout::bench {

class Connection : public Handler, public Tls::SessionTaker {
 public:
  Connection(Run& run, std::size_t number) : run_(run), number_(number) {}

  /// Connects, anew where it was open before. Loopback connections get a source address by their number.
  void open();
  void on_events(std::uint32_t events) final;
  void take_session(SslSession session) override { session_ = std::move(session); }

 protected:
  enum class State { closed, connecting, handshake, open };

  /// It is connected, and TLS is ready.
  virtual void on_open() = 0;
  /// There is something to read: receive() until readable() is false, or as far as is wanted.
  virtual void on_readable() = 0;
  /// All that send() was given has gone.
  virtual void on_sent() {}
  /// The peer has ended it, in words.
  virtual void on_end(std::string_view how) = 0;

  bool readable() const noexcept { return state_ == State::open && socket_.readable(); }
  /// 0 where there is nothing now. The end is reported by on_end(), after on_readable() has returned.
  std::size_t receive(char* buffer, std::size_t size);
  /// Takes bytes without looking at them. Not with TLS.
  std::size_t discard(std::size_t size);
  /// The bytes have to stay where they are until on_sent(); nothing else can be sent before.
  void send(std::string_view bytes);
  bool sending() const noexcept { return !unsent_.empty(); }
  void close();

  State state() const noexcept { return state_; }
  const SslSession& session() const noexcept { return session_; }
  SSL* ssl() const noexcept { return ssl_.get(); }
  /// Counts an error with this connection's number in it, and closes.
  void fail(std::string_view what);

  /// Connections of one source address; many short ones need many addresses.
  std::size_t connections_per_address_ = 16000;
  std::size_t source_number_ = 0;
  bool resumes_ = false;

  Run& run_;
  const std::size_t number_;

 private:
  void advance();
  void flush();
  void end_if_over();

  State state_ = State::closed;
  Socket socket_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  SslSession session_;
  std::string_view unsent_;
};

/// What connections read into; what is in it is used at once.
inline constexpr std::size_t read_buffer_bytes = 262144;
extern char read_buffer[read_buffer_bytes];

}  // namespace turnout::bench
