#include "protocols/websocket/websocket.h"

#include <algorithm>

#include "switching/session.h"
#include "transport/linger.h"

namespace turnout {

using websocket::CloseCode;
using websocket::Event;

WebSocket::WebSocket(const MessageApp& app, const websocket::EngineOptions& options)
    : app_(app), engine_(websocket::Role::server, options) {}

Task<Outcome> WebSocket::run(Wire wire, Session& session) {
  wire_ = &wire;
  session_ = &session;
  co_await app_.run(*this);
  if (!is_over()) (void)co_await end_with(static_cast<std::uint16_t>(CloseCode::normal), "", Why::application_closed);
  if (!peer_has_closed_ && why_ != Why::peer_reset && why_ != Why::send_timeout) co_await await_peers_close();
  const Millis limit = session.limits().linger;
  // A message that is refused for its length is on its way as a whole: the client that hears why is the one whose
  // bytes are still taken.
  const std::size_t bytes_max = std::max(linger_bytes_max, 2 * session.limits().message_bytes_max);
  // RFC 6455 section 7.1.1: the server ends the connection below first.
  if (why_ != Why::peer_reset) co_await linger(std::move(wire), limit, bytes_max);
  co_return Closed{why_};
}

Task<Result<std::optional<Message>>> WebSocket::receive() {
  using Received = Result<std::optional<Message>>;
  wire_->consume(std::exchange(handed_out_, 0));
  while (!is_over()) {
    MutableBytes input = wire_->peek_mutable();
    const std::size_t before = input.size();
    const Event event = before != 0 ? engine_.next(input) : Event{};
    const std::size_t used = before - input.size();
    switch (event.kind) {
      case Event::Kind::message:
        handed_out_ = used;  // the payload may lie in these bytes
        co_return Message{event.message_kind == websocket::MessageKind::text ? MessageKind::text : MessageKind::binary,
                          event.payload};
      case Event::Kind::ping:
      case Event::Kind::pong: wire_->consume(used); continue;
      case Event::Kind::close:
        peer_has_closed_ = true;
        wire_->consume(used);
        (void)co_await end_with(event.code, "", Why::peer_closed);
        co_return Received(std::nullopt);
      case Event::Kind::error:
        wire_->consume(used);
        (void)co_await end_with(event.code, sentence(event.why), event.why);
        co_return Received(std::nullopt);
      case Event::Kind::need_more: wire_->consume(used); break;
    }
    // Only the latest of the pings that came in is answered, before the wait for more (class W7).
    if (engine_.take_pong(output_)) {
      const Result<void> sent = co_await flush();
      if (!sent) co_return std::unexpected(sent.error());
    }
    if (!is_flushing_) wire_->expires_after(session_->limits().tunnel_idle);
    const Result<std::size_t> more = co_await wire_->fill();
    if (more && *more != 0) continue;
    if (more) {
      why_ = Why::peer_closed;  // without a close frame: 1006 in the words of RFC 6455
      peer_has_closed_ = true;
    } else if (more.error().code == Code::draining) {
      const std::string_view reason = session_->is_closing() ? "closed by an operator" : "the server is stopping";
      (void)co_await end_with(static_cast<std::uint16_t>(CloseCode::going_away), reason, Why::draining);
    } else if (more.error().code == Code::timed_out) {
      (void)co_await end_with(static_cast<std::uint16_t>(CloseCode::going_away), "idle for too long",
                              Why::idle_timeout);
    } else {
      why_ = Why::peer_reset;
    }
  }
  co_return Received(std::nullopt);
}

Task<Result<void>> WebSocket::send(MessageKind kind, Bytes payload) {
  if (is_over()) co_return fail(Code::end);
  engine_.encode_message(kind == MessageKind::text ? websocket::MessageKind::text : websocket::MessageKind::binary,
                         payload, output_);
  co_return co_await flush();
}

Task<Result<void>> WebSocket::close(std::uint16_t code, std::string_view reason) {
  co_return co_await end_with(code, reason, Why::application_closed);
}

Task<Result<void>> WebSocket::end_with(std::uint16_t code, std::string_view reason, Why why) {
  if (is_over()) co_return Result<void>();
  why_ = why;
  engine_.encode_close(code, reason, output_);
  co_return co_await flush();
}

// Writes what has gathered. Where a write is in flight already, that one takes it along.
Task<Result<void>> WebSocket::flush() {
  if (is_flushing_) co_return Result<void>();
  is_flushing_ = true;
  Result<void> sent;
  while (sent && !output_.empty()) {
    const websocket::Buffer frames = std::move(output_);
    output_ = {};
    wire_->expires_after(session_->limits().send_stall);
    sent = co_await wire_->write(frames.bytes());
  }
  is_flushing_ = false;
  if (!sent) why_ = sent.error().code == Code::timed_out ? Why::send_timeout : Why::peer_reset;
  co_return sent;
}

// After our close: the peer's, or the end of its patience (class W9). What else still comes is dropped.
Task<void> WebSocket::await_peers_close() {
  wire_->consume(std::exchange(handed_out_, 0));
  wire_->expires_after(session_->limits().close_wait);
  while (!engine_.input_ended()) {
    MutableBytes input = wire_->peek_mutable();
    if (!input.empty()) {
      const std::size_t before = input.size();
      const Event event = engine_.next(input);
      wire_->consume(before - input.size());
      if (event.kind != Event::Kind::need_more) continue;
    }
    const Result<std::size_t> more = co_await wire_->fill();
    if (!more && more.error().code == Code::draining) continue;
    if (!more || *more == 0) co_return;
  }
}

}  // namespace turnout
