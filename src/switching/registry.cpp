#include "switching/registry.h"

#include "base/ascii.h"
#include "switching/session.h"

namespace turnout {
namespace {

/// Law L11: signs of having been passed on by somebody who does not speak for the client's end of this connection.
bool was_passed_on(const RequestHead& request, const Session& session) {
  if (contains(session.site().trusted_proxies(), session.peers().remote)) return false;
  for (const Field field : request.fields) {
    if (iequals(field.name, "via") || iequals(field.name, "forwarded")) return true;
    if (field.name.size() >= 12 && iequals(field.name.substr(0, 12), "x-forwarded-")) return true;
  }
  return false;
}

/// The rules that hold for every token; Why::none where nothing stands against it.
Why common_objection(const Upgrader& upgrader, const UpgradeOffer& offer, const Session& session) {
  // RFC 9110 section 7.6.1: a field that is specific to the connection, but was not named in Connection, was
  // probably passed on by a hop that did not understand it.
  if (!offer.nominated && !upgrader.takes_unnominated()) return Why::no_connection_upgrade;
  // RFC 9110 section 7.8: Upgrade in an HTTP/1.0 request is ignored.
  if (offer.request->head.version == HttpVersion::http10) return Why::http10;
  if (upgrader.is_hop_by_hop() && was_passed_on(offer.request->head, session)) return Why::passed_on;
  return Why::none;
}

}  // namespace

std::unique_ptr<Protocol> Registry::make_protocol(std::string_view alpn,
                                                  std::optional<OwnedRequest> first_request) const {
  for (const Speaker& speaker : protocols_) {
    if (speaker.alpn == alpn) return speaker.factory(std::move(first_request));
  }
  return nullptr;
}

const Upgrader* Registry::find(std::string_view token) const noexcept {
  for (const auto& upgrader : upgraders_) {
    if (iequals(upgrader->token(), token)) return upgrader.get();
  }
  return nullptr;
}

Registry::Decider Registry::decider(const UpgradeToken& token, const Route& route) const noexcept {
  if (route.upgrader != nullptr) {
    // A route lists a token with its version or without: "SPDY/3.1" or, for all of them, "SPDY".
    const char* listed = route.find_token(token.text);
    if (listed == nullptr) listed = route.find_token(token.name);
    if (listed != nullptr) return {route.upgrader, listed};
  }
  const Upgrader* upgrader = find(token.name);
  return {upgrader, upgrader != nullptr ? upgrader->token() : ""};
}

bool Registry::could_take(const UpgradeTokens& tokens, bool nominated, const Route& route) const noexcept {
  for (const UpgradeToken& token : tokens) {
    const Upgrader* upgrader = decider(token, route).upgrader;
    if (upgrader != nullptr && (nominated || upgrader->takes_unnominated())) return true;
  }
  return false;
}

Task<Verdict> Registry::consider(const Upgrader& upgrader, const UpgradeOffer& offer, const UpgradeToken& token,
                                 Session& session) {
  Admission::Ticket ticket;
  // Behind h2c, HTTP and TLS come requests again, which are asked about themselves (law L8).
  if (!upgrader.is_hop_by_hop()) {
    if (offer.route->is_for_tls_only() && !session.is_secure()) co_return Decline{Why::upgrade_required};
    auto admitted = admit_switch(*offer.route, session, offer.request->head);
    if (!admitted) {
      ResponseHead head = admitted.error().head();
      co_return Refuse{head.status, admitted.error().why, std::move(head.fields)};
    }
    ticket = std::move(*admitted);
  }
  Verdict verdict = co_await upgrader.consider(offer, token, session);
  if (std::holds_alternative<Accept>(verdict)) session.hold(std::move(ticket));
  co_return verdict;
}

Task<Verdict> Registry::decide(const UpgradeOffer& offer, Session& session) const {
  // The reason of the first token that is spoken here says more than that of one which is not.
  Decline declined{Why::no_such_token};
  for (const UpgradeToken& token : *offer.tokens) {
    const auto [upgrader, name] = decider(token, *offer.route);
    if (upgrader == nullptr) continue;
    session.note({.kind = EventKind::offered, .name = name});
    Why why = common_objection(*upgrader, offer, session);
    if (why == Why::none) {
      Verdict verdict = co_await consider(*upgrader, offer, token, session);
      const auto* no = std::get_if<Decline>(&verdict);
      if (no == nullptr) co_return verdict;
      why = no->why;
    }
    session.note({.kind = EventKind::declined, .why = why, .name = name});
    if (declined.why == Why::no_such_token) declined.why = why;
  }
  co_return declined;
}

}  // namespace turnout
