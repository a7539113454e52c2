// Upstream: the servers behind a route, and which of them is next. Immutable and shared by all workers, but for what is
// known about each server.
//
//   std::vector<const UpstreamServerState*> tried;
//   std::optional<UpstreamLease> lease = upstream.pick(worker.wall_ms(), tried);
//   if (!lease) ...                            // 503: every server is down, or was tried for this request
//   connect(lease->server()) ...               // failed: lease->state().failed(now); tried.push_back(&lease->state())
//   tunnel.keep(std::move(*lease));            // counts until it is dropped
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "proxy/upstream_server.h"

namespace turnout {

/// A server for one request or tunnel, counted as long as it is held.
class UpstreamLease {
 public:
  UpstreamLease(UpstreamLease&& other) noexcept = default;
  UpstreamLease& operator=(UpstreamLease&& other) noexcept {
    server_.swap(other.server_);
    state_.swap(other.state_);
    return *this;
  }
  ~UpstreamLease() {
    if (state_) state_->open_.fetch_sub(1, std::memory_order_relaxed);
  }

  const UpstreamServer& server() const noexcept { return *server_; }
  UpstreamServerState& state() const noexcept { return *state_; }

 private:
  friend class Upstream;
  UpstreamLease(std::shared_ptr<const UpstreamServer> server, std::shared_ptr<UpstreamServerState> state) noexcept
      : server_(std::move(server)), state_(std::move(state)) {
    state_->open_.fetch_add(1, std::memory_order_relaxed);
  }

  std::shared_ptr<const UpstreamServer> server_;
  std::shared_ptr<UpstreamServerState> state_;
};

struct HealthCheck {
  std::string path;
  Millis interval{5'000};
  Millis timeout{2'000};
  std::optional<int> status;  // what a healthy server answers; any 2xx or 3xx unless it is given
};

struct UpstreamOptions {
  enum class Balance : std::uint8_t { round_robin, least_connections, random_two };

  std::string name;
  std::vector<UpstreamServer> servers;
  Balance balance = Balance::round_robin;
  std::optional<HealthCheck> health;
  std::uint32_t fails_max = 3;  // see UpstreamServerState
  Millis fail_timeout{10'000};
};

class Upstream {
 public:
  using Balance = UpstreamOptions::Balance;

  struct Server {
    std::shared_ptr<const UpstreamServer> server;
    std::shared_ptr<UpstreamServerState> state;
  };

  /// `before` is what had this name before a reload, or null: servers of the same name keep what is known about them,
  /// and their tunnels. remove_others() ends those of the others, once the new one is in use.
  explicit Upstream(UpstreamOptions options, const Upstream* before = nullptr);

  const std::string& name() const noexcept { return options_.name; }
  const UpstreamOptions& options() const noexcept { return options_; }
  std::span<const Server> servers() const noexcept { return servers_; }

  /// The next server that is up and not among `tried`. One that is avoided because of its failures is taken only where
  /// there is no other.
  std::optional<UpstreamLease> pick(std::int64_t now_ms, std::span<const UpstreamServerState* const> tried = {}) const;

  /// Servers of this upstream that `after` does not have, null for none at all, are removed: their tunnels end.
  void remove_others(const Upstream* after) const;

 private:
  using Candidates = std::vector<const Server*>;
  /// What is known about the server of that name, unless it is taken.
  std::shared_ptr<UpstreamServerState> known(const std::string& name, std::span<const Server> taken) const noexcept;
  const Server& choose(const Candidates& candidates) const noexcept;
  /// Among many servers the first that may be used, without a look at all of them; null where that finds none.
  const Server* pick_quickly(std::int64_t now_ms, std::span<const UpstreamServerState* const> tried) const noexcept;
  static UpstreamLease lease(const Server& chosen, std::int64_t now_ms);

  static constexpr std::size_t compared_max = 16;  // so few servers are all looked at for each request

  UpstreamOptions options_;
  std::vector<Server> servers_;
  mutable std::atomic<std::uint32_t> turn_ = 0;  // of round robin; elsewhere it breaks ties
};

}  // namespace turnout
