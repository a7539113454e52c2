#include "proxy/proxy_handler.h"

#include <algorithm>
#include <array>
#include <vector>

#include "proxy/pass_on.h"
#include "proxy/proxy_failure.h"
#include "proxy/upstream_pool.h"
#include "switching/session.h"

namespace turnout {
namespace {

// How many servers and connections a request is tried on.
constexpr std::size_t attempts_max = 3;

bool is_idempotent(std::string_view method) noexcept {
  constexpr std::array<std::string_view, 6> methods{"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
  return std::ranges::find(methods, method) != methods.end();
}

/// One attempt: what came of it.
struct Attempt {
  enum class Kind : std::uint8_t {
    done,          // answered, or the client has gone
    failed,        // there is a failure to tell
    other_server,  // nothing was sent
    fresh,         // the connection had become old; the same request may be sent on another
  } kind = Kind::done;
  ProxyFailure failure{};
};

Task<Attempt> converse(Exchange& exchange, UpstreamExchange& upstream, const UpstreamServer& server,
                       const ProxySettings& settings) {
  Passing passing(exchange, upstream, settings);
  const Result<void> sent = co_await passing.send_request(
      forward_request(exchange.request(), settings.hop(exchange.session(), server), settings.rules));
  Result<UpstreamAnswer> answer = std::unexpected(Error{});
  // A server may have answered, and closed, before it had all of the request.
  if (sent || sent.error().source == Source::upstream) answer = co_await passing.answer(settings.answer_timeout);
  if (!answer) {
    co_await passing.end();
    if (passing.is_client_gone() || answer.error().source == Source::downstream) {
      exchange.set_reason(Why::client_gone);
      co_return Attempt{};
    }
    if (!sent && sent.error().source == Source::internal) {
      co_return Attempt{Attempt::Kind::failed, {UpstreamError::http_request_error, Why::malformed}};
    }
    const bool is_old = answer.error().code == Code::end || answer.error().code == Code::reset;
    const bool may_be_repeated = is_old && upstream.was_used_before() && is_idempotent(exchange.request().method);
    // RFC 9113 section 8.7: what a stream was refused for has not been done.
    const bool is_refused = answer.error().code == Code::refused;
    if ((may_be_repeated || is_refused) && !passing.has_taken_body()) co_return Attempt{Attempt::Kind::fresh};
    co_return Attempt{Attempt::Kind::failed, failure_of(answer.error())};
  }
  if (answer->switches) {
    // U4, F28: nobody asked for it. What follows on either connection could be anything.
    co_await passing.end();
    exchange.close_after_answer();
    co_return Attempt{Attempt::Kind::failed, {UpstreamError::http_protocol_error, Why::switch_unasked}};
  }
  const Result<void> passed = co_await passing.pass_answer(std::move(*answer));
  co_await passing.end();
  if (!passed && passed.error().source == Source::upstream && !passing.is_client_gone()) {
    co_return Attempt{Attempt::Kind::failed, failure_of(passed.error())};
  }
  co_return Attempt{};
}

Task<Attempt> try_server(Exchange& exchange, UpstreamPool& pool, const UpstreamLease& lease,
                         UpstreamPool::Purpose purpose, const ProxySettings& settings) {
  const std::int64_t now_ms = exchange.session().worker().wall_ms();
  UpstreamPool::Opened upstream =
      co_await pool.open(lease.server(), purpose, settings.connect_how(exchange.session(), settings.connect_timeout));
  if (!upstream) {
    lease.state().failed(now_ms);
    co_return Attempt{Attempt::Kind::other_server, failure_of(upstream.error())};
  }
  const Attempt attempt = co_await converse(exchange, **upstream, lease.server(), settings);
  if (attempt.kind == Attempt::Kind::failed && attempt.failure.error != UpstreamError::http_request_error) {
    lease.state().failed(now_ms);
  } else if (attempt.kind == Attempt::Kind::done) {
    lease.state().succeeded();
  }
  co_return attempt;
}

}  // namespace

Task<void> ProxyHandler::serve(Exchange& exchange) const {
  const ProxySettings& settings = *settings_;
  if (!exchange.request().protocol.empty()) {
    exchange.set_reason(Why::token_not_on_route);
    (void)co_await exchange.respond(403, "This protocol is not among those that may be switched to here.\n");
    co_return;
  }
  Session& session = exchange.session();
  UpstreamPool& pool = settings.pool(session);
  std::vector<const UpstreamServerState*> tried;
  ProxyFailure failure;
  while (tried.size() < attempts_max) {
    std::optional<UpstreamLease> lease = settings.upstream->pick(session.worker().wall_ms(), tried);
    if (!lease) break;
    tried.push_back(&lease->state());
    Attempt result = co_await try_server(exchange, pool, *lease, UpstreamPool::Purpose::request, settings);
    if (result.kind == Attempt::Kind::fresh) {
      result = co_await try_server(exchange, pool, *lease, UpstreamPool::Purpose::fresh, settings);
    }
    if (result.kind == Attempt::Kind::done) co_return;
    failure = result.failure;
    if (result.kind != Attempt::Kind::other_server) break;
  }
  co_await answer_failure(exchange, failure);
}

}  // namespace turnout
