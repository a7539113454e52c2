#include "protocols/http1/http1.h"

#include "codec/http/date_now.h"
#include "codec/http/explanation.h"
#include "codec/http/upgrade.h"
#include "codec/http1/request_parser.h"
#include "codec/http1/response_writer.h"
#include "protocols/http1/http1_exchange.h"
#include "protocols/http1/request_body.h"
#include "switching/registry.h"
#include "switching/session.h"
#include "transport/linger.h"

namespace turnout {
namespace {

constexpr HeadError late_head{408, Why::header_timeout, "the request head did not arrive in time"};
constexpr HeadError late_body{408, Why::body_timeout, "the request body did not arrive in time"};

Why reason_of(Error error) {
  switch (error.code) {
    case Code::end: return Why::peer_closed;
    case Code::reset: return Why::peer_reset;
    case Code::timed_out: return Why::send_timeout;
    case Code::draining: return Why::draining;
    case Code::malformed: return Why::malformed;
    case Code::too_large: return Why::limit;
    default: return Why::internal;
  }
}

/// What the client asked for, as it came, for the record.
PooledString offer_text(const FieldList& fields) {
  PooledString text;
  for (const Field field : fields) {
    if (!iequals(field.name, "upgrade")) continue;
    if (!text.empty()) text.append(", ");
    text.append(field.value);
  }
  return text;
}

}  // namespace

// How an exchange with an offer went, for the record.
struct Http1::Offer {
  PooledString text;
  Via via = Via::none;
  std::string_view outcome = {};
  Why why = Why::none;
};

Http1::Http1(std::optional<OwnedRequest> first_request) : scanner_(HeadScanner::Kind::request) {
  if (first_request) first_request_ = std::make_unique<OwnedRequest>(std::move(*first_request));
}

Http1::~Http1() = default;

Task<Outcome> Http1::run(Wire wire, Session& session) {
  const Limits& limits = session.limits();
  Next next;
  if (first_request_) next = co_await serve_first(wire, session);
  while (next.kind == Next::Kind::go_on) {
    std::size_t head_bytes = 0;
    bool head_has_begun = false;
    while (true) {
      const auto scanned = scanner_.feed(wire.peek(), limits);
      if (!scanned) {
        next = co_await refuse_head(wire, session, scanned.error());
        break;
      }
      head_bytes = *scanned;
      if (head_bytes != 0) break;
      // The deadline of a head is absolute, from its first byte: drops of it do not buy time (class D1).
      if (wire.peek().empty()) {
        wire.expires_after(requests_ == 0 ? limits.header_deadline : limits.keep_alive_idle);
      } else if (!std::exchange(head_has_begun, true)) {
        wire.expires_after(limits.header_deadline);
      }
      // No more than a head may take, or what may be held behind an offer (law L1).
      const Result<std::size_t> more = co_await wire.fill(limits.head_bytes_max + 4);
      if (more && *more != 0) continue;
      const bool between_requests = wire.peek().empty();
      if (more) {
        // Half a request and then the end: nobody waits for an answer to that.
        co_return Closed{between_requests ? Why::peer_closed : Why::malformed};
      }
      if (more.error().code == Code::draining) {
        if (!between_requests) continue;
        next = {Next::Kind::close, Why::draining};
        break;
      }
      if (more.error().code != Code::timed_out) co_return Closed{reason_of(more.error())};
      next = {Next::Kind::close, Why::idle_timeout};
      if (!between_requests) next = co_await refuse_head(wire, session, late_head);
      break;
    }
    if (next.kind == Next::Kind::go_on) next = co_await serve(wire, session, head_bytes);
  }
  if (next.kind == Next::Kind::change) {
    co_return Switch{std::move(next.successor), std::move(wire), next.why};
  }
  if (next.why != Why::peer_reset) co_await linger(std::move(wire), limits.linger);
  co_return Closed{next.why};
}

Task<Http1::Next> Http1::serve(Wire& wire, Session& session, std::size_t head_bytes) {
  auto parsed = parse_request(wire.peek().first(head_bytes), session.limits(), session.is_secure());
  if (!parsed) co_return co_await refuse_head(wire, session, parsed.error());
  wire.consume(head_bytes);
  OwnedRequest request{std::move(parsed->head), {}};
  RequestBody body(wire, session, parsed->framing, parsed->expect_continue);
  co_return co_await serve_request(wire, session, request, body, parsed->keep_alive);
}

Task<Http1::Next> Http1::serve_first(Wire& wire, Session& session) {
  const std::unique_ptr<OwnedRequest> request = std::move(first_request_);
  request->head.secure = session.is_secure();
  RequestBody body(wire, session, Framing{}, false);
  body.put_back(std::move(request->body));
  const bool keep_alive = !request->head.fields.has_token("connection", "close");
  co_return co_await serve_request(wire, session, *request, body, keep_alive);
}

Task<Http1::Next> Http1::serve_request(Wire& wire, Session& session, OwnedRequest& request, RequestBody& body,
                                       bool keep_alive) {
  const std::uint64_t began_ms = session.worker().now_ms();
  const Route& route = session.site().route(request.head);
  ++requests_;
  Http1Exchange exchange(request.head, route, session, wire, body,
                         keep_alive && requests_ < session.limits().keep_alive_requests_max);
  Offer offer;
  const bool is_connect = request.head.method == "CONNECT";
  const std::optional<Admission::Refusal> refusal = refuse_request(route, session, request.head);
  if ((is_connect || request.head.fields.has("upgrade")) && !refusal) {
    Next next = is_connect ? co_await consider_connect(wire, session, request, body, exchange, offer)
                           : co_await consider(wire, session, request, body, exchange, offer);
    if (next.kind == Next::Kind::change || next.kind == Next::Kind::close) co_return next;
  }
  if (exchange.has_started()) {
    // The offer was refused, and that was the answer.
  } else if (refusal) {
    // Before anybody has seen the request. Bytes behind an offer, or behind CONNECT, are not the next one (law L6).
    if (is_connect) {
      exchange.close_after_answer();
      offer = {"CONNECT", Via::h1_connect, "refused"};
    } else if (request.head.fields.has("upgrade")) {
      exchange.close_if_bytes_wait();
      offer = {offer_text(request.head.fields), Via::h1_upgrade, "refused"};
    }
    offer.why = refusal->why;
    ResponseHead head = refusal->head();
    head.fields.add("Content-Type", "text/plain; charset=utf-8");
    const PooledString text = explanation(head.status, sentence(refusal->why));
    (void)co_await exchange.respond(std::move(head), as_bytes(text));
  } else if (route.require_tls && !session.is_secure()) {
    // RFC 9110 section 15.5.22, RFC 2817 section 4.2.
    ResponseHead head(426);
    head.fields.add("Upgrade", "TLS/1.2, HTTP/1.1");
    head.fields.add("Content-Type", "text/plain; charset=utf-8");
    const PooledString text = explanation(
        426, "This is only served inside TLS. Ask for it with https, or offer Upgrade: TLS/1.2 on this connection.");
    (void)co_await exchange.respond(std::move(head), as_bytes(text));
  } else if (is_connect) {
    ResponseHead head(405);
    head.fields.add("Allow", "GET, HEAD, POST, OPTIONS");
    head.fields.add("Content-Type", "text/plain; charset=utf-8");
    const PooledString text = explanation(405, sentence(Why::no_tunnel_here));
    (void)co_await exchange.respond(std::move(head), as_bytes(text));
  } else if (route.redirect_to_https != 0 && !session.is_secure()) {
    ResponseHead head = redirection_to_https(route, request.head);
    head.fields.add("Content-Type", "text/plain; charset=utf-8");
    const PooledString text = explanation(head.status, "This is only served with https.");
    (void)co_await exchange.respond(std::move(head), as_bytes(text));
  } else {
    wire.expires_never();  // the handler may take its time; what waits for the client has deadlines of its own
    co_await route.handler->serve(exchange);
  }
  co_await exchange.stop_watching();
  Next next;
  if (exchange.has_failed() && !exchange.has_started()) {
    const Error error = exchange.failure();
    const Record about{.request = &request.head, .route = &route};
    if (error.code == Code::malformed) co_return co_await refuse_head(wire, session, body.error(), about);
    if (error.code == Code::timed_out) co_return co_await refuse_head(wire, session, late_body, about);
    next = {Next::Kind::close, reason_of(error)};
  } else if (!exchange.has_started()) {
    const PooledString text = explanation(500, "The handler of this resource gave no answer.");
    (void)co_await exchange.respond(500, text);
  }
  if (exchange.has_started()) {
    session.record({.request = &request.head,
                    .route = &route,
                    .via = offer.via,
                    .status = exchange.status(),
                    .began_ms = began_ms,
                    .bytes_in = body.bytes(),
                    .bytes_out = exchange.bytes_out(),
                    .offer = offer.text,
                    .outcome = offer.outcome,
                    .reason = offer.why != Why::none ? offer.why : exchange.reason()});
  }
  if (exchange.has_failed()) {
    next = {Next::Kind::close, reason_of(exchange.failure())};
  } else if (!exchange.is_finished()) {
    // The answer was begun and left: only breaking the connection off tells the client that it is not whole.
    wire.stream().abort();
    next = {Next::Kind::close, Why::peer_reset};
  } else if (!exchange.keeps_alive() || session.is_draining()) {
    next = {Next::Kind::close, session.is_draining() ? Why::draining : Why::connection_close};
  }
  co_return next;
}

Task<Http1::Next> Http1::consider(Wire& wire, Session& session, OwnedRequest& request, RequestBody& body,
                                  Http1Exchange& exchange, Offer& offer) {
  offer = {offer_text(request.head.fields), Via::h1_upgrade, "declined"};
  // Bytes that came behind an offer which is not taken up may be anybody's (law L6).
  exchange.close_if_bytes_wait();
  const auto tokens = parse_upgrade(request.head.fields);
  const bool nominated = request.head.fields.has_token("connection", "upgrade");
  const Registry& registry = *session.listener().registry;
  if (!tokens || tokens->empty()) {
    offer.why = Why::malformed;
    co_return Next{};
  }
  if (!registry.could_take(*tokens, nominated, exchange.route())) {
    offer.why = nominated ? Why::no_such_token : Why::no_connection_upgrade;
    co_return Next{};
  }
  // Only a finished request may switch (law L4).
  const Result<bool> whole = co_await body.read_whole(request.body, session.limits().upgrade_body_bytes_max);
  if (!whole) {
    const Code code = whole.error().code;
    const Record about{.request = &request.head,
                       .route = &exchange.route(),
                       .via = offer.via,
                       .offer = offer.text,
                       .outcome = "refused"};
    if (code == Code::malformed) co_return co_await refuse_head(wire, session, body.error(), about);
    if (code == Code::timed_out) co_return co_await refuse_head(wire, session, late_body, about);
    co_return Next{Next::Kind::close, reason_of(whole.error())};
  }
  wire.expires_never();
  if (!*whole) {
    body.put_back(std::move(request.body));
    offer.why = Why::body_too_long;
    session.note({.kind = EventKind::declined, .why = offer.why});
    co_return Next{};
  }
  const RequestHead asked = request.head;  // an upgrader that accepts takes the request along
  const UpgradeOffer question{.via = UpgradeOffer::Via::h1_upgrade,
                              .tokens = &*tokens,
                              .nominated = nominated,
                              .route = &exchange.route(),
                              .request = &request,
                              .early_bytes = wire.peek().size(),
                              .exchange = &exchange};
  Verdict verdict = co_await registry.decide(question, session);
  const bool is_declined = std::holds_alternative<Decline>(verdict);
  Next next = co_await conclude(wire, session, asked, body, exchange, offer, std::move(verdict));
  if (is_declined) body.put_back(std::move(request.body));
  co_return next;
}

Task<Http1::Next> Http1::consider_connect(Wire& wire, Session& session, OwnedRequest& request, RequestBody& body,
                                          Http1Exchange& exchange, Offer& offer) {
  // RFC 9931 section 8: what follows a refused CONNECT is not ours to read.
  exchange.close_after_answer();
  const Upgrader* upgrader = exchange.route().upgrader;
  offer = {"CONNECT", Via::h1_connect, "refused"};
  if (upgrader == nullptr) {
    offer.why = Why::no_tunnel_here;
    co_return Next{};
  }
  wire.expires_never();
  const RequestHead asked = request.head;
  static const UpgradeTokens no_tokens;
  const UpgradeOffer question{.via = UpgradeOffer::Via::h1_connect,
                              .tokens = &no_tokens,
                              .route = &exchange.route(),
                              .request = &request,
                              .early_bytes = wire.peek().size(),
                              .exchange = &exchange};
  Verdict verdict = co_await Registry::consider(*upgrader, question, UpgradeToken{}, session);
  co_return co_await conclude(wire, session, asked, body, exchange, offer, std::move(verdict));
}

// Does what was decided; an offer that was declined is left to whoever answers its request.
Task<Http1::Next> Http1::conclude(Wire& wire, Session& session, const RequestHead& asked, RequestBody& body,
                                  Http1Exchange& exchange, Offer& offer, Verdict verdict) {
  if (auto* accepted = std::get_if<Accept>(&verdict)) {
    co_return co_await accept(wire, session, asked, body, exchange.route(), offer, std::move(*accepted));
  }
  offer.outcome = "refused";
  if (auto* answered = std::get_if<Answered>(&verdict)) {
    offer.why = answered->why;
    session.note({.kind = EventKind::refused, .why = answered->why});
    co_await answered->by->answer(exchange);
    co_return Next{};
  }
  if (auto* refused = std::get_if<Refuse>(&verdict)) {
    offer.why = refused->why;
    session.note(
        {.kind = EventKind::refused, .why = refused->why, .status = static_cast<std::uint16_t>(refused->status)});
    ResponseHead head(refused->status);
    head.fields = std::move(refused->fields);
    head.fields.add("Content-Type", "text/plain; charset=utf-8");
    const PooledString text = explanation(refused->status, sentence(refused->why));
    (void)co_await exchange.respond(std::move(head), as_bytes(text));
    co_return Next{};
  }
  offer.outcome = "declined";
  offer.why = std::get<Decline>(verdict).why;
  co_return Next{};
}

Task<Http1::Next> Http1::accept(Wire& wire, Session& session, const RequestHead& request, RequestBody& body,
                                const Route& route, const Offer& offer, Accept accepted) {
  // The commit point: everything that can fail has been done, and every earlier answer has been sent.
  const bool is_connect = request.method == "CONNECT";
  ResponseHead head(is_connect ? 200 : 101);
  if (!is_connect) head.fields.add("Upgrade", accepted.upgrade);
  for (const Field field : accepted.fields) head.fields.add(field.name, field.value);
  PooledString text;
  // RFC 9110 section 7.8: 100 comes before 101.
  if (body.still_expects_continue()) text.append("HTTP/1.1 100 Continue\r\n\r\n");
  append_response_head(text, head, {.connection = is_connect ? "" : "Upgrade"});
  session.note({.kind = EventKind::accepted, .why = accepted.why, .name = accepted.token});
  session.has_now_made(accepted.kind);
  wire.expires_after(session.limits().send_stall);
  // A server of HTTP/2 speaks at once (RFC 9113 section 3.4).
  if (accepted.kind == Switched::http2) wire.stream().more_follows();
  const Result<void> sent = co_await wire.write(std::string_view(text));
  wire.expires_never();  // the timers of requests end here (law L9); the successor has its own
  // Behind the 101, so that it is not among the bytes of what it leads to. Of the layers in Upgrade, as "TLS/1.2,
  // HTTP/1.1", the first is what was agreed on.
  const std::string_view upgrade = is_connect ? std::string_view(accepted.token) : std::string_view(accepted.upgrade);
  session.record_open({.request = &request,
                       .route = &route,
                       .via = offer.via,
                       .status = head.status,
                       .bytes_in = wire.peek().size(),
                       .offer = offer.text,
                       .token = upgrade.substr(0, upgrade.find(',')),
                       .reason = accepted.why});
  if (!sent) co_return Next{Next::Kind::close, reason_of(sent.error())};
  co_return Next{Next::Kind::change, accepted.why, std::move(accepted.successor)};
}

Task<Http1::Next> Http1::refuse_head(Wire& wire, Session& session, HeadError error, Record about) {
  ResponseHead head(error.status);
  head.fields.add("Content-Type", "text/plain; charset=utf-8");
  const PooledString content = explanation(error.status, error.what);
  PooledString text;
  append_response_head(
      text, head,
      {.date = http_date(session.worker().wall_ms()), .content_length = content.size(), .connection = "close"});
  text.append(content);
  const RequestHead unknown;
  if (about.request == nullptr) about.request = &unknown;
  about.status = error.status;
  about.began_ms = session.worker().now_ms();
  about.bytes_out = content.size();
  about.reason = error.why;
  session.record(about);
  wire.expires_after(session.limits().send_stall);
  const Result<void> sent = co_await wire.write(std::string_view(text));
  co_return Next{Next::Kind::close, sent ? error.why : reason_of(sent.error())};
}

}  // namespace turnout
