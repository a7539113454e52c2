// UpstreamServer: where one backend is and what it speaks; UpstreamServerState: what all workers know about it.
//
//   UpstreamServerState& state = lease.state();
//   state.failed(worker.wall_ms());                          // no connection, or no answer
//   UpstreamServerState::Watch watch(state, worker, this, on_down);   // a tunnel that is to end when the server does
//
// Times are those of Worker::wall_ms(), the one clock that all workers share. It may jump: nothing is believed to lie
// further ahead than it could.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/limits.h"
#include "codec/tls/client_context.h"
#include "runtime/worker.h"

namespace turnout {

struct UpstreamServer {
  enum class Speaks : std::uint8_t { http1, http2 };
  /// The PROXY header in front of everything: none, or of this version.
  enum class ProxyHeader : std::uint8_t { none, v1, v2 };

  std::string name{};  // as the operator wrote it: for the log, and the same server has the same one after a reload
  // What it speaks without any negotiation. Inside TLS that is HTTP/1.1, unless ALPN chooses HTTP/2.
  Speaks speaks = Speaks::http1;
  std::string host{};  // a name or an IP address without brackets; empty for a unix socket
  std::uint16_t port = 0;
  std::string unix_path{};                        // empty: TCP
  std::shared_ptr<const TlsClientContext> tls{};  // null: in the clear
  std::string tls_name{};                         // verified, and sent as SNI; empty: the host
  std::shared_ptr<TlsSessionSlot> tls_session{};  // null: no session is resumed
  ProxyHeader proxy_header = ProxyHeader::none;

  bool is_unix() const noexcept { return !unix_path.empty(); }
};

/// As Host and :authority have it: the port only where it is not the scheme's own (RFC 9110 section 4.2).
std::string authority_of(const UpstreamServer& server);

class UpstreamServerState : public std::enable_shared_from_this<UpstreamServerState> {
 public:
  class Watch;

  explicit UpstreamServerState(std::string name) : name_(std::move(name)) {}

  const std::string& name() const noexcept { return name_; }

  /// After `fails_max` failures in a row it is avoided for `fail_timeout`; 0 never avoids it.
  void set_policy(std::uint32_t fails_max, Millis fail_timeout) noexcept;

  /// Requests and tunnels that run on it.
  std::uint32_t open() const noexcept { return open_.load(std::memory_order_relaxed); }

  /// What became of a connection or request; a success forgets the failures before.
  void succeeded() noexcept;
  void failed(std::int64_t now_ms) noexcept;
  /// Avoided because of what failed (passive health).
  bool is_marked(std::int64_t now_ms) const noexcept;

  /// Active health, and whether it is still configured. One that turns down ends what watches it.
  enum class Health : std::uint8_t { up, down, removed };
  Health health() const noexcept { return health_.load(std::memory_order_acquire); }
  bool is_up() const noexcept { return health() == Health::up; }
  /// True where that is a change. One that is removed stays so.
  bool set_health(Health health);

 private:
  friend class UpstreamLease;
  friend class Upstream;

  struct Watchers {
    Worker* worker;
    Watch* first;
  };

  bool has_failed_too_often() const noexcept;
  void avoid(std::int64_t now_ms) noexcept;
  /// The one who is sent to a server whose time is over finds out for all.
  void begin_trial(std::int64_t now_ms) noexcept;
  void ring(Worker& worker) noexcept;

  const std::string name_;
  std::atomic<std::uint32_t> fails_max_ = 3;
  std::atomic<std::int64_t> fail_timeout_ms_ = 10'000;
  std::atomic<std::uint32_t> open_ = 0;
  std::atomic<std::uint32_t> failures_ = 0;
  std::atomic<std::int64_t> avoided_until_ms_ = 0;
  std::atomic<Health> health_ = Health::up;

  std::mutex watchers_mutex_;
  std::vector<Watchers> watchers_;
};

/// Belongs to one worker, and goes away before the state. `on_down` is called once, on its thread, from the loop: when
/// the server turns down, or at once in the next turn where it is down already. It may destroy any watch.
class UpstreamServerState::Watch {
 public:
  using OnDown = void (*)(void* target, Health health) noexcept;

  Watch(UpstreamServerState& state, Worker& worker, void* target, OnDown on_down);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  Worker& worker() const noexcept { return worker_; }

 private:
  friend class UpstreamServerState;
  void unlink() noexcept;  // under the mutex

  UpstreamServerState& state_;
  Worker& worker_;
  void* const target_;
  const OnDown on_down_;
  Watch* next_ = nullptr;
  Watch* previous_ = nullptr;
  bool linked_ = true;
};

}  // namespace turnout
