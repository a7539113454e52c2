// UpstreamPool: the connections of one worker to the servers of one upstream: those of HTTP/1.1 that wait for a
// request, and those of HTTP/2 that many requests share.
//
//   std::optional<UpstreamLease> lease = upstream.pick(worker.wall_ms(), tried);
//   UpstreamPool::Opened exchange = co_await pool.open(lease->server(), UpstreamPool::Purpose::request, options);
#pragma once

#include <expected>
#include <memory>
#include <unordered_map>
#include <vector>

#include "proxy/connector.h"
#include "proxy/http2_upstream.h"
#include "proxy/upstream.h"
#include "proxy/upstream_exchange.h"
#include "proxy/warm_connections.h"
#include "runtime/worker.h"

namespace turnout {

struct PoolOptions {
  Millis keep_alive_idle{60'000};               // of a connection that waits for a request
  std::size_t keep_alive_connections_max = 64;  // of those, for each server and worker
  std::size_t warm = 0;                         // opened ahead of need for switches, for each server and worker
  bool is_private = false;                      // no connection serves two clients: it begins with the name of one
};

class UpstreamPool final : public WorkerLocal {
 public:
  enum class Purpose : std::uint8_t {
    request,       // any connection will do
    fresh,         // one that nobody has used: the last one had become old
    change,        // law L2: one that nobody has used, and that nobody will use again
    fresh_change,  // and that was not opened ahead of need: the last one had become old
  };
  using Opened = std::expected<std::unique_ptr<UpstreamExchange>, ConnectError>;

  /// `upstream`: whose servers are kept warm.
  UpstreamPool(Worker& worker, std::shared_ptr<const Connector> connector, std::shared_ptr<const Upstream> upstream,
               const PoolOptions& options, const Limits& limits);
  ~UpstreamPool() override;

  Task<Opened> open(const UpstreamServer& server, Purpose purpose, ConnectHow options);

  Task<void> stop() override;

  std::size_t idle_count(const UpstreamServer& server) const noexcept;
  /// Connections of HTTP/2.
  std::size_t http2_count(const UpstreamServer& server) const noexcept;

 private:
  class Idle;
  // Of one server, the one that was used last is the last. Servers live as long as the configuration that names them.
  using IdleList = std::vector<std::unique_ptr<Idle>>;

  struct Http2 {
    Http2UpstreamConnection connection;
    bool is_shared;
  };
  using Http2List = std::vector<std::unique_ptr<Http2>>;

  std::unique_ptr<UpstreamExchange> open_http2(const UpstreamServer& server);
  std::unique_ptr<UpstreamExchange> begin_http2(const UpstreamServer& server, Wire wire);
  Task<void> run_http2(const UpstreamServer& server, Http2& one);

  std::optional<Wire> take_idle(const UpstreamServer& server);
  void give_back(const UpstreamServer& server, Wire wire);
  void drop(const UpstreamServer& server, const Idle& idle) noexcept;

  Worker& worker_;
  std::shared_ptr<const Connector> connector_;
  const PoolOptions options_;
  const Limits limits_;
  std::optional<WarmConnections> warm_;
  std::unordered_map<const UpstreamServer*, IdleList> idle_;
  std::unordered_map<const UpstreamServer*, Http2List> http2_;
  TaskGroup http2_running_;
  bool stopped_ = false;
};

}  // namespace turnout
