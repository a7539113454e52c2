// The header of a WebSocket frame (RFC 6455 section 5.2).
//
//   FrameRules rules{.masked = true, .rsv1_allowed = false};             // what a server expects of a client
//   auto header = decode_frame_header(input, rules);
//   if (header) apply_mask(payload, header->mask, 0);
//   else if (header.error() != FrameFault::incomplete) ...               // close with 1002
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>

#include "base/bytes.h"
#include "codec/websocket/mask.h"

namespace turnout::websocket {

enum class Opcode : std::uint8_t { continuation = 0x0, text = 0x1, binary = 0x2, close = 0x8, ping = 0x9, pong = 0xA };

constexpr bool is_control(Opcode opcode) noexcept {
  return (static_cast<std::uint8_t>(opcode) & 0x8) != 0;
}

inline constexpr std::size_t frame_header_bytes_max = 14;
inline constexpr std::size_t control_payload_bytes_max = 125;

struct FrameHeader {
  Opcode opcode = Opcode::binary;
  bool fin = true;
  bool rsv1 = false;  // permessage-deflate: the message that begins here is compressed (RFC 7692 section 6)
  bool masked = false;
  MaskKey mask{};
  std::uint8_t header_bytes = 0;  // set by decoding, not used in encoding
  std::uint64_t payload_bytes = 0;
};

/// What the receiver demands of every frame.
struct FrameRules {
  bool masked;        // true where the sender is a client (RFC 6455 section 5.1)
  bool rsv1_allowed;  // true where permessage-deflate was negotiated
};

enum class FrameFault : std::uint8_t {
  incomplete,          // no fault: more bytes are needed
  reserved_bits,       // RSV bits without an extension that gives them a meaning
  unknown_opcode,      //
  control_fragmented,  // a control frame without FIN
  control_too_long,    // a control frame with more than 125 bytes
  mask_missing,        // a client's frame without a mask
  mask_unexpected,     // a server's frame with one
  length_not_minimal,  // a longer form of the length than needed
  length_too_large,    // the most significant bit of the 64-bit length is set
};

/// Reads one header from the front of `input`. A fault is reported with the first byte that proves it.
std::expected<FrameHeader, FrameFault> decode_frame_header(Bytes input, FrameRules rules) noexcept;

/// Writes the header in its minimal form and says how many bytes that took. The mask goes along where `masked` is set.
std::size_t encode_frame_header(const FrameHeader& header, std::span<std::byte, frame_header_bytes_max> out) noexcept;

/// How many bytes encode_frame_header() will write.
constexpr std::size_t frame_header_bytes(std::uint64_t payload_bytes, bool masked) noexcept {
  const std::size_t length_bytes = payload_bytes <= 125 ? 0 : payload_bytes <= 0xFFFF ? 2 : 8;
  return 2 + length_bytes + (masked ? 4 : 0);
}

}  // namespace turnout::websocket
