#include "codec/websocket/deflate.h"

#include <algorithm>
#include <array>
#include <limits>

namespace turnout::websocket {
namespace {

// What a sender takes off the end of every message, and the receiver puts back (RFC 7692 section 7.2.1).
constexpr std::array<std::byte, 4> tail{std::byte{0x00}, std::byte{0x00}, std::byte{0xFF}, std::byte{0xFF}};

// zlib counts in unsigned int.
constexpr std::size_t piece_bytes_max = std::size_t{1} << 30;

// A block with the final bit may stand anywhere in a message (RFC 7692 section 7.2.3.4); each costs us a copy of
// the window, so that their number has to be limited as that of fragments is.
constexpr std::uint32_t final_blocks_max = 1024;

constexpr std::size_t first_room_bytes = 512;

// A ratio of memory to speed that fits messages: 2^(4+9) bytes of hash chains instead of 2^(8+9) (W12).
constexpr int memory_level = 5;

// zlib knows no raw deflate window of 256 bytes: deflateInit2 refuses 8. With 9 it refers back by at most
// 2^9 - 262 = 250 bytes (its MAX_DIST), which fits into the smaller window. Reading with the larger one is harmless.
constexpr int raw_window_bits(unsigned bits) noexcept {
  return -static_cast<int>(std::clamp(bits, 9U, 15U));
}

Bytef* to_zlib(const std::byte* bytes) noexcept {
  return reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes));
}

}  // namespace

Inflater::Inflater(unsigned window_bits) noexcept {
  usable_ = inflateInit2(&stream_, raw_window_bits(window_bits)) == Z_OK;
}

Inflater::~Inflater() {
  if (usable_) inflateEnd(&stream_);
}

Why Inflater::add(Bytes piece, bool last, Buffer& out, std::size_t out_bytes_max) {
  if (!usable_) return Why::internal;
  while (!piece.empty()) {
    const Bytes part = piece.first(std::min(piece.size(), piece_bytes_max));
    const Why why = run(part, out, out_bytes_max);
    if (why != Why::none) return why;
    piece = piece.subspan(part.size());
  }
  if (!last) return Why::none;
  const Why why = run(tail, out, out_bytes_max);
  if (why != Why::none) return why;
  // The tail is an empty stored block. After it zlib stands before a block header (128), with no bit left over;
  // anywhere else the message was cut off, and the next one would be read from the middle of a block.
  return (stream_.data_type & 0x87) == 128 ? Why::none : Why::websocket_deflate;
}

Why Inflater::run(Bytes piece, Buffer& out, std::size_t out_bytes_max) {
  stream_.next_in = to_zlib(piece.data());
  stream_.avail_in = static_cast<uInt>(piece.size());
  while (true) {
    // One byte beside the buffer shows whether there is more than the limit allows.
    std::byte beyond{};
    MutableBytes room(&beyond, 1);
    const bool full = out.size() >= out_bytes_max;
    if (!full) {
      const std::size_t allowed = out_bytes_max - out.size();
      room = out.room(out.size() < out.capacity() ? 1 : std::min(first_room_bytes, allowed), out_bytes_max);
      room = room.first(std::min({room.size(), allowed, piece_bytes_max}));
    }
    stream_.next_out = to_zlib(room.data());
    stream_.avail_out = static_cast<uInt>(room.size());
    const int result = inflate(&stream_, Z_SYNC_FLUSH);
    const std::size_t produced = room.size() - stream_.avail_out;
    if (full && produced != 0) return Why::message_too_large;
    if (!full) out.commit(produced);
    switch (result) {
      case Z_OK: break;
      case Z_BUF_ERROR: break;  // no progress was possible: the input is used up
      case Z_STREAM_END:
        if (++finals_ > final_blocks_max || !restart_after_final_block()) return Why::websocket_deflate;
        if (stream_.avail_in == 0) return Why::none;
        continue;
      case Z_MEM_ERROR: return Why::internal;
      default: return Why::websocket_deflate;
    }
    // Room is left over: zlib has given all that it has.
    if (stream_.avail_out != 0) return stream_.avail_in == 0 ? Why::none : Why::websocket_deflate;
  }
}

bool Inflater::restart_after_final_block() {
  // What follows may refer back over the final block: keep the window.
  std::array<Bytef, 32768> window;
  uInt window_bytes = 0;
  if (inflateGetDictionary(&stream_, window.data(), &window_bytes) != Z_OK) return false;
  if (inflateReset(&stream_) != Z_OK) return false;
  return inflateSetDictionary(&stream_, window.data(), window_bytes) == Z_OK;
}

Deflater::Deflater(unsigned window_bits, std::uint8_t level) noexcept {
  usable_ =
      deflateInit2(&stream_, level, Z_DEFLATED, raw_window_bits(window_bits), memory_level, Z_DEFAULT_STRATEGY) == Z_OK;
}

Deflater::~Deflater() {
  if (usable_) deflateEnd(&stream_);
}

std::optional<std::size_t> Deflater::squeeze(Bytes message, Buffer& out) {
  if (!usable_ || message.size() > piece_bytes_max) return std::nullopt;
  // Room for a result of the message's own size, tail included: one that does not fit is not worth sending.
  const std::size_t room_bytes = message.size() + tail.size();
  const MutableBytes room = out.room(room_bytes).first(room_bytes);
  stream_.next_in = to_zlib(message.data());
  stream_.avail_in = static_cast<uInt>(message.size());
  stream_.next_out = to_zlib(room.data());
  stream_.avail_out = static_cast<uInt>(room.size());
  const int result = deflate(&stream_, Z_SYNC_FLUSH);
  const std::size_t produced = room.size() - stream_.avail_out;
  // A full room means that zlib may hold back more.
  if (result != Z_OK || stream_.avail_out == 0 || produced < tail.size() || produced - tail.size() >= message.size()) {
    // The peer will not see these bytes compressed, so nothing later may refer to them.
    deflateReset(&stream_);
    return std::nullopt;
  }
  out.commit(produced - tail.size());
  return produced - tail.size();
}

}  // namespace turnout::websocket
