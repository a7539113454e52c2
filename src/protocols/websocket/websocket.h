// WebSocket: messages on a connection (RFC 6455), whatever the connection runs over: TCP, TLS, or a stream of HTTP/2.
//
// It carries the messages of a MessageApp, answers pings, and ends with the closing handshake. One receive and one send
// may be in flight.
#pragma once

#include <optional>

#include "codec/websocket/connection.h"
#include "switching/message_channel.h"
#include "switching/protocol.h"

namespace turnout {

class WebSocket final : public Protocol, private MessageChannel {
 public:
  WebSocket(const MessageApp& app, const websocket::EngineOptions& options);

  const char* name() const noexcept override { return "websocket"; }
  Task<Outcome> run(Wire wire, Session& session) override;

 private:
  Task<Result<std::optional<Message>>> receive() override;
  Task<Result<void>> send(MessageKind kind, Bytes payload) override;
  Task<Result<void>> close(std::uint16_t code, std::string_view reason) override;

  Task<Result<void>> flush();
  Task<Result<void>> end_with(std::uint16_t code, std::string_view reason, Why why);
  Task<void> await_peers_close();
  bool is_over() const noexcept { return why_ != Why::none; }

  const MessageApp& app_;
  websocket::Engine engine_;
  websocket::Buffer output_;  // frames that are not written yet; empty while nothing happens
  Wire* wire_ = nullptr;
  Session* session_ = nullptr;
  std::size_t handed_out_ = 0;  // of the wire's unread bytes: a message that the app looks at
  Why why_ = Why::none;         // the first reason to end
  bool peer_has_closed_ = false;
  bool is_flushing_ = false;
};

}  // namespace turnout
