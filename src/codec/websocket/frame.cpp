#include "codec/websocket/frame.h"

#include <cstring>

namespace turnout::websocket {
namespace {

constexpr std::uint8_t fin_bit = 0x80;
constexpr std::uint8_t rsv1_bit = 0x40;
constexpr std::uint8_t rsv2_and_3_bits = 0x30;
constexpr std::uint8_t mask_bit = 0x80;

std::uint64_t read_big_endian(Bytes bytes) noexcept {
  std::uint64_t value = 0;
  for (std::byte b : bytes) value = value << 8 | std::to_integer<std::uint64_t>(b);
  return value;
}

void write_big_endian(std::uint64_t value, MutableBytes out) noexcept {
  for (std::size_t i = out.size(); i-- > 0; value >>= 8) out[i] = static_cast<std::byte>(value & 0xFF);
}

constexpr bool is_known(std::uint8_t opcode) noexcept {
  return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xA);
}

}  // namespace

std::expected<FrameHeader, FrameFault> decode_frame_header(Bytes input, FrameRules rules) noexcept {
  if (input.empty()) return std::unexpected(FrameFault::incomplete);
  const auto first = std::to_integer<std::uint8_t>(input[0]);
  if ((first & rsv2_and_3_bits) != 0) return std::unexpected(FrameFault::reserved_bits);
  const std::uint8_t opcode = first & 0x0F;
  if (!is_known(opcode)) return std::unexpected(FrameFault::unknown_opcode);

  FrameHeader header;
  header.opcode = static_cast<Opcode>(opcode);
  header.fin = (first & fin_bit) != 0;
  header.rsv1 = (first & rsv1_bit) != 0;
  // RFC 7692 section 6.1: RSV1 stands on the first frame of a message only, never on a control frame.
  const bool begins_message = header.opcode == Opcode::text || header.opcode == Opcode::binary;
  if (header.rsv1 && !(rules.rsv1_allowed && begins_message)) return std::unexpected(FrameFault::reserved_bits);
  // RFC 6455 section 5.5: control frames must not be fragmented ...
  if (is_control(header.opcode) && !header.fin) return std::unexpected(FrameFault::control_fragmented);

  if (input.size() < 2) return std::unexpected(FrameFault::incomplete);
  const auto second = std::to_integer<std::uint8_t>(input[1]);
  header.masked = (second & mask_bit) != 0;
  // RFC 6455 section 5.1: clients mask, servers do not.
  if (header.masked != rules.masked) {
    return std::unexpected(rules.masked ? FrameFault::mask_missing : FrameFault::mask_unexpected);
  }
  const std::uint8_t length = second & 0x7F;
  // ... and have at most 125 bytes of payload.
  if (is_control(header.opcode) && length > control_payload_bytes_max) {
    return std::unexpected(FrameFault::control_too_long);
  }

  std::size_t at = 2;
  header.payload_bytes = length;
  if (length >= 126) {
    const std::size_t length_bytes = length == 126 ? 2 : 8;
    // RFC 6455 section 5.2: the most significant bit of the 64-bit length must be 0.
    if (length_bytes == 8 && input.size() > at && (input[at] & std::byte{0x80}) != std::byte{0}) {
      return std::unexpected(FrameFault::length_too_large);
    }
    if (input.size() < at + length_bytes) return std::unexpected(FrameFault::incomplete);
    header.payload_bytes = read_big_endian(input.subspan(at, length_bytes));
    at += length_bytes;
    // RFC 6455 section 5.2: the minimal number of bytes must be used to encode the length.
    if (header.payload_bytes <= (length_bytes == 2 ? 125U : 0xFFFFU)) {
      return std::unexpected(FrameFault::length_not_minimal);
    }
  }

  if (header.masked) {
    if (input.size() < at + header.mask.size()) return std::unexpected(FrameFault::incomplete);
    std::memcpy(header.mask.data(), input.data() + at, header.mask.size());
    at += header.mask.size();
  }
  header.header_bytes = static_cast<std::uint8_t>(at);
  return header;
}

std::size_t encode_frame_header(const FrameHeader& header, std::span<std::byte, frame_header_bytes_max> out) noexcept {
  out[0] = static_cast<std::byte>((header.fin ? fin_bit : 0) | (header.rsv1 ? rsv1_bit : 0) |
                                  static_cast<std::uint8_t>(header.opcode));
  const std::uint8_t mask = header.masked ? mask_bit : 0;
  std::size_t at = 2;
  if (header.payload_bytes <= 125) {
    out[1] = static_cast<std::byte>(mask | header.payload_bytes);
  } else if (header.payload_bytes <= 0xFFFF) {
    out[1] = static_cast<std::byte>(mask | 126);
    write_big_endian(header.payload_bytes, out.subspan(at, 2));
    at += 2;
  } else {
    out[1] = static_cast<std::byte>(mask | 127);
    write_big_endian(header.payload_bytes, out.subspan(at, 8));
    at += 8;
  }
  if (header.masked) {
    std::memcpy(out.data() + at, header.mask.data(), header.mask.size());
    at += header.mask.size();
  }
  return at;
}

}  // namespace turnout::websocket
