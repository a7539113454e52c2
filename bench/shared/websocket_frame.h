// Frames of RFC 6455, as far as an instrument needs them: headers, masking, and pieces of payload as they arrive.
//
//   FrameReader reader;
//   while (const auto piece = reader.next(bytes)) { use(piece->payload); if (piece->message_end) ...; }
//   if (reader.bad()) ...
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace turnout::bench {

namespace opcode {
inline constexpr std::uint8_t continuation = 0;
inline constexpr std::uint8_t text = 1;
inline constexpr std::uint8_t binary = 2;
inline constexpr std::uint8_t close = 8;
inline constexpr std::uint8_t ping = 9;
inline constexpr std::uint8_t pong = 10;
}  // namespace opcode

struct FrameHeader {
  bool fin = true;
  bool rsv1 = false;
  std::uint8_t opcode = opcode::binary;
  bool masked = false;
  std::array<char, 4> mask{};
  std::uint64_t payload_bytes = 0;
};

inline constexpr std::size_t frame_header_bytes_max = 14;

/// How long a header that begins like this is; needs its first two bytes.
std::size_t frame_header_bytes(const char* bytes) noexcept;
/// `bytes` has a whole header.
FrameHeader decode_frame_header(const char* bytes) noexcept;
/// Writes a header, and says how long it is.
std::size_t encode_frame_header(const FrameHeader& header, char* bytes) noexcept;
/// A whole frame, its payload masked where the header says so.
std::string encode_frame(FrameHeader header, std::string_view payload);

/// Applies a mask to bytes that begin at this place in the payload.
void apply_mask(char* bytes, std::size_t count, const std::array<char, 4>& mask, std::uint64_t place) noexcept;

/// Collects the bytes of a header that may come in pieces.
class HeaderReader {
 public:
  /// Takes bytes from the front; the header once it is whole.
  std::optional<FrameHeader> next(std::string_view& bytes) noexcept;

 private:
  std::array<char, frame_header_bytes_max> bytes_{};
  std::size_t count_ = 0;
};

/// Takes frames of a server apart. Control frames but close are passed over.
class FrameReader {
 public:
  struct Piece {
    std::string_view payload;
    bool rsv1;         ///< of the message's first frame
    bool message_end;  ///< the last of its message
  };

  /// The next piece of a message, or nothing: more bytes are needed, or the peer has closed or broken the rules.
  std::optional<Piece> next(std::string_view& bytes) noexcept;
  bool bad() const noexcept { return bad_; }

 private:
  HeaderReader header_reader_;
  FrameHeader header_;
  std::uint64_t left_ = 0;
  bool in_frame_ = false;
  bool in_message_ = false;
  bool rsv1_ = false;
  bool bad_ = false;
};

}  // namespace turnout::bench
