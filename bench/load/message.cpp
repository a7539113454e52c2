#include "bench/load/message.h"

#include <zlib.h>

#include <array>
#include <cstdint>
#include <utility>

namespace turnout::bench {
namespace {

// RFC 7692, section 7.2.1: the end of a deflated block, which is left out.
constexpr std::string_view tail("\x00\x00\xff\xff", 4);

std::string deflated(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  std::string bytes(deflateBound(&stream, text.size()) + 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  deflate(&stream, Z_SYNC_FLUSH);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  if (bytes.ends_with(tail)) bytes.resize(bytes.size() - tail.size());
  return bytes;
}

/// Empty where it is no deflated text of this length.
std::string inflated(std::string_view bytes, std::size_t length) {
  const std::string input = std::string(bytes) + std::string(tail);
  z_stream stream{};
  inflateInit2(&stream, -15);
  std::string text(length + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  inflate(&stream, Z_SYNC_FLUSH);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

}  // namespace

std::string message_text(std::size_t bytes) {
  static constexpr std::array<std::string_view, 8> words{
      "\"switch\": ", "\"track\": ", "\"signal\": ", "\"speed\": ", "\"train\": ", "true, ", "false, ", "null, "};
  std::string text;
  std::uint32_t state = 88172645;
  while (text.size() < bytes) {
    state = state * 1664525U + 1013904223U;
    text += words[state >> 29U];
    text += std::to_string(state >> 16U & 0xfffU) + ", ";
  }
  text.resize(bytes);
  return text;
}

Message::Message(std::size_t bytes, bool of_websocket, bool is_deflated)
    : is_websocket(of_websocket), payload(message_text(bytes)) {
  constexpr std::array<char, 4> mask{'\x5a', '\x3c', '\x71', '\x0f'};
  if (!is_websocket) {
    wire = payload;
  } else if (is_deflated) {
    wire = encode_frame({.rsv1 = true, .masked = true, .mask = mask}, deflated(payload));
  } else {
    wire = encode_frame({.masked = true, .mask = mask}, payload);
  }
}

EchoCheck::Result EchoCheck::take(std::string_view bytes) {
  return message_.is_websocket ? take_frames(bytes) : take_raw(bytes);
}

EchoCheck::Result EchoCheck::take_raw(std::string_view bytes) {
  if (std::string_view(message_.payload).substr(place_, bytes.size()) != bytes) return Result::wrong;
  place_ += bytes.size();
  if (place_ != message_.payload.size()) return Result::more;
  place_ = 0;
  return Result::complete;
}

EchoCheck::Result EchoCheck::take_frames(std::string_view bytes) {
  while (const auto piece = reader_.next(bytes)) {
    if (piece->rsv1) {
      if (!take_compressed(*piece)) return Result::wrong;
    } else {
      const std::string_view expected = std::string_view(message_.payload).substr(place_, piece->payload.size());
      if (expected != piece->payload) return Result::wrong;
      place_ += piece->payload.size();
      if (piece->message_end && place_ != message_.payload.size()) return Result::wrong;
    }
    if (!piece->message_end) continue;
    place_ = 0;
    return bytes.empty() ? Result::complete : Result::wrong;
  }
  return reader_.bad() ? Result::wrong : Result::more;
}

bool EchoCheck::take_compressed(const FrameReader::Piece& piece) {
  if (message_.compressed_echo.empty() || !collected_.empty()) {
    collected_ += piece.payload;
    if (!piece.message_end) return true;
    if (inflated(collected_, message_.payload.size()) != message_.payload) return false;
    message_.compressed_echo = std::exchange(collected_, {});
    return true;
  }
  const std::string_view expected = std::string_view(message_.compressed_echo).substr(place_, piece.payload.size());
  place_ += piece.payload.size();
  return expected == piece.payload && (!piece.message_end || place_ == message_.compressed_echo.size());
}

}  // namespace turnout::bench
