#include "switching/admission.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>

#include "base/client_counts.h"
#include "codec/http/https_location.h"
#include "switching/session.h"
#include "switching/site.h"

namespace turnout {
namespace {

// When a tunnel ends nobody knows; soon enough for a person who waits, and no load from programs that do.
constexpr std::uint32_t tunnels_retry_after_s = 10;

std::uint32_t seconds(std::uint64_t ms) noexcept {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>((ms + 999) / 1000, 24 * 3600));
}

}  // namespace

struct Admission::Counts {
  ClientCounts clients;
  // Of all clients together.
  std::mutex mutex;
  RateMeter requests;
  RateMeter upgrades;
  std::atomic<std::uint32_t> tunnels = 0;

  std::uint64_t take(RateMeter& meter, const Rate& rate, std::uint64_t now_ms) {
    const std::lock_guard lock(mutex);
    return meter.take(rate, now_ms);
  }
};

ResponseHead Admission::Refusal::head() const {
  ResponseHead made(status);
  if (retry_after_s != 0) made.fields.add("Retry-After", std::to_string(retry_after_s));
  return made;
}

Admission::Ticket::Place::~Place() {
  if (client != 0) admission->counts_->clients.close(client);
  admission->counts_->tunnels.fetch_sub(1, std::memory_order_relaxed);
}

Admission::Admission(AccessPolicy policy, std::vector<Network> trusted_proxies)
    : policy_(std::move(policy)), trusted_proxies_(std::move(trusted_proxies)) {
  if (!policy_.per_client.is_unlimited() || !policy_.per_route.is_unlimited()) counts_ = std::make_unique<Counts>();
}

Admission::~Admission() = default;

bool Admission::is_allowed(const ClientAddress& client) const noexcept {
  if (policy_.allow.empty() && policy_.deny.empty()) return true;
  // Nobody knows who that is, and the address at hand is the one of somebody who is trusted.
  if (client.source == ClientAddress::Source::unclear) return false;
  if (contains(policy_.deny, client.address)) return false;
  return policy_.allow.empty() || contains(policy_.allow, client.address);
}

bool Admission::is_counted(const ClientAddress& client) const noexcept {
  if (!counts_) return false;
  // What somebody else is said to be does not make it one of ours.
  if (client.source != ClientAddress::Source::peer) return true;
  return !client.address.is_loopback() && !contains(trusted_proxies_, client.address);
}

std::optional<Admission::Refusal> Admission::refuse_request(const ClientAddress& client, std::uint64_t now_ms) const {
  if (!is_allowed(client)) return Refusal{403, Why::not_allowed, 0};
  if (!is_counted(client)) return std::nullopt;
  if (policy_.per_client.requests) {
    const std::uint64_t wait_ms = counts_->clients.take(counts_->clients.key(client.address), ClientCounts::requests,
                                                        *policy_.per_client.requests, now_ms);
    if (wait_ms != 0) return Refusal{429, Why::rate_limited, seconds(wait_ms)};
  }
  if (policy_.per_route.requests) {
    const std::uint64_t wait_ms = counts_->take(counts_->requests, *policy_.per_route.requests, now_ms);
    if (wait_ms != 0) return Refusal{503, Why::route_busy, seconds(wait_ms)};
  }
  return std::nullopt;
}

std::expected<Admission::Ticket, Admission::Refusal> Admission::admit_switch(const ClientAddress& client,
                                                                             std::uint64_t now_ms) const {
  if (!is_allowed(client)) return std::unexpected(Refusal{403, Why::not_allowed, 0});
  if (!is_counted(client)) return Ticket();
  const std::uint64_t key = counts_->clients.key(client.address);
  if (policy_.per_client.upgrades) {
    const std::uint64_t wait_ms =
        counts_->clients.take(key, ClientCounts::upgrades, *policy_.per_client.upgrades, now_ms);
    if (wait_ms != 0) return std::unexpected(Refusal{429, Why::rate_limited, seconds(wait_ms)});
  }
  if (policy_.per_route.upgrades) {
    const std::uint64_t wait_ms = counts_->take(counts_->upgrades, *policy_.per_route.upgrades, now_ms);
    if (wait_ms != 0) return std::unexpected(Refusal{503, Why::route_busy, seconds(wait_ms)});
  }
  if (policy_.per_client.tunnels && !counts_->clients.open(key, *policy_.per_client.tunnels)) {
    return std::unexpected(Refusal{429, Why::too_many_tunnels, tunnels_retry_after_s});
  }
  // From here on the ticket gives back what has been taken.
  const std::uint32_t others = counts_->tunnels.fetch_add(1, std::memory_order_relaxed);
  Ticket ticket(shared_from_this(), policy_.per_client.tunnels ? key : 0);
  if (policy_.per_route.tunnels && others >= *policy_.per_route.tunnels) {
    return std::unexpected(Refusal{503, Why::route_busy, tunnels_retry_after_s});
  }
  return ticket;
}

namespace {

ClientAddress client_of(const Admission& admission, const Session& session, const RequestHead& request) {
  return client_address(request.fields, session.peers().remote, admission.trusted_proxies());
}

}  // namespace

std::optional<Admission::Refusal> refuse_request(const Route& route, const Session& session,
                                                 const RequestHead& request) {
  if (!route.admission) return std::nullopt;
  return route.admission->refuse_request(client_of(*route.admission, session, request), session.worker().now_ms());
}

ResponseHead redirection_to_https(const Route& route, const RequestHead& request) {
  const std::string location = https_location(request, route.redirect_to_https);
  if (location.empty()) return ResponseHead(400);
  ResponseHead head(308);
  head.fields.add("Location", location);
  return head;
}

std::expected<Admission::Ticket, Admission::Refusal> admit_switch(const Route& route, const Session& session,
                                                                  const RequestHead& request) {
  if (!route.admission) return Admission::Ticket();
  return route.admission->admit_switch(client_of(*route.admission, session, request), session.worker().now_ms());
}

}  // namespace turnout
