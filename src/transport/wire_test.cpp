// Wire and Stream on pipes in memory: fills, writes, interruptions, deadlines, and the faults that a pipe can be given.
#include "transport/wire.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "runtime/sim_loop.h"
#include "transport/memory_stream.h"

namespace turnout {
namespace {

class WireTest : public ::testing::Test {
 protected:
  void connect(MemoryFaults faults = {}) {
    MemoryStream::Pair pair = MemoryStream::make_pair(loop, faults);
    stream = pair.ours.get();
    wire.emplace(std::move(pair.ours));
    peer.emplace(std::move(pair.theirs));
  }

  SimLoop loop;
  MemoryStream* stream = nullptr;
  std::optional<Wire> wire;
  std::optional<MemoryPeer> peer;
};

std::string take_all(Wire& wire) {
  std::string bytes(as_text(wire.peek()));
  wire.consume(bytes.size());
  return bytes;
}

Task<void> read_until(Wire& wire, std::string& received, std::size_t size, std::optional<Code>& how) {
  while (received.size() < size) {
    const Result<std::size_t> n = co_await wire.fill();
    if (!n || *n == 0) {
      how = n ? Code::ok : n.error().code;
      co_return;
    }
    received += take_all(wire);
  }
}

Task<void> fill_once(Wire& wire, std::vector<Code>& codes, std::size_t unread_max = SharedBuffers::bytes_each) {
  const Result<std::size_t> n = co_await wire.fill(unread_max);
  codes.push_back(n ? Code::ok : n.error().code);
}

Task<void> write_once(Wire& wire, std::string bytes, std::vector<Code>& codes) {
  const Result<void> sent = co_await wire.write(std::string_view(bytes));
  codes.push_back(sent ? Code::ok : sent.error().code);
}

TEST_F(WireTest, ReadsWhatArrivesWhenItArrives) {
  connect();
  std::string received;
  std::optional<Code> how;
  loop.connections.spawn(read_until(*wire, received, 10, how));
  loop.run();
  EXPECT_EQ(received, "");
  peer->send("hello");
  loop.run();
  EXPECT_EQ(received, "hello");
  peer->send("world");
  loop.run();
  EXPECT_EQ(received, "helloworld");
  EXPECT_EQ(loop.connections.running(), 0u);
}

TEST_F(WireTest, TheEndIsAFillOfNothingAndStaysSo) {
  connect();
  peer->send("bye");
  peer->close_write();
  std::string received;
  std::optional<Code> how;
  for (int i = 0; i < 2; ++i) {
    how.reset();
    loop.connections.spawn(read_until(*wire, received, 100, how));
    loop.run();
    EXPECT_EQ(how, Code::ok);
  }
  EXPECT_EQ(received, "bye");
}

TEST_F(WireTest, UnreadBytesHaveABound) {
  connect();
  peer->send("0123456789");
  std::vector<Code> codes;
  loop.connections.spawn(fill_once(*wire, codes, 4));
  loop.run();
  EXPECT_EQ(as_text(wire->peek()), "0123");
  loop.connections.spawn(fill_once(*wire, codes, 4));
  loop.run();
  EXPECT_EQ(codes, (std::vector{Code::ok, Code::too_large}));
}

TEST_F(WireTest, AWriteResumesWhenAllOfItWasTaken) {
  connect({.write_bytes_max = 3, .capacity_bytes = 8});
  std::vector<Code> codes;
  const std::string bytes = "more than the pipe holds at once";
  loop.connections.spawn(write_once(*wire, bytes, codes));
  loop.run();
  EXPECT_TRUE(codes.empty());
  std::string received;
  while (received.size() < bytes.size()) {
    const std::string part = peer->take();
    ASSERT_FALSE(part.empty());
    received += part;
    loop.run();
  }
  EXPECT_EQ(received, bytes);
  EXPECT_EQ(codes, (std::vector{Code::ok}));
}

Task<void> write_from_scratch(Wire& wire, std::vector<Code>& codes) {
  const std::span<char> scratch = wire.worker().scratch().first(20);
  std::ranges::fill(scratch, 'x');
  const Result<void> sent = co_await wire.write(std::string_view(scratch.data(), scratch.size()));
  codes.push_back(sent ? Code::ok : sent.error().code);
}

// The worker's buffers belong to whoever runs: a write that has to wait takes its own copy of the rest.
TEST_F(WireTest, AWriteFromABufferOfTheWorkerSurvivesItsReuse) {
  connect({.capacity_bytes = 8});
  std::vector<Code> codes;
  loop.connections.spawn(write_from_scratch(*wire, codes));
  loop.run();
  std::ranges::fill(loop.scratch(), '!');
  std::string received;
  while (codes.empty()) {
    received += peer->take();
    loop.run();
  }
  received += peer->take();
  EXPECT_EQ(received, std::string(20, 'x'));
}

TEST_F(WireTest, AnInterruptionEndsWhatIsPendingOnce) {
  connect();
  std::vector<Code> codes;
  loop.connections.spawn(fill_once(*wire, codes));
  loop.run();
  stream->interrupt(Code::cancelled);
  loop.run();
  EXPECT_EQ(codes, (std::vector{Code::cancelled}));
  peer->send("still here");
  loop.connections.spawn(fill_once(*wire, codes));
  loop.run();
  EXPECT_EQ(codes, (std::vector{Code::cancelled, Code::ok}));
}

TEST_F(WireTest, WithNothingPendingTheNextOperationIsInterrupted) {
  connect();
  peer->send("data");
  stream->interrupt(Code::cancelled);
  std::vector<Code> codes;
  loop.connections.spawn(write_once(*wire, "x", codes));
  loop.connections.spawn(fill_once(*wire, codes));
  loop.run();
  EXPECT_EQ(codes, (std::vector{Code::cancelled, Code::ok}));
}

TEST_F(WireTest, AnInterruptionReachesBothSides) {
  connect({.capacity_bytes = 1});
  std::vector<Code> reads;
  std::vector<Code> writes;
  loop.connections.spawn(fill_once(*wire, reads));
  loop.connections.spawn(write_once(*wire, "too much", writes));
  loop.run();
  stream->interrupt(Code::cancelled);
  loop.run();
  EXPECT_EQ(reads, (std::vector{Code::cancelled}));
  EXPECT_EQ(writes, (std::vector{Code::cancelled}));
}

TEST_F(WireTest, ADeadlineEndsAFill) {
  connect();
  wire->expires_after(Millis(1'000));
  std::vector<Code> codes;
  loop.connections.spawn(fill_once(*wire, codes));
  loop.advance(Millis(999));
  EXPECT_TRUE(codes.empty());
  loop.advance(Millis(100));
  EXPECT_EQ(codes, (std::vector{Code::timed_out}));
}

// Drops of a request do not buy time (D1) ...
TEST_F(WireTest, SEC_D1_ReadingDoesNotRenewADeadline) {
  connect();
  wire->expires_after(Millis(1'000));
  std::string received;
  std::optional<Code> how;
  loop.connections.spawn(read_until(*wire, received, 100, how));
  for (int i = 0; i < 20 && !how; ++i) {
    peer->send(".");
    loop.advance(Millis(100));
  }
  EXPECT_EQ(how, Code::timed_out);
  EXPECT_LE(received.size(), 11u);
}

// ... but a peer that takes what it is sent is not stalled (D3).
TEST_F(WireTest, SEC_D3_AWriteThatMakesProgressRenewsItsDeadline) {
  connect({.capacity_bytes = 4});
  wire->expires_after(Millis(1'000));
  std::vector<Code> codes;
  loop.connections.spawn(write_once(*wire, std::string(40, 'w'), codes));
  std::string received;
  for (int i = 0; i < 9; ++i) {
    loop.advance(Millis(900));
    ASSERT_TRUE(codes.empty());
    received += peer->take();
    loop.run();
  }
  EXPECT_EQ(codes, (std::vector{Code::ok}));
  codes.clear();
  loop.connections.spawn(write_once(*wire, std::string(40, 'w'), codes));
  loop.advance(Millis(1'100));
  EXPECT_EQ(codes, (std::vector{Code::timed_out}));
}

TEST_F(WireTest, SEC_D7_OneThatAlwaysHasDataLetsTheOthersRun) {
  connect({.capacity_bytes = 4 * Worker::turn_budget_bytes});
  MemoryStream::Pair other = MemoryStream::make_pair(loop);
  Wire quiet(std::move(other.ours));
  MemoryPeer quiet_peer(std::move(other.theirs));
  peer->send(std::string(3 * Worker::turn_budget_bytes, 'n'));
  quiet_peer.send("me too");
  std::string noise;
  std::string received;
  std::optional<Code> how;
  loop.connections.spawn(read_until(*wire, noise, 3 * Worker::turn_budget_bytes, how));
  loop.connections.spawn(read_until(quiet, received, 6, how));
  int turns = 0;
  while (received.empty()) {
    ASSERT_LT(turns++, 10);
    loop.run_ready();
  }
  EXPECT_LE(noise.size(), Worker::turn_budget_bytes + SharedBuffers::bytes_each);
  loop.run();
  EXPECT_EQ(noise.size(), 3 * Worker::turn_budget_bytes);
}

TEST_F(WireTest, AbortIsSeenOnBothEnds) {
  connect();
  std::vector<Code> codes;
  loop.connections.spawn(fill_once(*wire, codes));
  loop.run();
  stream->abort();
  loop.run();
  EXPECT_EQ(codes, (std::vector{Code::reset}));
  EXPECT_EQ(peer->take(), "");
  EXPECT_TRUE(peer->was_reset());
}

TEST_F(WireTest, ThePlannedFaultComesAtItsOperation) {
  for (std::size_t n = 1; n <= 3; ++n) {
    connect({.read_bytes_max = 1, .fail_at_operation = n});
    peer->send("abc");
    std::string received;
    std::optional<Code> how;
    loop.connections.spawn(read_until(*wire, received, 3, how));
    loop.run();
    EXPECT_EQ(how, Code::reset);
    EXPECT_EQ(received.size(), n - 1);
  }
}

TEST_F(WireTest, WhatWasReadMovesWithTheWire) {
  connect();
  peer->send("early bytes");
  std::vector<Code> codes;
  loop.connections.spawn(fill_once(*wire, codes));
  loop.run();
  wire->consume(6);
  Wire moved = std::move(*wire);
  EXPECT_EQ(as_text(moved.peek()), "bytes");
  moved.pin();
  const Bytes pinned = moved.peek();
  MemoryStream::Pair other = MemoryStream::make_pair(loop);
  Wire wire_of_another(std::move(other.ours));
  MemoryPeer another(std::move(other.theirs));
  another.send("something else");
  loop.connections.spawn(fill_once(wire_of_another, codes));
  loop.run();
  EXPECT_EQ(as_text(pinned), "bytes");
}

}  // namespace
}  // namespace turnout
