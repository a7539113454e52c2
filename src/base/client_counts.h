// ClientCounts: what clients have taken lately, for limits, in bounded memory, shared by threads.
//
//   ClientCounts counts;
//   const std::uint64_t client = counts.key(address);           // an IPv6 client is its /64
//   if (!counts.take(client, ClientCounts::requests, Rate{100, Millis(1000)}, now_ms)) ...
//
// Rates are remembered for as many clients as there are slots. Where these do not suffice, the one that owes least is
// forgotten: with that many addresses one has more than any limit for each of them takes away. Counts of what is open
// are never forgotten; there are no more of them than open connections.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/access_policy.h"
#include "base/address.h"
#include "base/siphash.h"

namespace turnout {

/// How long a rate has been used up for: the generic cell rate algorithm, a leaky bucket in one number.
class RateMeter {
 public:
  /// 0 where there was one left, which is then taken; else how many milliseconds to wait for one.
  std::uint64_t take(const Rate& rate, std::uint64_t now_ms) noexcept;
  std::uint64_t used_until_ns() const noexcept { return used_until_ns_; }

 private:
  std::uint64_t used_until_ns_ = 0;
};

class ClientCounts {
 public:
  enum Kind : std::uint8_t { requests, upgrades };
  static constexpr std::size_t ways = 8;
  static constexpr std::size_t sets = 4096;  // 32,768 clients in 768 KiB

  ClientCounts();

  /// Never 0.
  std::uint64_t key(const Address& client) const noexcept;

  /// 0 where there was one left, else how many milliseconds to wait for one.
  std::uint64_t take(std::uint64_t client, Kind kind, const Rate& rate, std::uint64_t now_ms);

  /// One that is open, given back when it is destroyed.
  class Place {
   public:
    Place() = default;
    Place(ClientCounts& counts, std::uint64_t client) noexcept : counts_(&counts), client_(client) {}
    Place(Place&& other) noexcept : counts_(std::exchange(other.counts_, nullptr)), client_(other.client_) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(counts_, other.counts_);
      std::swap(client_, other.client_);
      return *this;
    }
    ~Place() {
      if (counts_ != nullptr) counts_->close(client_);
    }

   private:
    ClientCounts* counts_ = nullptr;
    std::uint64_t client_ = 0;
  };

  /// False where the client has `max` open already.
  bool open(std::uint64_t client, std::uint32_t max);
  void close(std::uint64_t client) noexcept;
  std::size_t open_clients() const;

 private:
  static constexpr std::size_t shards = 64;

  struct Slot {
    std::uint64_t client = 0;  // 0: free
    std::array<RateMeter, 2> meters;
  };
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::uint64_t, std::uint32_t> open;
    std::unique_ptr<std::array<std::array<Slot, ways>, sets / shards>> slots;  // made at the first use
  };

  Shard& shard_of(std::uint64_t client) noexcept { return shards_[client % shards]; }

  SipKey key_;
  std::array<Shard, shards> shards_;
};

}  // namespace turnout
