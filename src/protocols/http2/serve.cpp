#include "protocols/http2/serve.h"

#include <string>
#include <string_view>

#include "codec/http/explanation.h"
#include "protocols/http2/connection.h"
#include "protocols/http2/exchange.h"
#include "switching/drive.h"
#include "switching/registry.h"
#include "switching/session.h"
#include "transport/http2/stream.h"

namespace turnout {
namespace {

/// What an offer came to, for the record of a request that was answered all the same.
struct Offered {
  std::string_view tokens = {};
  std::string_view outcome = {};
  Why reason = Why::none;
  Via via = Via::none;
};

void record(const Session& session, const Http2Exchange& exchange, const Http2ServerStream& state,
            const Offered& offered = {}) {
  if (exchange.status() == 0) return;  // reset before there was an answer
  session.record({.kind = RecordKind::request,
                  .request = &exchange.request(),
                  .route = &exchange.route(),
                  .via = offered.via,
                  .status = exchange.status(),
                  .began_ms = state.began_ms(),
                  .bytes_in = exchange.bytes_in(),
                  .bytes_out = exchange.bytes_out(),
                  .offer = offered.tokens,
                  .outcome = offered.outcome,
                  .reason = offered.reason});
}

Via via_of(const RequestHead& request) noexcept {
  if (request.method != "CONNECT") return Via::none;
  return request.protocol.empty() ? Via::h2_connect : Via::h2_extended_connect;
}

std::string_view offer_text(const RequestHead& request) noexcept {
  switch (via_of(request)) {
    case Via::h2_connect: return "CONNECT";
    case Via::h2_extended_connect: return request.protocol;
    default: return {};
  }
}

/// Of a request that may be a CONNECT; else nothing was offered.
Offered offer_of(const RequestHead& request, std::string_view outcome, Why reason = Why::none) noexcept {
  const Via via = via_of(request);
  if (via == Via::none) return {.reason = reason};
  return {offer_text(request), outcome, reason, via};
}

Task<void> refuse(Http2Exchange& exchange, ResponseHead head, std::string_view text) {
  head.fields.set("content-type", "text/plain; charset=utf-8");
  const PooledString body = explanation(head.status, text);
  (void)co_await exchange.respond(std::move(head), as_bytes(body));
}

Task<void> tunnel(Http2ServerStream& state, const RequestHead& request, const Route& route, std::string_view offer,
                  Accept accept, Session& child) {
  Http2Connection& connection = state.connection();
  ResponseHead head(200);
  head.fields = std::move(accept.fields);
  state.become_tunnel();
  // From here on only input and output can fail; no byte of the stream has gone to anybody yet (law L1).
  if (state.failure() == Code::ok) {
    if (!request.fields.has("priority")) connection.share_in_turns(state);
    const bool is_submitted = connection.submit_head(state, head, std::nullopt, true);
    if (!is_submitted) connection.reset(state, NGHTTP2_INTERNAL_ERROR, Code::reset);
  }
  // A client that has left meanwhile does not undo the switch: as where a 101 cannot be written, it opens, and the
  // successor finds its stream broken, tells its server, and ends.
  child.has_now_made(accept.kind);
  child.note({.kind = EventKind::accepted, .why = accept.why, .name = accept.token});
  child.record_open({.request = &request,
                     .route = &route,
                     .via = via_of(request),
                     .status = 200,
                     .offer = offer,
                     .token = accept.token,
                     .reason = accept.why});
  Wire wire(std::make_unique<Http2Stream>(state));
  co_await drive(std::move(accept.successor), std::move(wire), child);
}

Task<void> refuse_cleartext(Http2Exchange& exchange, const Http2ServerStream& state, const Route& route) {
  if (route.redirect_to_https != 0) {
    co_await refuse(exchange, redirection_to_https(route, exchange.request()), "This is only served with https.");
    record(exchange.session(), exchange, state, offer_of(exchange.request(), "declined", Why::upgrade_required));
    co_return;
  }
  // HTTP/1.1 has 426 for this, but a 426 names its protocol in Upgrade, which HTTP/2 does not have.
  co_await refuse(exchange, ResponseHead(403),
                  "This is only served inside TLS. Ask for it with https, or in HTTP/1.1 with Upgrade: TLS/1.2.");
  record(exchange.session(), exchange, state, offer_of(exchange.request(), "declined", Why::upgrade_required));
}

/// Who may take up a CONNECT is asked: for an extended one (RFC 8441) the registry, else the route.
Task<Verdict> decide(const Http2ServerStream& state, OwnedRequest& request, Http2Exchange& exchange, Session& child) {
  const Route& route = exchange.route();
  const PooledString protocol = request.head.protocol;
  UpgradeTokens tokens;
  UpgradeOffer offer;
  offer.tokens = &tokens;
  offer.route = &route;
  offer.request = &request;
  offer.early_bytes = state.unread();
  offer.exchange = &exchange;
  if (!protocol.empty()) {
    tokens.push_back({protocol, protocol, {}});
    offer.via = UpgradeOffer::Via::h2_extended_connect;
    co_return co_await child.listener().registry->decide(offer, child);
  }
  // To a host that a client names, nothing is tunnelled but where a route says so (attack class U15).
  if (route.upgrader == nullptr) co_return Decline{Why::no_tunnel_here};
  offer.via = UpgradeOffer::Via::h2_connect;
  co_return co_await Registry::consider(*route.upgrader, offer, UpgradeToken{}, child);
}

/// The answer to a CONNECT that nobody took up.
Task<void> answer_declined(Http2Exchange& exchange, Why why) {
  if (exchange.request().protocol.empty()) {
    ResponseHead head(405);
    head.fields.add("allow", "GET, HEAD, POST, OPTIONS");
    co_await refuse(exchange, std::move(head), sentence(why));
  } else if (why == Why::unknown_protocol) {
    co_await refuse(exchange, ResponseHead(501),
                    sentence(why));  // RFC 9220 section 3, which says what RFC 8441 left open
  } else if (exchange.route().handler != nullptr) {
    // The route's own answer, which says that it is not there, or has no such method.
    co_await exchange.route().handler->serve(exchange);
  }
}

Task<void> serve_connect(Http2ServerStream& state, OwnedRequest& request, const Route& route) {
  Session& session = state.connection().session();
  Session child(session);
  const RequestHead asked = request.head;  // an upgrader may move the request on
  Http2Exchange exchange(state, asked, route, session, Http2Exchange::Kind::declined_connect);
  Verdict verdict = co_await decide(state, request, exchange, child);
  if (auto* accept = std::get_if<Accept>(&verdict); accept != nullptr) {
    co_await tunnel(state, asked, route, offer_text(asked), std::move(*accept), child);
    co_return;
  }
  if (state.failure() != Code::ok) co_return;

  Offered offered = offer_of(asked, "refused");
  if (const auto* refused = std::get_if<Refuse>(&verdict); refused != nullptr) {
    offered.reason = refused->why;
    child.note(
        {.kind = EventKind::refused, .why = refused->why, .status = static_cast<std::uint16_t>(refused->status)});
    ResponseHead head(refused->status);
    head.fields = refused->fields;
    co_await refuse(exchange, std::move(head), sentence(refused->why));
  } else if (const auto* answered = std::get_if<Answered>(&verdict); answered != nullptr) {
    offered.reason = answered->why;
    child.note({.kind = EventKind::refused, .why = answered->why});
    co_await answered->by->answer(exchange);
  } else {
    offered.reason = std::get<Decline>(verdict).why;
    if (offered.reason == Why::no_such_token) {
      offered.reason = Why::unknown_protocol;
    } else if (!asked.protocol.empty()) {
      offered.outcome = "declined";
    }
    co_await answer_declined(exchange, offered.reason);
  }
  co_await exchange.settle();
  if (offered.reason == Why::none) offered.reason = exchange.reason();
  record(child, exchange, state, offered);
}

}  // namespace

Task<void> serve_http2_request(Http2ServerStream& state, OwnedRequest& request) {
  Session& session = state.connection().session();
  const Route& route = session.site().route(request.head);
  const bool is_connect = request.head.method == "CONNECT";
  const auto kind = is_connect ? Http2Exchange::Kind::declined_connect : Http2Exchange::Kind::request;
  if (const auto refusal = refuse_request(route, session, request.head); refusal) {
    Http2Exchange exchange(state, request.head, route, session, kind);
    co_await refuse(exchange, refusal->head(), sentence(refusal->why));
    record(exchange.session(), exchange, state, offer_of(request.head, "refused", refusal->why));
    co_return;
  }
  const bool lacks_tls = route.is_for_tls_only() && !session.is_secure();
  if (is_connect && !lacks_tls) {
    co_await serve_connect(state, request, route);
    co_return;
  }
  Http2Exchange exchange(state, request.head, route, session, kind);
  if (lacks_tls) {
    co_await refuse_cleartext(exchange, state, route);
    co_return;
  }
  if (route.handler != nullptr) co_await route.handler->serve(exchange);
  co_await exchange.settle();
  record(exchange.session(), exchange, state, {.reason = exchange.reason()});
}

Task<void> refuse_http2_request(Http2ServerStream& state, OwnedRequest& request, Http2Refusal refusal) {
  static const Route nowhere;
  Http2Exchange exchange(state, request.head, nowhere, state.connection().session());
  co_await refuse(exchange, ResponseHead(refusal.status), refusal.text);
  record(exchange.session(), exchange, state, {.reason = refusal.why});
}

}  // namespace turnout
