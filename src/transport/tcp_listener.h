// TcpListener: accepts TCP connections on an EpollLoop.
//
// Each worker has a listening socket of its own for the same address (SO_REUSEPORT), so the kernel spreads connections
// and workers share nothing. The sockets are opened before the workers start, and each worker then takes its own:
//
//   auto sockets = open_listening_sockets(address, workers);      // all on the same port, also where that was 0
//   TcpListener listener(loop, std::move((*sockets)[i]), [](std::unique_ptr<TcpStream> stream, ...) { ... });
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <vector>

#include "base/address.h"
#include "base/descriptor.h"
#include "transport/tcp_stream.h"

namespace turnout {

/// `count` sockets that listen on the same address; without one, the errno of what failed. Where somebody else listens
/// there already it fails, also if that is another Turnout.
std::expected<std::vector<Descriptor>, int> open_listening_sockets(const Address& address, std::size_t count);

class TcpListener final : private EventSource {
 public:
  using Accepted = std::function<void(std::unique_ptr<TcpStream> stream, const Address& remote, const Address& local)>;

  /// How many connections are accepted before other sockets get their turn.
  static constexpr int accepts_per_turn_max = 64;
  /// How long nothing is accepted after the system had no descriptor or memory left for a connection.
  static constexpr Millis pause{100};

  TcpListener(EpollLoop& loop, Descriptor socket, Accepted accepted);
  ~TcpListener();
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

  const Address& address() const noexcept { return address_; }

  /// Accepts what waits already, then stops listening: nobody who got a connection loses it.
  void close() noexcept;

  std::uint64_t accepted_count() const noexcept { return accepted_count_; }
  std::uint64_t pauses_count() const noexcept { return pauses_count_; }
  /// Called with the errno when a pause begins.
  std::function<void(int error)> on_pause;

 private:
  struct Again : Waiter {
    explicit Again(TcpListener& owner) noexcept;
    TcpListener& listener;
  };
  struct Retry : Timer {
    explicit Retry(TcpListener& owner) noexcept;
    TcpListener& listener;
  };
  enum class Attempt : std::uint8_t { accepted, drained, exhausted };

  void accept_some() noexcept;
  Attempt accept_one();

  EpollLoop& loop_;
  Descriptor socket_;
  Accepted accepted_;
  Address address_;
  Again again_;
  Retry retry_;
  std::uint64_t accepted_count_ = 0;
  std::uint64_t pauses_count_ = 0;
};

}  // namespace turnout
