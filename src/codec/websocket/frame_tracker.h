// FrameTracker: follows the frames of one direction of a WebSocket that is passed on, only to know where one ends and
// the next begins: there, and nowhere else, a frame of our own may be put in.
//
//   tracker.pass(bytes);                         // everything that was passed on
//   if (tracker.is_between_frames()) ...         // a close frame may go out
//
// Nothing is checked and nothing is held: what is no frame of RFC 6455 ends the tracking.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "codec/websocket/frame.h"

namespace turnout::websocket {

class FrameTracker {
 public:
  /// `from_client`: the frames are masked (RFC 6455 section 5.1).
  explicit FrameTracker(bool from_client) noexcept : from_client_(from_client) {}

  void pass(Bytes bytes) noexcept;
  /// The same for bytes that were passed on without being read: `look` has left(), skip(n), read(n) and failed(). Of
  /// large frames only the headers are read; small ones are read all at once, for a peer may send thousands of them.
  template <class Look>
  void pass(Look& look) noexcept {
    while (look.left() != 0) {
      if (left_ == 0) {
        if (lost_ || closed_) return;
        pass(Bytes(look.read(large_ ? frame_header_bytes_max : look.left())));
        continue;
      }
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, look.left()));
      look.skip(n);
      left_ -= n;
    }
    if (look.failed()) lost_ = true;
  }

  /// No frame begins any more: what comes is not looked at.
  bool is_over() const noexcept { return lost_ || closed_; }
  /// The frame that began last is so large that it pays to look at nothing but its header.
  bool is_large() const noexcept { return large_; }

  /// False in the middle of a frame, behind a close frame, and where there was something that is no frame.
  bool is_between_frames() const noexcept { return !lost_ && !closed_ && left_ == 0 && header_size_ == 0; }

  static constexpr std::uint64_t large_bytes_min = 16 * 1024;

 private:
  std::uint64_t left_ = 0;  // of the payload
  std::array<std::byte, frame_header_bytes_max> header_{};
  std::uint8_t header_size_ = 0;
  bool from_client_;
  bool closed_ = false;
  bool lost_ = false;
  bool large_ = false;
};

}  // namespace turnout::websocket
