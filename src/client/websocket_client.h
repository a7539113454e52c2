// WebSocketClient: one message there and the first one back, or every message until the server closes.
#pragma once

#include "client/conversation.h"
#include "client/pump.h"
#include "codec/websocket/connection.h"
#include "codec/websocket/handshake.h"
#include "switching/protocol.h"

namespace turnout::client {

class WebSocketClient final : public Protocol {
 public:
  WebSocketClient(Conversation& conversation, const websocket::ClientHandshake& handshake);

  const char* name() const noexcept override { return "websocket"; }
  Task<Outcome> run(Wire wire, Session& session) override;

 private:
  Bytes next_to_send();
  Task<void> converse(Wire& wire, Pump& pump, Millis close_wait);
  /// False once the conversation is over.
  bool handle(const websocket::Event& event);
  void handle_message(const websocket::Event& event);
  void handle_close(const websocket::Event& event);
  void close(std::uint16_t code);
  bool waits_for_message() const noexcept { return conversation_.request.data.has_value() && !answered_; }
  void fail(std::string_view what);

  Conversation& conversation_;
  websocket::Engine engine_;
  websocket::Buffer queued_;   // for the next write
  websocket::Buffer writing_;  // the pump may be at it
  bool answered_ = false;
};

}  // namespace turnout::client
