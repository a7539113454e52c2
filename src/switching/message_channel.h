// MessageChannel: a connection that carries messages - a WebSocket, over whatever it runs - and MessageApp, who talks
// on it.
//
//   Task<void> Echo::run(MessageChannel& channel) const {
//     while (true) {
//       const auto message = co_await channel.receive();
//       if (!message || !*message) co_return;
//       if (!co_await channel.send((*message)->kind, (*message)->payload)) co_return;
//     }
//   }
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "runtime/task.h"

namespace turnout {

enum class MessageKind : std::uint8_t { text, binary };

struct Message {
  MessageKind kind = MessageKind::binary;
  Bytes payload;  // until the next call on the channel; may be given to send()
};

class MessageChannel {
 public:
  virtual ~MessageChannel() = default;
  /// The next whole message; nothing once the peer has closed, or the channel was ended for it.
  virtual Task<Result<std::optional<Message>>> receive() = 0;
  virtual Task<Result<void>> send(MessageKind kind, Bytes payload) = 0;
  /// Starts the closing handshake; receive() then drains to nothing. Code as in RFC 6455 section 7.4.
  virtual Task<Result<void>> close(std::uint16_t code, std::string_view reason) = 0;
};

class MessageApp {
 public:
  virtual ~MessageApp() = default;
  virtual Task<void> run(MessageChannel& channel) const = 0;
  /// Of what the client offers (Sec-WebSocket-Protocol), in its order; empty for none.
  virtual std::string_view choose_subprotocol(std::string_view /*offered*/) const { return {}; }
};

}  // namespace turnout
