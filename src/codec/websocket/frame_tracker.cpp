#include "codec/websocket/frame_tracker.h"

#include <algorithm>

namespace turnout::websocket {

void FrameTracker::pass(Bytes bytes) noexcept {
  while (!bytes.empty() && !lost_) {
    if (left_ != 0) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      left_ -= n;
      bytes = bytes.subspan(n);
      continue;
    }
    // What is behind a close frame is not looked at any more (RFC 6455 section 5.5.1).
    if (closed_) return;
    header_[header_size_++] = bytes.front();
    bytes = bytes.subspan(1);
    // RSV1 may mean compression, which is not ours to know here.
    const auto header =
        decode_frame_header(Bytes(header_).first(header_size_), {.masked = from_client_, .rsv1_allowed = true});
    if (!header) {
      lost_ = header.error() != FrameFault::incomplete;
      continue;
    }
    header_size_ = 0;
    left_ = header->payload_bytes;
    large_ = left_ >= large_bytes_min;
    closed_ = header->opcode == Opcode::close;
  }
}

}  // namespace turnout::websocket
