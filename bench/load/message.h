// The message that tunnels carry, as it goes out, and the check of what comes back.
//
//   const Message message(64, true, false);
//   EchoCheck check(message);
//   switch (check.take(bytes)) { case EchoCheck::Result::complete: ... }
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "bench/shared/websocket_frame.h"

namespace turnout::bench {

struct Message {
  /// Raw bytes, or a masked binary frame, compressed where permessage-deflate was agreed on.
  Message(std::size_t bytes, bool of_websocket, bool is_deflated);

  const bool is_websocket;
  std::string payload;
  std::string wire;
  /// The payload of the first echo, where it was compressed: without context takeover all others are the same.
  std::string compressed_echo;
};

/// The text that messages are made of: alike in every run, and about as compressible as JSON.
std::string message_text(std::size_t bytes);

/// Follows the echoes of one tunnel.
class EchoCheck {
 public:
  enum class Result { more, complete, wrong };

  explicit EchoCheck(Message& message) : message_(message) {}

  /// At most one message is in flight, so nothing may follow its echo.
  Result take(std::string_view bytes);

 private:
  Result take_raw(std::string_view bytes);
  Result take_frames(std::string_view bytes);
  bool take_compressed(const FrameReader::Piece& piece);

  Message& message_;
  FrameReader reader_;
  std::size_t place_ = 0;
  std::string collected_;  // the first compressed echo
};

}  // namespace turnout::bench
