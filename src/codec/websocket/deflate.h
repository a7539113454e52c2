// permessage-deflate (RFC 7692 section 7.2): the payload of one message, squeezed and restored with zlib.
//
// A Deflater or Inflater holds zlib's memory as long as it lives; the engine makes one when a compressed message
// begins and, without context takeover, destroys it when the message ends.
//
//   Inflater inflater(15);
//   Why why = inflater.add(piece, last, out, message_bytes_max);    // Why::none, message_too_large, websocket_deflate
//   if (last) inflater.end_message();
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/why.h"
#include "codec/websocket/buffer.h"
#include "codec/websocket/compression_level.h"

namespace turnout::websocket {

class Inflater {
 public:
  /// `window_bits`, 8 to 15: the largest window that the peer may use.
  explicit Inflater(unsigned window_bits) noexcept;
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Restores one piece of a message and appends it to `out`, which never grows beyond `out_bytes_max`: the limit is
  /// checked while the bytes come out, not afterwards (W5). `last`: the message ends with this piece.
  Why add(Bytes piece, bool last, Buffer& out, std::size_t out_bytes_max);
  /// The next piece begins another message, which may refer back to this one (context takeover).
  void end_message() noexcept { finals_ = 0; }

 private:
  Why run(Bytes piece, Buffer& out, std::size_t out_bytes_max);
  bool restart_after_final_block();

  z_stream stream_{};
  std::uint32_t finals_ = 0;
  bool usable_ = false;
};

class Deflater {
 public:
  /// `window_bits`, 8 to 15: the largest window that the peer lets us use. `level`: 1 to compression_level_max.
  explicit Deflater(unsigned window_bits, std::uint8_t level = compression_level_default) noexcept;
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  /// Squeezes a whole message and appends it to `out`; gives its size. Appends nothing where that is no smaller
  /// than the message itself; then the next message does not refer back to anything.
  std::optional<std::size_t> squeeze(Bytes message, Buffer& out);

 private:
  z_stream stream_{};
  bool usable_ = false;
};

}  // namespace turnout::websocket
