#include "base/client_counts.h"

#include <algorithm>
#include <string_view>

namespace turnout {
namespace {

constexpr std::uint64_t ns_per_ms = 1'000'000;

}  // namespace

std::uint64_t RateMeter::take(const Rate& rate, std::uint64_t now_ms) noexcept {
  const std::uint64_t now_ns = now_ms * ns_per_ms;
  const std::uint64_t period_ns = static_cast<std::uint64_t>(rate.per.count()) * ns_per_ms;
  const std::uint64_t one_ns = std::max<std::uint64_t>(period_ns / std::max(rate.count, 1U), 1);
  const std::uint64_t then_ns = std::max(used_until_ns_, now_ns) + one_ns;
  if (then_ns > now_ns + period_ns) return (then_ns - now_ns - period_ns + ns_per_ms - 1) / ns_per_ms;
  used_until_ns_ = then_ns;
  return 0;
}

ClientCounts::ClientCounts() : key_(SipKey::random()) {}

std::uint64_t ClientCounts::key(const Address& client) const noexcept {
  // A network hands out a /64 to each customer at the least, who may use any address in it (RFC 6177).
  const std::size_t bytes = client.is_ipv4() ? 16 : 8;
  const std::uint64_t hash = siphash(key_, {reinterpret_cast<const char*>(client.bytes.data()), bytes});
  return std::max<std::uint64_t>(hash, 1);
}

std::uint64_t ClientCounts::take(std::uint64_t client, Kind kind, const Rate& rate, std::uint64_t now_ms) {
  Shard& shard = shard_of(client);
  const std::lock_guard lock(shard.mutex);
  if (!shard.slots) shard.slots = std::make_unique<std::array<std::array<Slot, ways>, sets / shards>>();
  std::array<Slot, ways>& set = (*shard.slots)[client / shards % (sets / shards)];
  auto slot = std::ranges::find(set, client, &Slot::client);
  if (slot == set.end()) {
    slot = std::ranges::min_element(set, {}, [](const Slot& each) {
      return std::max(each.meters[requests].used_until_ns(), each.meters[upgrades].used_until_ns());
    });
    *slot = Slot{.client = client, .meters = {}};
  }
  return slot->meters[kind].take(rate, now_ms);
}

bool ClientCounts::open(std::uint64_t client, std::uint32_t max) {
  Shard& shard = shard_of(client);
  const std::lock_guard lock(shard.mutex);
  const auto at = shard.open.find(client);
  const std::uint32_t count = at == shard.open.end() ? 0 : at->second;
  if (count >= max) return false;
  shard.open[client] = count + 1;
  return true;
}

void ClientCounts::close(std::uint64_t client) noexcept {
  Shard& shard = shard_of(client);
  const std::lock_guard lock(shard.mutex);
  const auto at = shard.open.find(client);
  if (at != shard.open.end() && --at->second == 0) shard.open.erase(at);
}

std::size_t ClientCounts::open_clients() const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    count += shard.open.size();
  }
  return count;
}

}  // namespace turnout
