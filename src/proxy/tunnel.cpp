#include "proxy/tunnel.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "codec/websocket/frame.h"
#include "codec/websocket/mask_key.h"
#include "switching/session.h"
#include "transport/linger.h"

namespace turnout {

Tunnel::Tunnel(Wire upstream, std::string_view token, const TunnelLimits& limits, std::unique_ptr<Keep> keep)
    : Waiter([](Waiter& waiter) noexcept { static_cast<Tunnel&>(waiter).stop(Why::upstream_down); }),
      Timer([](Timer& timer) noexcept { static_cast<Tunnel&>(timer).look_at_time(); }),
      upstream_(std::move(upstream)),
      idle_(limits.idle),
      half_close_(limits.half_close),
      keep_(std::move(keep)) {
  if (limits.lifetime != Millis(0)) {
    end_ms_ = upstream_.worker().now_ms() + static_cast<std::uint64_t>(limits.lifetime.count());
  }
  if (iequals(token, "websocket")) frames_ = std::make_unique<Frames>();
  if (keep_) keep_->watch(&order());
}

Tunnel::~Tunnel() {
  // Not before: the record of its end names the server.
  if (session_ != nullptr) session_->set_upstream(nullptr);
  if (keep_) keep_->watch(nullptr);
  upstream_.worker().unpost(order());
}

Task<Outcome> Tunnel::run(Wire client, Session& session) {
  session_ = &session;
  client.expires_never();
  upstream_.expires_never();
  if (keep_) session.set_upstream(&keep_->server_name());
  Worker& worker = session.worker();
  RelayEnd end{RelayEnd::Kind::stopped, false, Code::ok};
  if (stopped_why_ == Why::none) {
    Relay relay(client, upstream_, *this);
    relay_ = &relay;
    silent_ms_ = worker.now_ms() + static_cast<std::uint64_t>(idle_.count());
    watch_limits();
    end = co_await relay;
    relay_ = nullptr;
  }
  worker.wheel().clear(limit());
  const Why why = judge(end);
  co_await leave(std::move(client), end, why, session.limits().linger);
  co_return Closed{why};
}

void Tunnel::look_at_time() noexcept {
  if (!has_stayed_) upstream_.stream().stay_for_long();
  has_stayed_ = true;
  watch_limits();
}

void Tunnel::watch_limits() noexcept {
  Worker& worker = upstream_.worker();
  if (worker.now_ms() >= end_ms_) return stop(end_why_);
  if (worker.now_ms() >= silent_ms_) return stop(Why::idle_timeout);
  std::uint64_t due_ms = std::min(silent_ms_, end_ms_);
  if (!has_stayed_) due_ms = std::min(due_ms, worker.now_ms() + static_cast<std::uint64_t>(stays_after.count()));
  worker.wheel().set(limit(), due_ms);
}

void Tunnel::stop(Why why) noexcept {
  if (stopped_why_ == Why::none) stopped_why_ = why;
  if (relay_ != nullptr) relay_->stop(Code::cancelled);
}

Relay::Interest Tunnel::interest(bool forth) const noexcept {
  if (!frames_) return Relay::Interest::none;
  const websocket::FrameTracker& frames = forth ? frames_->from_client : frames_->from_upstream;
  if (frames.is_over()) return Relay::Interest::none;
  return frames.is_large() ? Relay::Interest::few : Relay::Interest::all;
}

void Tunnel::passed(bool forth, Bytes bytes) noexcept {
  if (frames_) (forth ? frames_->from_client : frames_->from_upstream).pass(bytes);
  something_passed();
}

void Tunnel::moved(bool forth, SplicePipe::Look& look) noexcept {
  if (frames_) (forth ? frames_->from_client : frames_->from_upstream).pass(look);
  something_passed();
}

void Tunnel::something_passed() noexcept {
  silent_ms_ = upstream_.worker().now_ms() + static_cast<std::uint64_t>(idle_.count());
  if (draining_ && frames_ && frames_->from_upstream.is_between_frames()) stop(Why::draining);
}

void Tunnel::half_closed(bool forth) noexcept {
  first_end_ = forth ? Why::peer_closed : Why::upstream_closed;
  end_within(half_close_, Why::half_close_timeout);
}

void Tunnel::end_within(Millis time, Why why) noexcept {
  const std::uint64_t due_ms = upstream_.worker().now_ms() + static_cast<std::uint64_t>(time.count());
  if (end_ms_ <= due_ms) return;
  end_why_ = why;
  end_ms_ = due_ms;
  watch_limits();
}

bool Tunnel::interrupted(bool /*forth*/, Code why) noexcept {
  if (why != Code::draining) {
    stopped_why_ = Why::internal;
    return true;
  }
  // A WebSocket is closed where a frame ends. Other protocols have no word for it: they go on until the limit is over,
  // unless it is this one tunnel that somebody wants to end.
  draining_ = true;
  const bool may_end = frames_ ? frames_->from_upstream.is_between_frames() : session_->is_closing();
  if (!may_end) {
    // The rest of a frame may never come.
    if (session_->is_closing()) end_within(session_->limits().close_wait, Why::draining);
    return false;
  }
  stopped_why_ = Why::draining;
  return true;
}

Why Tunnel::judge(const RelayEnd& end) const noexcept {
  switch (end.kind) {
    case RelayEnd::Kind::done: return first_end_;
    case RelayEnd::Kind::broken: return end.at_first ? Why::peer_reset : Why::upstream_reset;
    case RelayEnd::Kind::stopped: break;
  }
  return stopped_why_;
}

Task<void> Tunnel::leave(Wire client, const RelayEnd& end, Why why, Millis linger_limit) {
  if (end.kind == RelayEnd::Kind::broken) {
    // A reset of one side is passed on as one (RFC 8441 section 5), but a WebSocket can be told in its own words.
    if (end.at_first) {
      upstream_.stream().abort();
    } else if (frames_ && frames_->from_upstream.is_between_frames()) {
      co_await say_close(client, true, websocket::CloseCode::service_restart);
      co_await linger(std::move(client), linger_limit);
    } else {
      client.stream().abort();
    }
    co_return;
  }
  if (end.kind == RelayEnd::Kind::stopped) {
    if (frames_) {
      const auto code =
          why == Why::upstream_down ? websocket::CloseCode::service_restart : websocket::CloseCode::going_away;
      co_await say_close(client, true, code);
      co_await say_close(upstream_, false, websocket::CloseCode::going_away);
    }
    upstream_.expires_after(linger_limit);
    (void)co_await upstream_.close_write();
    co_await linger(std::move(client), linger_limit);
  }
}

Task<void> Tunnel::say_close(Wire& wire, bool to_client, websocket::CloseCode code) {
  if (!(to_client ? frames_->from_upstream : frames_->from_client).is_between_frames()) co_return;
  const websocket::FrameHeader header{.opcode = websocket::Opcode::close,
                                      .masked = !to_client,
                                      .mask = to_client ? websocket::MaskKey{} : websocket::next_mask_key(),
                                      .payload_bytes = 2};
  std::array<std::byte, websocket::frame_header_bytes_max + 2> frame;
  const std::size_t n =
      websocket::encode_frame_header(header, std::span(frame).first<websocket::frame_header_bytes_max>());
  const auto number = static_cast<std::uint16_t>(code);
  const MutableBytes payload = std::span(frame).subspan(n, 2);
  payload[0] = static_cast<std::byte>(number >> 8);
  payload[1] = static_cast<std::byte>(number & 0xff);
  if (header.masked) websocket::apply_mask(payload, header.mask, 0);
  wire.expires_after(Millis(1'000));  // where it cannot be said at once, it is not worth waiting for
  (void)co_await wire.write(Bytes(frame).first(n + 2));
  wire.expires_never();
}

}  // namespace turnout
