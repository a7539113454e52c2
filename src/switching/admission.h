// Admission: whether a request may have what a route leads to, asked before any handler and before any switch, in every
// version of HTTP: the networks that a route is for, and how much each client address and all of them may take.
//
//   if (const auto refusal = refuse_request(route, session, request)) ...      // 403, 429 or 503, and why
//   auto ticket = admit_switch(route, session, request);                       // keeps its place until it is destroyed
//
// One for each route that has such a policy, shared by all workers; routes without one are not slowed down by it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <vector>

#include "base/access_policy.h"
#include "base/pool.h"
#include "base/why.h"
#include "codec/http/client_address.h"
#include "codec/http/message.h"

namespace turnout {

class Session;
struct Route;

class Admission : public std::enable_shared_from_this<Admission> {
 public:
  struct Refusal {
    int status = 403;
    Why why = Why::not_allowed;
    std::uint32_t retry_after_s = 0;  // 0: asking again would not help

    ResponseHead head() const;
  };

  /// A place among the open tunnels of a route and of a client.
  class Ticket {
   public:
    Ticket() = default;

   private:
    friend class Admission;
    Ticket(std::shared_ptr<const Admission> admission, std::uint64_t client)
        : place_(std::make_unique<Place>(std::move(admission), client)) {}

    // Apart, because every connection has room for a ticket, and few have one.
    struct Place : Pooled {
      Place(std::shared_ptr<const Admission> of, std::uint64_t whose) noexcept
          : admission(std::move(of)), client(whose) {}
      Place(const Place&) = delete;
      Place& operator=(const Place&) = delete;
      ~Place();
      const std::shared_ptr<const Admission> admission;
      const std::uint64_t client;
    };
    std::unique_ptr<Place> place_;
  };

  Admission(AccessPolicy policy, std::vector<Network> trusted_proxies);
  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  /// From any thread; `now_ms` of different threads need not agree to the millisecond.
  std::optional<Refusal> refuse_request(const ClientAddress& client, std::uint64_t now_ms) const;
  std::expected<Ticket, Refusal> admit_switch(const ClientAddress& client, std::uint64_t now_ms) const;

  const std::vector<Network>& trusted_proxies() const noexcept { return trusted_proxies_; }

 private:
  struct Counts;

  bool is_allowed(const ClientAddress& client) const noexcept;
  bool is_counted(const ClientAddress& client) const noexcept;

  AccessPolicy policy_;
  std::vector<Network> trusted_proxies_;
  std::unique_ptr<Counts> counts_;  // nullptr where nothing is limited
};

/// What stands against serving the request; nothing where the route has no policy.
std::optional<Admission::Refusal> refuse_request(const Route& route, const Session& session,
                                                 const RequestHead& request);
/// 308 to the same URL with https.
ResponseHead redirection_to_https(const Route& route, const RequestHead& request);
/// The same as refuse_request() for the protocol that the request asks for.
std::expected<Admission::Ticket, Admission::Refusal> admit_switch(const Route& route, const Session& session,
                                                                  const RequestHead& request);

}  // namespace turnout
