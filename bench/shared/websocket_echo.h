// Turns the frames of a client into the same frames of a server, as they arrive and in the memory that they arrived in.
//
//   char* bytes = buffer + WebSocketEcho::room;
//   const auto answer = echo.turn(bytes, socket.receive(bytes, size));
//   outbox.send(socket, answer.data(), answer.size());
#pragma once

#include <span>

#include "bench/shared/websocket_frame.h"

namespace turnout::bench {

class WebSocketEcho {
 public:
  /// How much in front of the bytes has to be writable.
  static constexpr std::size_t room = frame_header_bytes_max;

  /// What to send. A ping becomes a pong.
  std::span<char> turn(char* bytes, std::size_t count) noexcept;
  /// A close frame has been answered, or a rule broken: nothing comes any more.
  bool over() const noexcept { return over_; }

 private:
  HeaderReader header_reader_;
  FrameHeader header_;
  std::uint64_t left_ = 0;
  std::uint64_t place_ = 0;
  bool in_frame_ = false;
  bool over_ = false;
};

}  // namespace turnout::bench
