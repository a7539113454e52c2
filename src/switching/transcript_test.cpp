#include "switching/transcript.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

TEST(Transcript, SaysWhatWasAddedInOrderAndWhen) {
  Transcript transcript;
  const std::uint64_t began_ms = 5'000'000'000;
  transcript.add({.kind = EventKind::entered, .name = "http1"}, began_ms);
  transcript.add({.kind = EventKind::refused, .why = Why::malformed, .status = 426}, began_ms + 7);
  transcript.add({.kind = EventKind::switched, .why = Why::accepted, .bytes = 16'384, .name = "tunnel"},
                 began_ms + 65'535);
  transcript.add({.kind = EventKind::entered, .name = "tunnel"}, began_ms + 131'071);
  // A tunnel may be open for weeks.
  transcript.add({.kind = EventKind::closed, .why = Why::peer_closed}, began_ms + 2'000'000'000);
  EXPECT_EQ(text(transcript),
            "0 enter http1\n"
            "7 refuse 426 malformed\n"
            "65535 switch tunnel accepted early=16384\n"
            "131071 enter tunnel\n"
            "2000000000 close peer-closed\n");
}

TEST(Transcript, IsBounded) {
  Transcript transcript;
  for (std::size_t i = 0; i < Transcript::events_max + 3; ++i) {
    transcript.add({.kind = EventKind::offered, .name = i % 2 == 0 ? "h2c" : "websocket"}, i);
  }
  std::size_t events = 0;
  transcript.for_each([&](const TranscriptEvent& event) {
    EXPECT_STREQ(event.name, events % 2 == 0 ? "h2c" : "websocket");
    EXPECT_EQ(event.at_ms, events);
    ++events;
  });
  EXPECT_EQ(events, Transcript::events_max);
  EXPECT_EQ(transcript.dropped(), 3u);
}

}  // namespace
}  // namespace turnout
