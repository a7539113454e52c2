#include "client/websocket_client.h"

#include <fmt/core.h>

#include "client/deadline.h"
#include "switching/session.h"

namespace turnout::client {
namespace {

using websocket::CloseCode;
using websocket::Event;
using websocket::MessageKind;

constexpr std::size_t shown_bytes_max = 200;  // of a message, with -v

std::string describe(MessageKind kind, Bytes payload) {
  if (kind == MessageKind::binary) return fmt::format("binary message, {} bytes", payload.size());
  return fmt::format("text message, {} bytes: {}", payload.size(),
                     as_text(payload.first(std::min(payload.size(), shown_bytes_max))));
}

bool is_ordinary(std::uint16_t code) noexcept {
  return code == static_cast<std::uint16_t>(CloseCode::normal) ||
         code == static_cast<std::uint16_t>(CloseCode::going_away) ||
         code == static_cast<std::uint16_t>(CloseCode::no_status);
}

}  // namespace

WebSocketClient::WebSocketClient(Conversation& conversation, const websocket::ClientHandshake& handshake)
    : conversation_(conversation), engine_(websocket::Role::client, {.deflate = handshake.deflate}) {
  conversation_.note(handshake.deflate ? "messages may be compressed (permessage-deflate)" : "no compression");
}

Task<Outcome> WebSocketClient::run(Wire wire, Session& session) {
  const Request& request = conversation_.request;
  Pump pump(wire, [this] { return next_to_send(); });
  if (request.data) {
    const MessageKind kind = request.data_is_binary ? MessageKind::binary : MessageKind::text;
    engine_.encode_message(kind, as_bytes(*request.data), queued_);
    conversation_.sent(describe(kind, as_bytes(*request.data)));
  }
  wire.expires_after(request.timeout);
  pump.start();
  co_await converse(wire, pump, session.limits().close_wait);
  wire.expires_after(session.limits().close_wait);
  pump.start();
  co_await pump.join();
  (void)co_await wire.close_write();
  co_return Closed{Why::done};
}

Bytes WebSocketClient::next_to_send() {
  // Only when the last piece is out: a flood of pings costs no memory while the server does not read.
  engine_.take_pong(queued_);
  writing_.clear();
  std::swap(queued_, writing_);
  return std::as_const(writing_).bytes();
}

Task<void> WebSocketClient::converse(Wire& wire, Pump& pump, Millis close_wait) {
  Deadline answer_deadline(wire, conversation_.request.timeout);
  std::optional<Deadline> close_deadline;
  while (true) {
    MutableBytes input = wire.peek_mutable();
    const std::size_t given = input.size();
    const Event event = engine_.next(input);
    // The payload may lie in what is consumed here: it stays where it is until the next read.
    const bool goes_on = handle(event);
    wire.consume(given - input.size());
    if (!goes_on) co_return;
    pump.start();
    if (event.kind != Event::Kind::need_more) continue;

    // A listener waits as long as it takes; only an answer that is due has a deadline.
    if (engine_.close_sent()) {
      if (!close_deadline) close_deadline.emplace(wire, close_wait);
      close_deadline->arm();
    } else if (waits_for_message()) {
      answer_deadline.arm();
    } else {
      wire.expires_never();
    }
    const Result<std::size_t> more = co_await wire.fill();
    if (more && *more != 0) continue;
    // After the first message we have what we came for, closed politely or not.
    if (!answered_) {
      (void)conversation_.fail(more ? Error{Code::end, Source::upstream} : more.error(),
                               waits_for_message() ? "a message" : "a close frame (1006)");
    }
    co_return;
  }
}

bool WebSocketClient::handle(const Event& event) {
  switch (event.kind) {
    case Event::Kind::need_more: return true;
    case Event::Kind::message: handle_message(event); return true;
    case Event::Kind::ping: conversation_.received(fmt::format("ping, {} bytes", event.payload.size())); return true;
    case Event::Kind::pong: conversation_.received(fmt::format("pong, {} bytes", event.payload.size())); return true;
    case Event::Kind::close: handle_close(event); return false;
    case Event::Kind::error:
      close(event.code);
      fail(sentence(event.why));
      return false;
  }
  return false;
}

void WebSocketClient::handle_message(const Event& event) {
  conversation_.received(describe(event.message_kind, event.payload));
  if (engine_.close_sent()) return;  // only the first one was asked for
  const bool delivered = conversation_.deliver(event.payload);
  // A text is a line; what is binary comes out as it is.
  if (delivered && event.message_kind == MessageKind::text) (void)conversation_.deliver(as_bytes("\n"));
  if (!conversation_.request.data && !conversation_.failure) return;
  answered_ = true;
  close(static_cast<std::uint16_t>(CloseCode::normal));
}

void WebSocketClient::handle_close(const Event& event) {
  conversation_.received(fmt::format("close, {} {}", event.code, as_text(event.payload)));
  const bool was_asked_for = engine_.close_sent();
  if (!was_asked_for) close(event.code);
  if (was_asked_for) return;
  const std::string_view reason = as_text(event.payload);
  if (waits_for_message()) {
    fail(fmt::format("the server closed with {} {}, and no message came before", event.code, reason));
  } else if (!is_ordinary(event.code)) {
    fail(fmt::format("the server closed with {} {}", event.code, reason));
  }
}

void WebSocketClient::close(std::uint16_t code) {
  if (engine_.encode_close(code, "", queued_)) conversation_.sent(fmt::format("close, {}", code));
}

void WebSocketClient::fail(std::string_view what) {
  (void)conversation_.fail(Exit::protocol,
                           fmt::format("{}: WebSocket: {}", conversation_.request.url.place(), printable(what, 300)));
}

}  // namespace turnout::client
