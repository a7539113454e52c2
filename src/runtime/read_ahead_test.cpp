#include "runtime/read_ahead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

namespace turnout {
namespace {

void receive(ReadAhead& ahead, std::string_view bytes) {
  const MutableBytes room = ahead.room();
  ASSERT_GE(room.size(), bytes.size());
  copy_some(room, as_bytes(bytes));
  ahead.add(bytes.size());
}

std::string unread(const ReadAhead& ahead) {
  return std::string(as_text(ahead.peek()));
}

TEST(ReadAhead, WhatIsUnreadStaysInOrder) {
  SharedBuffers buffers;
  ReadAhead ahead(buffers, 0);
  EXPECT_EQ(unread(ahead), "");
  receive(ahead, "hello ");
  receive(ahead, "world");
  EXPECT_EQ(unread(ahead), "hello world");
  ahead.consume(6);
  EXPECT_EQ(unread(ahead), "world");
  receive(ahead, "!");
  EXPECT_EQ(unread(ahead), "world!");
}

TEST(ReadAhead, PinningMovesItOutOfTheSharedBuffer) {
  SharedBuffers buffers;
  ReadAhead ahead(buffers, 0);
  receive(ahead, "keep this");
  EXPECT_TRUE(buffers.holds(ahead.peek().data()));
  ahead.pin();
  EXPECT_FALSE(buffers.holds(ahead.peek().data()));
  EXPECT_EQ(unread(ahead), "keep this");
  receive(ahead, " too");
  EXPECT_EQ(unread(ahead), "keep this too");
  ahead.consume(13);
  ahead.pin();
  EXPECT_EQ(ahead.peek().data(), nullptr) << "an idle connection holds no buffer";
}

TEST(ReadAhead, AnotherReaderOfTheLayerPushesItOut) {
  SharedBuffers buffers;
  ReadAhead first(buffers, 0);
  ReadAhead second(buffers, 0);
  receive(first, "first");
  receive(second, "second");
  EXPECT_EQ(unread(first), "first");
  EXPECT_EQ(unread(second), "second");
  EXPECT_FALSE(buffers.holds(first.peek().data()));
}

// TLS reads below while the reader above holds its buffer: one buffer for both would be decrypted over itself.
TEST(ReadAhead, LayersDoNotShareABuffer) {
  SharedBuffers buffers;
  ReadAhead below(buffers, 0);
  ReadAhead above(buffers, 1);
  receive(above, "plain");
  receive(below, "cipher");
  EXPECT_TRUE(buffers.holds(above.peek().data()));
  EXPECT_TRUE(buffers.holds(below.peek().data()));
  EXPECT_EQ(unread(above), "plain");
  EXPECT_EQ(unread(below), "cipher");
}

TEST(ReadAhead, OneThatGoesAwayGivesItsBufferBack) {
  SharedBuffers buffers;
  auto first = std::make_unique<ReadAhead>(buffers, 0);
  receive(*first, "gone");
  first.reset();
  ReadAhead second(buffers, 0);
  receive(second, "fresh");
  EXPECT_EQ(unread(second), "fresh");
}

TEST(ReadAhead, ThereIsRoomUntilABufferIsFull) {
  SharedBuffers buffers;
  ReadAhead ahead(buffers, 0);
  const std::string bytes(SharedBuffers::bytes_each, 'a');
  receive(ahead, bytes);
  EXPECT_EQ(ahead.room().size(), 0u);
  ahead.consume(1);
  EXPECT_EQ(ahead.room().size(), 1u);
  receive(ahead, "b");
  EXPECT_EQ(ahead.size(), SharedBuffers::bytes_each);
  EXPECT_EQ(unread(ahead).back(), 'b');
  EXPECT_EQ(unread(ahead).front(), 'a');
}

TEST(ReadAhead, ConsumingMoreThanThereIsEndsTheProcess) {
  SharedBuffers buffers;
  ReadAhead ahead(buffers, 0);
  receive(ahead, "abc");
  EXPECT_DEATH(ahead.consume(4), "");
}

}  // namespace
}  // namespace turnout
