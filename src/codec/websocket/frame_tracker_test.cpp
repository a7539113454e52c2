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

/// What was passed on and can be looked at, as long as nobody reads a payload.
class Glance {
 public:
  explicit Glance(std::string_view bytes) : left_(bytes) {}
  std::size_t left() const { return left_.size(); }
  void skip(std::size_t n) { left_.remove_prefix(n); }
  Bytes read(std::size_t n) {
    const std::string_view few = left_.substr(0, n);
    left_.remove_prefix(few.size());
    seen_ += few.size();
    ++reads_;
    return as_bytes(few);
  }
  bool failed() const { return failed_; }
  void fail() { failed_ = true, left_ = {}; }
  std::size_t seen() const { return seen_; }
  std::size_t reads() const { return reads_; }

 private:
  std::string_view left_;
  std::size_t seen_ = 0;
  std::size_t reads_ = 0;
  bool failed_ = false;
};

TEST(FrameTracker, ReadsNothingButTheHeadersOfLargeFramesItIsGivenToLookAt) {
  const std::string all =
      frame(Opcode::binary, 70'000, false) + frame(Opcode::binary, 40'000, false) + frame(Opcode::text, 20'000, false);
  constexpr std::size_t read_before = 20;
  for (const std::size_t step : {std::size_t{1}, std::size_t{9}, std::size_t{4096}, std::size_t{65'536}}) {
    FrameTracker tracker(false);
    FrameTracker reader(false);
    tracker.pass(as_bytes(std::string_view(all).substr(0, read_before)));
    reader.pass(as_bytes(std::string_view(all).substr(0, read_before)));
    std::size_t seen = 0;
    for (std::size_t at = read_before; at < all.size(); at += step) {
      const std::string_view piece = std::string_view(all).substr(at, step);
      Glance glance(piece);
      tracker.pass(glance);
      reader.pass(as_bytes(piece));
      seen += glance.seen();
      ASSERT_EQ(tracker.is_between_frames(), reader.is_between_frames()) << at << " of step " << step;
    }
    EXPECT_TRUE(tracker.is_between_frames());
    EXPECT_LE(seen, 2 * frame_header_bytes_max);
  }
}

// Each read is a system call: no peer decides how many there are.
TEST(SEC_D7, LookingAtManySmallFramesBehindALargeOneTakesFewReads) {
  std::string all = frame(Opcode::binary, FrameTracker::large_bytes_min, false);
  while (all.size() < 65'536) all += frame(Opcode::ping, 0, false);
  FrameTracker tracker(false);
  Glance glance(all);
  tracker.pass(glance);
  EXPECT_LE(glance.reads(), 3U);
  EXPECT_TRUE(tracker.is_between_frames());
}

TEST(SEC_D7, WhatFollowsACloseFrameOrNoFrameIsNotLookedAt) {
  for (const std::string& last : {frame(Opcode::close, 0, false), std::string("\xff\xff")}) {
    const std::string all = frame(Opcode::binary, 60'000, false) + last + std::string(60'000, 'x');
    FrameTracker tracker(false);
    Glance glance(all);
    tracker.pass(glance);
    EXPECT_LE(glance.reads(), 3U);
    EXPECT_FALSE(tracker.is_between_frames());
  }
}

TEST(FrameTracker, IsLostWhereLookingFailed) {
  FrameTracker tracker(false);
  EXPECT_TRUE(tracker.is_between_frames());
  Glance glance("unseen");
  glance.fail();
  tracker.pass(glance);
  EXPECT_FALSE(tracker.is_between_frames());
  EXPECT_TRUE(tracker.is_over());
}

TEST(FrameTracker, KnowsALargeFrameFromASmallOne) {
  FrameTracker tracker(false);
  tracker.pass(as_bytes(frame(Opcode::binary, FrameTracker::large_bytes_min, false)));
  EXPECT_TRUE(tracker.is_large());
  tracker.pass(as_bytes(frame(Opcode::binary, FrameTracker::large_bytes_min - 1, false)));
  EXPECT_FALSE(tracker.is_large());
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
