#include "proxy/upstream_pool.h"

#include <algorithm>

#include "proxy/http1_upstream.h"
#include "proxy/resting_wire.h"

namespace turnout {

/// A connection without a request.
class UpstreamPool::Idle final : public RestingWire {
 public:
  Idle(UpstreamPool& pool, const UpstreamServer& server, Wire wire)
      : RestingWire(std::move(wire), pool.options_.keep_alive_idle), pool_(pool), server_(server) {}

 private:
  void on_end() noexcept override { pool_.drop(server_, *this); }
  void on_time() noexcept override { pool_.drop(server_, *this); }

  UpstreamPool& pool_;
  const UpstreamServer& server_;
};

UpstreamPool::UpstreamPool(Worker& worker, std::shared_ptr<const Connector> connector,
                           std::shared_ptr<const Upstream> upstream, const PoolOptions& options, const Limits& limits)
    : worker_(worker), connector_(std::move(connector)), options_(options), limits_(limits) {
  // A connection that begins with the name of a client cannot be opened before there is one.
  if (options_.warm != 0 && !options_.is_private)
    warm_.emplace(worker_, connector_, std::move(upstream), options_.warm);
}

UpstreamPool::~UpstreamPool() = default;

std::size_t UpstreamPool::idle_count(const UpstreamServer& server) const noexcept {
  const auto found = idle_.find(&server);
  return found != idle_.end() ? found->second.size() : 0;
}

Task<UpstreamPool::Opened> UpstreamPool::open(const UpstreamServer& server, Purpose purpose, ConnectHow options) {
  const bool is_change = purpose == Purpose::change || purpose == Purpose::fresh_change;
  const bool is_shared = !is_change && !options_.is_private;
  const auto give_back_to = [this, &server](Wire wire) { give_back(server, std::move(wire)); };
  if (purpose == Purpose::request && is_shared) {
    if (std::optional<Wire> idle = take_idle(server)) {
      co_return std::make_unique<Http1UpstreamExchange>(std::move(*idle), limits_, true, give_back_to);
    }
  }
  if (purpose == Purpose::change && warm_) {
    if (std::optional<Wire> warm = warm_->take(server)) {
      co_return std::make_unique<Http1UpstreamExchange>(std::move(*warm), limits_, true,
                                                        Http1UpstreamExchange::GiveBack());
    }
  }
  // Whether a server of TLS would take an extended CONNECT is not known beforehand: HTTP/1.1 is sure.
  const bool may_be_http2 = !is_change || !server.tls;
  if (may_be_http2 && purpose != Purpose::fresh && !options_.is_private) {
    if (auto exchange = open_http2(server)) co_return exchange;
  }
  options.http1_only = !may_be_http2;
  auto connected = co_await connector_->connect(worker_, server, options);
  if (!connected) co_return std::unexpected(connected.error());
  if (speaks_http2(*connected, server)) co_return begin_http2(server, std::move(connected->wire));
  Http1UpstreamExchange::GiveBack nobody;
  co_return std::make_unique<Http1UpstreamExchange>(std::move(connected->wire), limits_, false,
                                                    is_shared ? give_back_to : nobody);
}

std::size_t UpstreamPool::http2_count(const UpstreamServer& server) const noexcept {
  const auto found = http2_.find(&server);
  return found != http2_.end() ? found->second.size() : 0;
}

std::unique_ptr<UpstreamExchange> UpstreamPool::open_http2(const UpstreamServer& server) {
  for (const auto& one : http2_[&server]) {
    if (one->is_shared && one->connection.can_open()) return one->connection.open();
  }
  return nullptr;
}

// One that is not shared ends with its only stream.
std::unique_ptr<UpstreamExchange> UpstreamPool::begin_http2(const UpstreamServer& server, Wire wire) {
  const bool is_shared = !options_.is_private;
  wire.stream().stay_for_long();
  auto made = std::unique_ptr<Http2>(
      new Http2{{std::move(wire), limits_, is_shared ? options_.keep_alive_idle : Millis(0)}, is_shared});
  Http2& one = *made;
  http2_[&server].push_back(std::move(made));
  auto exchange = one.connection.open();
  if (stopped_) one.connection.abort();
  http2_running_.spawn(run_http2(server, one));
  return exchange;
}

Task<void> UpstreamPool::run_http2(const UpstreamServer& server, Http2& one) {
  co_await one.connection.run();
  std::erase_if(http2_[&server], [&](const std::unique_ptr<Http2>& each) { return each.get() == &one; });
}

std::optional<Wire> UpstreamPool::take_idle(const UpstreamServer& server) {
  IdleList& idle = idle_[&server];
  while (!idle.empty()) {
    const std::unique_ptr<Idle> last = std::move(idle.back());
    idle.pop_back();
    // It may have ended in this very turn.
    if (last->wait()) return last->take();
  }
  return std::nullopt;
}

void UpstreamPool::give_back(const UpstreamServer& server, Wire wire) {
  IdleList& idle = idle_[&server];
  if (stopped_ || idle.size() >= options_.keep_alive_connections_max) return;
  auto waiting = std::make_unique<Idle>(*this, server, std::move(wire));
  if (waiting->wait()) idle.push_back(std::move(waiting));
}

void UpstreamPool::drop(const UpstreamServer& server, const Idle& idle) noexcept {
  std::erase_if(idle_[&server], [&](const std::unique_ptr<Idle>& each) { return each.get() == &idle; });
}

Task<void> UpstreamPool::stop() {
  stopped_ = true;
  idle_.clear();
  if (warm_) co_await warm_->stop();
  for (const auto& [server, all] : http2_) {
    for (const auto& one : all) one->connection.abort();
  }
  co_await http2_running_.join();
}

}  // namespace turnout
