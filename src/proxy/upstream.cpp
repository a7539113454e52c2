#include "proxy/upstream.h"

#include <algorithm>

namespace turnout {
namespace {

/// Spreads a counter over all numbers (the finaliser of MurmurHash3): as good as chance here, and free of any state
/// that workers would have to share besides the counter.
std::uint32_t scatter(std::uint32_t n) noexcept {
  n += 0x9e3779b9u;
  n = (n ^ n >> 16) * 0x85ebca6bu;
  n = (n ^ n >> 13) * 0xc2b2ae35u;
  return n ^ n >> 16;
}

/// Two different ones of `count`, at least 2, as if by chance.
std::pair<std::size_t, std::size_t> two_of(std::size_t count, std::uint32_t turn) noexcept {
  const std::uint32_t random = scatter(turn);
  const std::size_t one = (random & 0xffff) % count;
  return {one, (one + 1 + (random >> 16) % (count - 1)) % count};
}

/// `marked_too`: also where it is avoided because of what failed.
bool is_usable(const Upstream::Server& server, std::int64_t now_ms, std::span<const UpstreamServerState* const> tried,
               bool marked_too) noexcept {
  const UpstreamServerState& state = *server.state;
  if (!state.is_up() || std::ranges::find(tried, &state) != tried.end()) return false;
  return marked_too || !state.is_marked(now_ms);
}

}  // namespace

Upstream::Upstream(UpstreamOptions options, const Upstream* before) : options_(std::move(options)) {
  for (const UpstreamServer& described : options_.servers) {
    UpstreamServer server = described;
    if (server.tls != nullptr && server.tls_session == nullptr) server.tls_session = std::make_shared<TlsSessionSlot>();
    std::shared_ptr<UpstreamServerState> state = before == nullptr ? nullptr : before->known(server.name, servers_);
    if (state == nullptr) state = std::make_shared<UpstreamServerState>(server.name);
    state->set_policy(options_.fails_max, options_.fail_timeout);
    // Nobody would ever find out that it is back.
    if (!options_.health) state->set_health(UpstreamServerState::Health::up);
    servers_.push_back({std::make_shared<const UpstreamServer>(std::move(server)), std::move(state)});
  }
}

std::shared_ptr<UpstreamServerState> Upstream::known(const std::string& name,
                                                     std::span<const Server> taken) const noexcept {
  for (const Server& server : servers_) {
    const auto& state = server.state;
    if (state->name() != name || state->health() == UpstreamServerState::Health::removed) continue;
    if (std::ranges::find(taken, state, &Server::state) == taken.end()) return state;
  }
  return nullptr;
}

std::optional<UpstreamLease> Upstream::pick(std::int64_t now_ms,
                                            std::span<const UpstreamServerState* const> tried) const {
  if (servers_.size() > compared_max) {
    if (const Server* chosen = pick_quickly(now_ms, tried); chosen != nullptr) return lease(*chosen, now_ms);
  }
  thread_local Candidates candidates;  // its memory is kept from call to call
  for (const bool marked_too : {false, true}) {
    candidates.clear();
    for (const Server& server : servers_) {
      if (is_usable(server, now_ms, tried, marked_too)) candidates.push_back(&server);
    }
    if (candidates.empty()) continue;
    return lease(choose(candidates), now_ms);
  }
  return std::nullopt;
}

UpstreamLease Upstream::lease(const Server& chosen, std::int64_t now_ms) {
  chosen.state->begin_trial(now_ms);
  return {chosen.server, chosen.state};
}

const Upstream::Server* Upstream::pick_quickly(std::int64_t now_ms,
                                               std::span<const UpstreamServerState* const> tried) const noexcept {
  if (options_.balance == Balance::least_connections) return nullptr;
  const auto usable = [&](const Server& server) { return is_usable(server, now_ms, tried, false); };
  const std::size_t count = servers_.size();
  const std::uint32_t turn = turn_.fetch_add(1, std::memory_order_relaxed);
  constexpr std::uint32_t attempts = 8;
  if (options_.balance == Balance::round_robin) {
    // The turns of one that cannot be used are spread over all others, not left to its neighbour.
    for (std::uint32_t i = 0; i < attempts; ++i) {
      const Server& server = servers_[(i == 0 ? turn : scatter(turn * attempts + i)) % count];
      if (usable(server)) return &server;
    }
    return nullptr;
  }
  const auto [one, two] = two_of(count, turn);
  if (!usable(servers_[one]) || !usable(servers_[two])) return nullptr;
  return &servers_[servers_[two].state->open() < servers_[one].state->open() ? two : one];
}

const Upstream::Server& Upstream::choose(const Candidates& candidates) const noexcept {
  const std::size_t count = candidates.size();
  const std::uint32_t turn = turn_.fetch_add(1, std::memory_order_relaxed);
  switch (options_.balance) {
    case Balance::round_robin: break;
    case Balance::least_connections: {
      // From another one each time, so that equals take turns.
      const Server* least = candidates[turn % count];
      for (std::size_t i = 1; i < count; ++i) {
        const Server* other = candidates[(turn + i) % count];
        if (other->state->open() < least->state->open()) least = other;
      }
      return *least;
    }
    case Balance::random_two: {
      if (count == 1) break;
      const auto [one, two] = two_of(count, turn);
      return *(candidates[two]->state->open() < candidates[one]->state->open() ? candidates[two] : candidates[one]);
    }
  }
  return *candidates[turn % count];
}

void Upstream::remove_others(const Upstream* after) const {
  for (const Server& server : servers_) {
    const bool stays =
        after != nullptr && std::ranges::find(after->servers_, server.state, &Server::state) != after->servers_.end();
    if (!stays) server.state->set_health(UpstreamServerState::Health::removed);
  }
}

}  // namespace turnout
