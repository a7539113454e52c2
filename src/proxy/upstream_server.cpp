#include "proxy/upstream_server.h"

#include <algorithm>

namespace turnout {

std::string authority_of(const UpstreamServer& server) {
  if (server.is_unix()) return "localhost";
  const bool is_ipv6 = server.host.find(':') != std::string::npos;
  std::string authority = is_ipv6 ? "[" + server.host + "]" : server.host;
  if (server.port != (server.tls ? 443 : 80)) authority.append(":").append(std::to_string(server.port));
  return authority;
}

void UpstreamServerState::succeeded() noexcept {
  // Nearly always it is 0 already, and reading leaves the cache line with every worker.
  if (failures_.load(std::memory_order_relaxed) != 0) failures_.store(0, std::memory_order_relaxed);
}

void UpstreamServerState::set_policy(std::uint32_t fails_max, Millis fail_timeout) noexcept {
  fails_max_.store(fails_max, std::memory_order_relaxed);
  fail_timeout_ms_.store(fail_timeout.count(), std::memory_order_relaxed);
}

bool UpstreamServerState::has_failed_too_often() const noexcept {
  const std::uint32_t fails_max = fails_max_.load(std::memory_order_relaxed);
  return fails_max != 0 && failures_.load(std::memory_order_relaxed) >= fails_max;
}

void UpstreamServerState::avoid(std::int64_t now_ms) noexcept {
  avoided_until_ms_.store(now_ms + fail_timeout_ms_.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

void UpstreamServerState::failed(std::int64_t now_ms) noexcept {
  // Beyond any limit there is no need to count on.
  if (failures_.load(std::memory_order_relaxed) < fails_max_.load(std::memory_order_relaxed)) {
    failures_.fetch_add(1, std::memory_order_relaxed);
  }
  if (has_failed_too_often()) avoid(now_ms);
}

bool UpstreamServerState::is_marked(std::int64_t now_ms) const noexcept {
  if (!has_failed_too_often()) return false;
  const std::int64_t left_ms = avoided_until_ms_.load(std::memory_order_relaxed) - now_ms;
  return left_ms > 0 && left_ms <= fail_timeout_ms_.load(std::memory_order_relaxed);
}

void UpstreamServerState::begin_trial(std::int64_t now_ms) noexcept {
  if (has_failed_too_often()) avoid(now_ms);
}

bool UpstreamServerState::set_health(Health health) {
  const std::lock_guard lock(watchers_mutex_);
  const Health before = health_.load(std::memory_order_relaxed);
  if (before == health || before == Health::removed) return false;
  health_.store(health, std::memory_order_release);
  if (health == Health::up) {
    // Whoever asks it regularly knows better than those who met it while it was down.
    failures_.store(0, std::memory_order_relaxed);
    return true;
  }
  // Under the mutex: a watch that is still here keeps its worker alive.
  for (const Watchers& of : watchers_) {
    Worker& worker = *of.worker;
    worker.post_from_elsewhere([self = shared_from_this(), &worker] { self->ring(worker); });
  }
  return true;
}

void UpstreamServerState::ring(Worker& worker) noexcept {
  while (true) {
    Watch* watch = nullptr;
    Health health = Health::up;
    {
      const std::lock_guard lock(watchers_mutex_);
      health = health_.load(std::memory_order_relaxed);
      if (health == Health::up) return;  // it came back before this worker heard of it: nobody has lost anything yet
      const auto mine = std::ranges::find(watchers_, &worker, &Watchers::worker);
      if (mine == watchers_.end()) return;
      watch = mine->first;
      watch->unlink();
    }
    watch->on_down_(watch->target_, health);
  }
}

UpstreamServerState::Watch::Watch(UpstreamServerState& state, Worker& worker, void* target, OnDown on_down)
    : state_(state), worker_(worker), target_(target), on_down_(on_down) {
  const std::lock_guard lock(state_.watchers_mutex_);
  auto mine = std::ranges::find(state_.watchers_, &worker, &Watchers::worker);
  if (mine == state_.watchers_.end()) {
    state_.watchers_.push_back({&worker, nullptr});
    mine = state_.watchers_.end() - 1;
  }
  next_ = mine->first;
  if (next_ != nullptr) next_->previous_ = this;
  mine->first = this;
  if (state_.is_up()) return;
  worker.post_from_elsewhere([state = state_.shared_from_this(), &worker] { state->ring(worker); });
}

UpstreamServerState::Watch::~Watch() {
  const std::lock_guard lock(state_.watchers_mutex_);
  unlink();
}

void UpstreamServerState::Watch::unlink() noexcept {
  if (!std::exchange(linked_, false)) return;
  if (next_ != nullptr) next_->previous_ = previous_;
  if (previous_ != nullptr) {
    previous_->next_ = next_;
    return;
  }
  const auto mine = std::ranges::find(state_.watchers_, &worker_, &Watchers::worker);
  mine->first = next_;
  if (next_ == nullptr) state_.watchers_.erase(mine);
}

}  // namespace turnout
