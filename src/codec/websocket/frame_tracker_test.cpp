#include "codec/websocket/frame_tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace turnout::websocket {
namespace {

std::string frame(Opcode opcode, std::size_t size, bool masked) {
  std::array<std::byte, frame_header_bytes_max> header{};
  const std::size_t n =
      encode_frame_header({.opcode = opcode, .masked = masked, .mask = {}, .payload_bytes = size}, header);
  return std::string(as_text(Bytes(header).first(n))) + std::string(size, 'x');
}

TEST(FrameTracker, KnowsTheBoundariesHoweverTheBytesAreCut) {
  for (const bool masked : {false, true}) {
    const std::string frames[] = {frame(Opcode::text, 0, masked), frame(Opcode::binary, 5, masked),
                                  frame(Opcode::ping, 125, masked), frame(Opcode::binary, 300, masked),
                                  frame(Opcode::binary, 70'000, masked)};
    std::string all;
    std::vector<std::size_t> ends{0};
    for (const std::string& each : frames) {
      all += each;
      ends.push_back(all.size());
    }
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
      FrameTracker tracker(masked);
      for (std::size_t at = 0; at < all.size();) {
        EXPECT_EQ(tracker.is_between_frames(), std::ranges::find(ends, at) != ends.end()) << at << " of step " << step;
        const std::size_t n = std::min(step, all.size() - at);
        tracker.pass(as_bytes(std::string_view(all).substr(at, n)));
        at += n;
      }
      EXPECT_TRUE(tracker.is_between_frames());
    }
  }
}

TEST(FrameTracker, NothingMayFollowACloseFrame) {
  FrameTracker tracker(false);
  tracker.pass(as_bytes(frame(Opcode::close, 2, false)));
  EXPECT_FALSE(tracker.is_between_frames());
  tracker.pass(as_bytes(frame(Opcode::text, 0, false)));
  EXPECT_FALSE(tracker.is_between_frames());
}

TEST(FrameTracker, WhatIsNoFrameEndsTheTracking) {
  FrameTracker tracker(false);
  tracker.pass(as_bytes("\x8f"));
  tracker.pass(as_bytes(frame(Opcode::text, 0, false)));
  EXPECT_FALSE(tracker.is_between_frames());
}

}  // namespace
}  // namespace turnout::websocket
