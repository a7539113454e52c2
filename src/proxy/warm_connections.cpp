#include "proxy/warm_connections.h"

#include <algorithm>

#include "proxy/resting_wire.h"

namespace turnout {

/// A connection that nobody needs yet.
class WarmConnections::Waiting final : public RestingWire {
 public:
  Waiting(Kept& kept, Worker& worker, Wire wire)
      : RestingWire(std::move(wire), age_max), kept_(kept), worker_(worker), began_ms_(worker.now_ms()) {}

  bool is_old() const noexcept { return is_over_time(); }
  Millis age() const noexcept { return Millis(worker_.now_ms() - began_ms_); }

 private:
  void on_end() noexcept override;
  void on_time() noexcept override;

  Kept& kept_;
  Worker& worker_;
  const std::uint64_t began_ms_;
};

/// The connections to one server.
class WarmConnections::Kept {
 public:
  Kept(WarmConnections& all, const Upstream::Server& server) : all_(all), server_(server), retry_(*this) {}

  const UpstreamServer* server() const noexcept { return server_.server.get(); }
  std::size_t ready() const noexcept { return ready_.size(); }

  void fill();
  std::optional<Wire> take();
  void stop() noexcept {
    all_.worker_.wheel().clear(retry_);
    watch_.reset();
    ready_.clear();
  }

  /// Its server has ended it, or broken the silence.
  void ended(const Waiting& one) noexcept;
  /// It has become old; until another one has taken its place it stays.
  void aged() noexcept { fill(); }

 private:
  struct Retry : Timer {
    explicit Retry(Kept& owner) noexcept
        : Timer([](Timer& timer) noexcept { static_cast<Retry&>(timer).kept.fill(); }), kept(owner) {}
    Kept& kept;
  };

  bool may_open() const noexcept { return server_.state->is_up() && !server_.state->is_marked(all_.worker_.wall_ms()); }
  Task<void> open_one();
  void leave_alone() noexcept;
  static void on_down(void* target, UpstreamServerState::Health health) noexcept;

  WarmConnections& all_;
  const Upstream::Server& server_;
  std::vector<std::unique_ptr<Waiting>> ready_;  // the oldest first
  std::size_t opening_ = 0;
  Millis back_off_ = back_off_min;
  Retry retry_;
  std::optional<UpstreamServerState::Watch> watch_;
};

void WarmConnections::Waiting::on_end() noexcept {
  kept_.ended(*this);
}

void WarmConnections::Waiting::on_time() noexcept {
  kept_.aged();
}

void WarmConnections::Kept::fill() {
  if (all_.cancellation_.is_cancelled() || retry_.is_set()) return;
  if (!may_open()) {
    // What is avoided gets nothing new; what is down is not held on to either.
    if (!server_.state->is_up()) ready_.clear();
    if (server_.state->health() != UpstreamServerState::Health::removed) all_.worker_.set_timer(retry_, back_off_min);
    return;
  }
  if (!watch_) watch_.emplace(*server_.state, all_.worker_, this, &on_down);
  const auto young =
      static_cast<std::size_t>(std::ranges::count_if(ready_, [](const auto& one) { return !one->is_old(); }));
  for (std::size_t n = young + opening_; n < all_.count_ && !retry_.is_set(); ++n) all_.opening_.spawn(open_one());
}

Task<void> WarmConnections::Kept::open_one() {
  ++opening_;
  auto connected = co_await all_.connector_->connect(all_.worker_, *server_.server,
                                                     {.http1_only = true, .cancellation = &all_.cancellation_});
  --opening_;
  if (all_.cancellation_.is_cancelled()) co_return;
  if (!connected) {
    leave_alone();
    co_return;
  }
  auto one = std::make_unique<Waiting>(*this, all_.worker_, std::move(connected->wire));
  if (!one->wait()) {
    leave_alone();
    co_return;
  }
  ready_.push_back(std::move(one));
  if (ready_.front()->is_old()) ready_.erase(ready_.begin());
}

std::optional<Wire> WarmConnections::Kept::take() {
  std::optional<Wire> wire;
  while (!ready_.empty() && !wire) {
    const std::unique_ptr<Waiting> last = std::move(ready_.back());
    ready_.pop_back();
    // It may have ended in this very turn.
    if (last->wait()) wire = last->take();
  }
  // What it is for goes through, so it is worth the trouble again.
  if (wire) back_off_ = back_off_min;
  fill();
  return wire;
}

void WarmConnections::Kept::on_down(void* target, UpstreamServerState::Health /*health*/) noexcept {
  auto& kept = *static_cast<Kept*>(target);
  kept.watch_.reset();
  kept.all_.worker_.wheel().clear(kept.retry_);
  kept.fill();
}

void WarmConnections::Kept::ended(const Waiting& one) noexcept {
  // One that lasted longer than the server was left alone for says nothing against it: servers close what is silent.
  if (one.age() > back_off_) back_off_ = back_off_min;
  std::erase_if(ready_, [&](const auto& each) { return each.get() == &one; });
  leave_alone();
}

// Several that fail together are one failure.
void WarmConnections::Kept::leave_alone() noexcept {
  if (retry_.is_set()) return;
  all_.worker_.set_timer(retry_, back_off_);
  back_off_ = std::min(2 * back_off_, back_off_max);
}

WarmConnections::WarmConnections(Worker& worker, std::shared_ptr<const Connector> connector,
                                 std::shared_ptr<const Upstream> upstream, std::size_t count)
    : worker_(worker), connector_(std::move(connector)), upstream_(std::move(upstream)), count_(count) {
  for (const Upstream::Server& server : upstream_->servers()) {
    // A switch towards a server that speaks HTTP/2 in the clear is a stream of a connection that it shares.
    const bool is_http2 = !server.server->tls && server.server->speaks == UpstreamServer::Speaks::http2;
    if (!is_http2) servers_.emplace_back(*this, server);
  }
  for (Kept& kept : servers_) kept.fill();
}

WarmConnections::~WarmConnections() = default;

std::optional<Wire> WarmConnections::take(const UpstreamServer& server) {
  const auto found = std::ranges::find(servers_, &server, &Kept::server);
  return found != servers_.end() ? found->take() : std::nullopt;
}

std::size_t WarmConnections::ready(const UpstreamServer& server) const noexcept {
  const auto found = std::ranges::find(servers_, &server, &Kept::server);
  return found != servers_.end() ? found->ready() : 0;
}

Task<void> WarmConnections::stop() {
  cancellation_.cancel();
  for (Kept& kept : servers_) kept.stop();
  co_await opening_.join();
}

}  // namespace turnout
