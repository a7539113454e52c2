#include "bench/shared/websocket_echo.h"

#include <algorithm>
#include <cstring>

namespace turnout::bench {

std::span<char> WebSocketEcho::turn(char* bytes, std::size_t count) noexcept {
  std::string_view input(bytes, count);
  char* begin = nullptr;  // of the output
  char* end = nullptr;
  // The output is never longer than the input and the room in front of it: a header loses its mask. The first piece of
  // output lies where it came; only what follows has to be moved, by the mask that is left out.
  const auto put = [&](const char* from, std::size_t size) {
    if (begin == nullptr) {
      begin = end = bytes + (from - bytes);
    } else if (end != from) {
      std::memmove(end, from, size);
    }
    end += size;
  };
  while (!over_) {
    if (!in_frame_) {
      const auto header = header_reader_.next(input);
      if (!header) break;
      header_ = *header;
      if (!header_.masked) {
        over_ = true;
        break;
      }
      left_ = header_.payload_bytes;
      place_ = 0;
      in_frame_ = true;
      FrameHeader answer = header_;
      answer.masked = false;
      if (answer.opcode == opcode::ping) answer.opcode = opcode::pong;
      char encoded[frame_header_bytes_max];
      const std::size_t size = encode_frame_header(answer, encoded);
      char* const at = bytes + (input.data() - bytes) - size;
      if (begin == nullptr) begin = end = at;
      std::memcpy(end, encoded, size);
      end += size;
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
    char* const payload = bytes + (input.data() - bytes);
    apply_mask(payload, size, header_.mask, place_);
    if (size != 0) put(payload, size);
    input.remove_prefix(size);
    left_ -= size;
    place_ += size;
    if (left_ != 0) break;
    in_frame_ = false;
    over_ = header_.opcode == opcode::close;
  }
  return {begin, end};
}

}  // namespace turnout::bench
