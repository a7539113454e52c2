#include "proxy/proxy_upgrader.h"

#include "base/ascii.h"
#include "codec/websocket/handshake.h"
#include "proxy/pass_on.h"
#include "proxy/proxy_failure.h"
#include "proxy/switch_translation.h"
#include "proxy/upstream_pool.h"
#include "switching/session.h"

namespace turnout {
namespace {

/// What stands against an offer before anybody is asked; nothing where it may be passed on.
std::optional<Verdict> objection(const UpgradeOffer& offer, const UpgradeToken& token, const Session& session) {
  const RequestHead& head = offer.request->head;
  // How to get TLS is in the ordinary answer.
  if (offer.route->is_for_tls_only() && !session.is_secure()) return Decline{Why::upgrade_required};
  if (iequals(token.name, "websocket")) {
    const auto handshake = websocket::check_request(head);
    if (!handshake) return Refuse{handshake.error().status, handshake.error().why, handshake.error().fields};
    // Any is allowed unless the route says otherwise: Origin is passed on, for the server to judge (W1).
    if (!websocket::origin_allowed(head, offer.route->origins)) {
      return Refuse{403, Why::origin_not_allowed, {}};
    }
    return std::nullopt;
  }
  // A method without content, or one whose content was read to its end (law L4).
  if (offer.via == UpgradeOffer::Via::h1_upgrade && head.method != "GET" && head.method != "POST") {
    return Decline{Why::method_not_for_token};
  }
  return std::nullopt;
}

/// The upstream server's answer that is no switch, on its way to the client.
class UpstreamAnswerer final : public Answerer {
 public:
  UpstreamAnswerer(std::unique_ptr<UpstreamExchange> upstream, UpstreamAnswer answer, UpstreamLease lease,
                   std::shared_ptr<const ProxySettings> settings)
      : upstream_(std::move(upstream)),
        answer_(std::move(answer)),
        lease_(std::move(lease)),
        settings_(std::move(settings)) {}

  Task<void> answer(Exchange& exchange) override {
    Passing passing(exchange, *upstream_, *settings_);
    const Result<void> passed = co_await passing.pass_answer(std::move(answer_));
    co_await passing.end();
    if (!passed && passed.error().source == Source::upstream) {
      co_await answer_failure(exchange, failure_of(passed.error()));
    }
  }

 private:
  std::unique_ptr<UpstreamExchange> upstream_;
  UpstreamAnswer answer_;
  UpstreamLease lease_;
  std::shared_ptr<const ProxySettings> settings_;
};

/// A tunnel's place among the connections of its server, and the news that the server is gone.
class TunnelLease final : public Tunnel::Keep {
 public:
  TunnelLease(UpstreamLease lease, Worker& worker)
      : lease_(std::move(lease)), watch_(lease_.state(), worker, this, &on_down) {}
  void watch(Waiter* ends) override {
    ends_ = ends;
    if (is_down_ && ends_ != nullptr) watch_.worker().post(*ends_);
  }
  const std::string& server_name() const noexcept override { return lease_.server().name; }

 private:
  static void on_down(void* target, UpstreamServerState::Health /*health*/) noexcept {
    auto& self = *static_cast<TunnelLease*>(target);
    self.is_down_ = true;
    if (self.ends_ != nullptr) self.watch_.worker().post(*self.ends_);
  }

