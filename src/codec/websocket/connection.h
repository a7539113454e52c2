// Engine: one side of an open WebSocket without its socket (RFC 6455 sections 5 to 8). Bytes go in, events come out.
// The same engine serves TCP, TLS and streams of HTTP/2.
//
//   Engine engine(Role::server, {.deflate = handshake.deflate});
//   MutableBytes input = ...;                                    // what was read; it is unmasked in place
//   while (true) {
//     Event event = engine.next(input);                          // takes from the front of input
//     if (event.kind == Event::Kind::need_more) break;           // input is empty now
//     if (event.kind == Event::Kind::message) engine.encode_message(event.message_kind, event.payload, out);
//     if (event.kind == Event::Kind::close || event.kind == Event::Kind::error) {
//       engine.encode_close(event.code, "", out);                // then close the connection
//       break;
//     }
//   }
//   engine.take_pong(out);                                       // one answer, however many pings came in
//
// The payload of an event is valid until the next call of next(). It lies in `input` itself where a message, neither
// fragmented nor compressed, was there as a whole; only what is split across reads is collected on the heap, and an
// engine between two messages holds no buffer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/pool.h"
#include "base/why.h"
#include "codec/websocket/buffer.h"
#include "codec/websocket/close_code.h"
#include "codec/websocket/deflate.h"
#include "codec/websocket/extensions.h"
#include "codec/websocket/frame.h"
#include "codec/websocket/utf8.h"

namespace turnout::websocket {

enum class Role : std::uint8_t { server, client };
enum class MessageKind : std::uint8_t { text, binary };

struct EngineOptions {
  std::size_t message_bytes_max = Limits().message_bytes_max;  // restored size; compressed, see wire_bytes_max()
  std::uint32_t fragments_max = Limits().fragments_max;
  std::size_t compress_bytes_min = 64;  // shorter messages go out as they are
  std::optional<Deflate> deflate;
  std::uint8_t compression_level = compression_level_default;
};

struct Event {
  enum class Kind : std::uint8_t {
    need_more,  // all input was taken
    message,    // message_kind, payload
    ping,       // payload; take_pong() answers it
    pong,       // payload
    close,      // code (1005: the peer gave none), payload is the reason in UTF-8; nothing comes after it
    error,      // code to close with, why; nothing comes after it
  };
  Kind kind = Kind::need_more;
  MessageKind message_kind = MessageKind::binary;
  std::uint16_t code = 0;
  Why why = Why::none;
  Bytes payload = {};
};

class Engine {
 public:
  Engine(Role role, const EngineOptions& options);

  /// Takes bytes from the front of `input` until something has happened or `input` is empty.
  Event next(MutableBytes& input);

  /// Append frames to `out`. False, and nothing is appended, once a close was sent: nothing may follow it
  /// (section 5.5.1); also where the payload of a control frame is longer than 125 bytes.
  bool encode_message(MessageKind kind, Bytes payload, Buffer& out);
  bool encode_ping(Bytes payload, Buffer& out);
  bool encode_pong(Bytes payload, Buffer& out);
  /// A code that may not stand on the wire, as 1005, makes an empty close frame. A long reason is cut to fit.
  bool encode_close(std::uint16_t code, std::string_view reason, Buffer& out);
  bool encode_close(CloseCode code, std::string_view reason, Buffer& out) {
    return encode_close(static_cast<std::uint16_t>(code), reason, out);
  }

  /// Appends the pong that is due, if one is: to the latest ping only (section 5.5.3), so that a flood of pings
  /// costs no memory while nobody reads the answers (W7).
  bool take_pong(Buffer& out);

  bool close_sent() const noexcept { return close_sent_; }
  /// The peer's close has come, or it broke the rules: whatever else comes in is thrown away.
  bool input_ended() const noexcept { return ended_; }
  /// Between two messages, nothing held: this side could be handed to another process.
  bool idle() const noexcept;
  /// Memory that is taken for the message that is coming in.
  std::size_t held_bytes() const noexcept { return message_.capacity(); }

 private:
  struct Control {
    std::uint8_t size = 0;
    std::array<std::byte, control_payload_bytes_max> payload;
    Bytes bytes() const noexcept { return Bytes(payload).first(size); }
  };

  bool read_header(MutableBytes& input, FrameFault& fault) noexcept;
  Event begin_frame();
  std::uint64_t wire_bytes_max() const noexcept;
  Event take_control(MutableBytes& input);
  Event take_data(MutableBytes& input);
  Event finish_control(Bytes payload);
  Event finish_message(Bytes payload);
  Event finish_close(Bytes payload);
  MutableBytes take_payload(MutableBytes& input) noexcept;
  Event error(CloseCode code, Why why);
  void append_frame(FrameHeader header, Bytes payload, Buffer& out);
  bool append_compressed(FrameHeader header, Bytes payload, Buffer& out);

  // Limits and what was agreed on.
  std::size_t message_bytes_max_;
  std::size_t compress_bytes_min_;
  std::uint32_t fragments_max_;
  Deflate deflate_;
  std::uint8_t compression_level_;
  Role role_;
  bool compression_ : 1;

  // Where the input stands.
  bool in_frame_ : 1 = false;
  bool in_message_ : 1 = false;
  bool compressed_ : 1 = false;
  bool delivered_ : 1 = false;  // the last event's payload lies in message_ or control_
  bool ended_ : 1 = false;
  bool close_sent_ : 1 = false;
  MessageKind message_kind_ = MessageKind::binary;
  Utf8Validator utf8_;
  std::uint8_t header_have_ = 0;
  std::array<std::byte, frame_header_bytes_max> header_bytes_;
  std::uint32_t fragments_ = 0;
  FrameHeader frame_;
  std::uint64_t frame_taken_ = 0;         // bytes of the frame's payload
  std::uint64_t message_wire_bytes_ = 0;  // payload bytes of the message's frames, declared so far
  Buffer message_;

  std::unique_ptr<Control> control_;  // a control frame that is split across reads
  std::unique_ptr<Control> ping_;     // the latest that was not answered
  std::unique_ptr<Inflater> inflater_;
  std::unique_ptr<Deflater> deflater_;
};

}  // namespace turnout::websocket
