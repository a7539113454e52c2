#include "proxy/upstream_pool.h"

#include <algorithm>

#include "proxy/http1_upstream.h"

namespace turnout {

/// A connection without a request. Whatever its server says now, it is no answer: the connection is not used again.
class UpstreamPool::Idle : public Pooled {
 public:
  Idle(UpstreamPool& pool, const UpstreamServer& server, Wire wire)
      : pool_(pool), server_(server), wire_(std::move(wire)), reader_(*this), expiry_(*this) {
    pool_.worker_.set_timer(expiry_, pool_.options_.keep_alive_idle);
  }
  ~Idle() {
    if (!wire_) return;
    wire_->stream().wait(Side::read, nullptr);
    pool_.worker_.unpost(reader_);
  }

  /// False where the connection is of no use any more.
  bool wait() noexcept {
    const Io io = Wire::try_fill(wire_->stream());
    if (io.code != Code::would_block) return false;
    wire_->stream().wait(Side::read, &reader_);
    return true;
  }

  Wire take() noexcept {
    wire_->stream().wait(Side::read, nullptr);
    pool_.worker_.unpost(reader_);
    Wire wire = std::move(*wire_);
    wire_.reset();
    return wire;
  }

 private:
  struct Reader : Waiter {
    explicit Reader(Idle& owner) noexcept
        : Waiter([](Waiter& waiter) noexcept {
            Idle& idle = static_cast<Reader&>(waiter).idle;
            if (!idle.wait()) idle.pool_.drop(idle.server_, idle);
          }),
          idle(owner) {}
    Idle& idle;
  };
  struct Expiry : Timer {
    explicit Expiry(Idle& owner) noexcept
        : Timer([](Timer& timer) noexcept {
            Idle& idle = static_cast<Expiry&>(timer).idle;
            idle.pool_.drop(idle.server_, idle);
          }),
          idle(owner) {}
    Idle& idle;
  };

  UpstreamPool& pool_;
  const UpstreamServer& server_;
  std::optional<Wire> wire_;
  Reader reader_;
  Expiry expiry_;
};

UpstreamPool::UpstreamPool(Worker& worker, std::shared_ptr<const Connector> connector, const PoolOptions& options,
                           const Limits& limits)
    : worker_(worker), connector_(std::move(connector)), options_(options), limits_(limits) {}

UpstreamPool::~UpstreamPool() = default;

std::size_t UpstreamPool::idle_count(const UpstreamServer& server) const noexcept {
  const auto found = idle_.find(&server);
  return found != idle_.end() ? found->second.size() : 0;
}

Task<UpstreamPool::Opened> UpstreamPool::open(const UpstreamServer& server, Purpose purpose, ConnectHow options) {
  const bool is_shared = purpose != Purpose::change && !options_.is_private;
  const auto give_back_to = [this, &server](Wire wire) { give_back(server, std::move(wire)); };
  if (purpose == Purpose::request && is_shared) {
    if (std::optional<Wire> idle = take_idle(server)) {
      co_return std::make_unique<Http1UpstreamExchange>(std::move(*idle), limits_, true, give_back_to);
    }
  }
  options.http1_only = purpose == Purpose::change;
  auto connected = co_await connector_->connect(worker_, server, options);
  if (!connected) co_return std::unexpected(connected.error());
  Http1UpstreamExchange::GiveBack nobody;
  co_return std::make_unique<Http1UpstreamExchange>(std::move(connected->wire), limits_, false,
                                                    is_shared ? give_back_to : nobody);
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
  wire.expires_never();
  auto waiting = std::make_unique<Idle>(*this, server, std::move(wire));
  if (waiting->wait()) idle.push_back(std::move(waiting));
}

void UpstreamPool::drop(const UpstreamServer& server, const Idle& idle) noexcept {
  std::erase_if(idle_[&server], [&](const std::unique_ptr<Idle>& each) { return each.get() == &idle; });
}

Task<void> UpstreamPool::stop() {
  stopped_ = true;
  idle_.clear();
  co_return;
}

}  // namespace turnout