  UpstreamLease lease_;
  Waiter* ends_ = nullptr;
  [[no_unique_address]] UpstreamServerState::Watch watch_;
  bool is_down_ = false;
};

/// Sends the request with its whole body, and waits for the answer that is not an interim one.
Task<Result<UpstreamAnswer>> ask(UpstreamExchange& upstream, const SwitchRequest& asked, const UpgradeOffer& offer,
                                 const ProxySettings& settings, Millis limit) {
  const std::string_view body = offer.request->body;
  const Result<void> sent = co_await upstream.send(asked.head, {body.empty(), body.size()});
  if (!sent) co_return std::unexpected(sent.error());
  if (!body.empty()) {
    Result<void> written = co_await upstream.write(as_bytes(body));
    if (written) written = co_await upstream.finish({});
    if (!written) co_return std::unexpected(written.error());
  }
  co_return co_await final_answer(upstream, offer.exchange, settings.rules, limit);
}

/// A connection that was opened ahead of need, and that its server ended before it got the request or while it did:
/// nothing came back. A GET without content may be sent once more (RFC 9110 section 9.2.2).
bool was_too_old(const UpstreamExchange& upstream, const Result<UpstreamAnswer>& answer, const SwitchRequest& asked,
                 const UpgradeOffer& offer) {
  if (answer || !upstream.was_used_before()) return false;
  const Error error = answer.error();
  const bool has_ended = error.source == Source::upstream && (error.code == Code::end || error.code == Code::reset);
  return has_ended && asked.head.method == "GET" && offer.request->body.empty();
}

/// Law L3: both sides are closed where an answer cannot be trusted, or never came.
Verdict give_up(const UpgradeOffer& offer, ProxyFailure failure) {
  if (offer.exchange != nullptr) offer.exchange->close_after_answer();
  return refuse_with(failure);
}

}  // namespace

Task<Verdict> ProxyUpgrader::consider(const UpgradeOffer& offer, const UpgradeToken& token, Session& session) const {
  const ProxySettings& settings = *settings_;
  if (auto verdict = objection(offer, token, session)) co_return std::move(*verdict);
  UpstreamPool& pool = settings.pool(session);
  const Worker& worker = session.worker();
  const std::uint64_t due_ms = worker.now_ms() + static_cast<std::uint64_t>(settings.upgrade_timeout.count());
  const auto left = [&] { return Millis(worker.now_ms() < due_ms ? due_ms - worker.now_ms() : 1); };
  std::vector<const UpstreamServerState*> tried;
  ProxyFailure failure;
  while (worker.now_ms() < due_ms) {
    std::optional<UpstreamLease> lease = settings.upstream->pick(worker.wall_ms(), tried);
    if (!lease) break;
    tried.push_back(&lease->state());
    const ConnectHow how = settings.connect_how(session, left());
    UpstreamPool::Opened upstream = co_await pool.open(lease->server(), UpstreamPool::Purpose::change, how);
    if (!upstream) {
      // Nothing was sent: another server may be asked.
      lease->state().failed(worker.wall_ms());
      failure = failure_of(upstream.error());
      continue;
    }
    const HttpVersion version = (*upstream)->version();
    const bool from_http1 = offer.via == UpgradeOffer::Via::h1_upgrade;
    // Extended CONNECT has no method and no body to pass on; of the others only WebSocket is defined both ways.
    if (version == HttpVersion::http2 && from_http1 && !iequals(token.name, "websocket")) {
      co_return give_up(offer, failure_of(Error{Code::unsupported, Source::upstream}));
    }
    RequestHead forwarded =
        forward_request(offer.request->head, settings.hop(session, lease->server()), settings.rules);
    if (!from_http1) forwarded.protocol = offer.request->head.protocol;
    const SwitchRequest asked = switch_request(std::move(forwarded), token.text, version);
    Result<UpstreamAnswer> answer = co_await ask(**upstream, asked, offer, settings, left());
    if (was_too_old(**upstream, answer, asked, offer)) {
      upstream = co_await pool.open(lease->server(), UpstreamPool::Purpose::fresh_change,
                                    settings.connect_how(session, left()));
      if (!upstream) {
        lease->state().failed(worker.wall_ms());
        failure = failure_of(upstream.error());
        continue;
      }
      answer = co_await ask(**upstream, asked, offer, settings, left());
    }
    if (!answer) {
      lease->state().failed(worker.wall_ms());
      co_return give_up(offer, failure_of(answer.error()));
    }
    lease->state().succeeded();
    if (!is_switch_answer(answer->head.status, version)) {
      co_return Answered{
          Why::upstream_declined,
          std::make_unique<UpstreamAnswerer>(std::move(*upstream), std::move(*answer), std::move(*lease), settings_)};
    }
    if (const Why why = check_switch_answer(answer->head, asked); why != Why::none) {
      co_return give_up(offer, {UpstreamError::http_upgrade_failed, why});
    }
    const char* listed = offer.route->find_token(token.text);
    if (listed == nullptr) listed = offer.route->find_token(token.name);
    Accept accept;
    accept.token = listed != nullptr ? listed : "";
    accept.upgrade = token.text;
    accept.fields = switch_answer_fields(forward_response(answer->head, settings.rules), asked, offer.request->head);
    accept.successor = std::make_unique<Tunnel>((*upstream)->take_wire(), token.name, settings.tunnel,
                                                std::make_unique<TunnelLease>(std::move(*lease), session.worker()));
    if (iequals(token.name, "websocket")) accept.kind = Switched::websocket;
    co_return accept;
  }
  co_return give_up(offer, failure);
}

}  // namespace turnout
