#include "transport/tls_stream.h"

#include <gtest/gtest.h>

#include <string>

#include "runtime/sim_loop.h"
#include "runtime/task_group.h"
#include "tests/support/tls_pair.h"
#include "transport/memory_stream.h"

namespace turnout {
namespace {

std::string pattern_bytes(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 31 + i / 251);
  return out;
}

/// What one side of a connection saw.
struct Log {
  Result<TlsInfo> handshake = fail(Code::internal);
  std::string alpn;  // a copy: the views of TlsInfo go with the stream
  std::string read;
  Code ended = Code::internal;  // of reading; ok: close_notify
  Code sent = Code::internal;
  Code closed = Code::internal;
  Why why = Why::none;
  bool done = false;
};

Code code_of(const Result<void>& result) {
  return result ? Code::ok : result.error().code;
}

/// Reads to the end.
Task<void> read_all(Wire& wire, Log& log) {
  while (true) {
    const Result<std::size_t> n = co_await wire.fill();
    if (!n || *n == 0) {
      log.ended = n ? Code::ok : n.error().code;
      co_return;
    }
    log.read += as_text(wire.peek());
    wire.consume(wire.peek().size());
  }
}

/// Echoes what comes, until the peer ends its side; then ends ours.
Task<void> echo(std::unique_ptr<TlsStream> stream, Log& log) {
  TlsStream& tls = *stream;
  Wire wire(std::move(stream));
  log.handshake = co_await tls.handshake();
  log.why = tls.why();
  if (log.handshake) log.alpn = log.handshake->alpn;
  while (log.handshake) {
    const Result<std::size_t> n = co_await wire.fill();
    log.why = tls.why();
    if (!n || *n == 0) {
      log.ended = n ? Code::ok : n.error().code;
      break;
    }
    log.read += as_text(wire.peek());
    const Bytes bytes = wire.peek();
    const Result<void> sent = co_await wire.write(bytes);
    log.sent = code_of(sent);
    if (!sent) break;
    wire.consume(bytes.size());
  }
  const Result<void> closed = co_await wire.close_write();
  log.closed = code_of(closed);
  log.done = true;
}

Task<void> send_and_close(Wire& wire, const std::string& bytes, Log& log) {
  const Result<void> sent = co_await wire.write(bytes);
  log.sent = code_of(sent);
  const Result<void> closed = co_await wire.close_write();
  log.closed = code_of(closed);
}

/// Sends all, ends its side, and reads to the end at the same time.
Task<void> talk(std::unique_ptr<TlsStream> stream, std::string bytes, Log& log) {
  TlsStream& tls = *stream;
  Wire wire(std::move(stream));
  log.handshake = co_await tls.handshake();
  log.why = tls.why();
  if (log.handshake) {
    TaskGroup both;
    both.spawn(read_all(wire, log));
    both.spawn(send_and_close(wire, bytes, log));
    co_await both.join();
    log.why = tls.why();
  }
  log.done = true;
}

class TlsStreamTest : public ::testing::Test {
 public:
  ~TlsStreamTest() override { loop.run(); }

  std::unique_ptr<TlsStream> server_over(std::unique_ptr<Stream> below, TlsAccept accept = {}) {
    return std::make_unique<TlsStream>(Wire(std::move(below)), server_context, accept);
  }
  std::unique_ptr<TlsStream> client_over(std::unique_ptr<Stream> below) {
    return std::make_unique<TlsStream>(Wire(std::move(below)), client_context, TlsConnect{.host = "localhost"});
  }
  /// A client that sends `bytes` to a server that echoes them, over a pipe with `faults` at the server's end.
  void converse(MemoryFaults faults, const std::string& bytes) {
    auto [ours, theirs] = MemoryStream::make_pair(loop, faults);
    loop.connections.spawn(echo(server_over(std::move(ours)), server));
    loop.connections.spawn(talk(client_over(std::move(theirs)), bytes, client));
    loop.run();
  }

  std::shared_ptr<const TlsContext> server_context = test_server_context();
  std::shared_ptr<const TlsClientContext> client_context = test_client_context({"http/1.1"});
  SimLoop loop;
  Log server;
  Log client;
};

TEST_F(TlsStreamTest, SpeaksOverMemory) {
  converse({}, "hello");
  ASSERT_TRUE(server.handshake);
  EXPECT_EQ(server.alpn, "http/1.1");
  EXPECT_EQ(server.read, "hello");
  EXPECT_EQ(client.read, "hello");
  EXPECT_EQ(server.ended, Code::ok);
  EXPECT_EQ(client.ended, Code::ok);
  EXPECT_EQ(server.closed, Code::ok);
  EXPECT_EQ(client.closed, Code::ok);
  EXPECT_EQ(loop.connections.running(), 0u);
}

TEST_F(TlsStreamTest, ShortReadsAndWritesAndANarrowPipe) {
  const std::string bytes = pattern_bytes(20'000);
  for (std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{5}, std::size_t{1000}}) {
    for (std::size_t capacity : {std::size_t{1}, std::size_t{100}, std::size_t{100'000}}) {
      server = {};
      client = {};
      converse({.read_bytes_max = piece, .write_bytes_max = piece, .capacity_bytes = capacity}, bytes);
      ASSERT_TRUE(server.done && client.done) << piece << " " << capacity;
      EXPECT_EQ(server.read, bytes);
      EXPECT_EQ(client.read, bytes);
      EXPECT_EQ(client.ended, Code::ok);
    }
  }
}

TEST_F(TlsStreamTest, BulkBothWays) {
  const std::string bytes = pattern_bytes(3'000'000);
  converse({}, bytes);
  ASSERT_TRUE(server.done && client.done);
  EXPECT_EQ(server.read, bytes);
  EXPECT_EQ(client.read, bytes);
}

// Every operation on the layer below fails once: both ends come to an end, and nothing wrong is delivered.
TEST_F(TlsStreamTest, EveryOperationBelowMayFail) {
  const std::string bytes = pattern_bytes(3'000);
  const MemoryFaults narrow{.read_bytes_max = 200, .write_bytes_max = 200, .capacity_bytes = 400};
  std::size_t failed = 0;
  for (std::size_t n = 1; n < 10'000; ++n) {
    server = {};
    client = {};
    MemoryFaults faults = narrow;
    faults.fail_at_operation = n;
    converse(faults, bytes);
    ASSERT_EQ(loop.connections.running(), 0u) << n;
    ASSERT_TRUE(server.done && client.done) << n;
    ASSERT_TRUE(bytes.starts_with(server.read)) << n;
    ASSERT_TRUE(bytes.starts_with(client.read)) << n;
    if (client.read == bytes && client.ended == Code::ok && server.closed == Code::ok) break;
    ++failed;
    ASSERT_LT(n, 9'999u);
  }
  EXPECT_GT(failed, 20u);
}

TEST_F(TlsStreamTest, OverAnotherTls) {
  auto [ours, theirs] = MemoryStream::make_pair(loop);
  Log outer_server;
  Log outer_client;
  struct Nested {
    static Task<void> serve(TlsStreamTest* test, std::unique_ptr<TlsStream> outer, Log& outer_log, Log& log) {
      outer_log.handshake = co_await outer->handshake();
      auto inner = std::make_unique<TlsStream>(Wire(std::move(outer)), test->server_context, TlsAccept{});
      EXPECT_EQ(inner->name(), "memory/tls/tls");
      EXPECT_EQ(inner->layer(), 2);
      co_await echo(std::move(inner), log);
    }
    static Task<void> call(TlsStreamTest* test, std::unique_ptr<TlsStream> outer, Log& outer_log, Log& log) {
      outer_log.handshake = co_await outer->handshake();
      co_await talk(test->client_over(std::move(outer)), pattern_bytes(100'000), log);
    }
  };
  loop.connections.spawn(Nested::serve(this, server_over(std::move(ours)), outer_server, server));
  loop.connections.spawn(Nested::call(this, client_over(std::move(theirs)), outer_client, client));
  loop.run();
  ASSERT_TRUE(server.done && client.done);
  EXPECT_EQ(client.read, pattern_bytes(100'000));
}

TEST_F(TlsStreamTest, SEC_T9_EndOfTheLayerBelowIsNoCleanEnd) {
  auto [ours, theirs] = MemoryStream::make_pair(loop);
  loop.connections.spawn(echo(server_over(std::move(ours)), server));
  TlsPair pair(server_context, client_context);  // only its client is used
  MemoryPeer peer(std::move(theirs));
  std::string pending;
  while (!pair.client.established()) {
    Bytes input = as_bytes(pending);
    pair.client.handshake(input);
    peer.send(as_text(pair.client.output()));
    pair.client.output_taken(pair.client.output().size());
    loop.run();
    pending = peer.take();
  }
  pair.client.write(as_bytes("half a message"));
  peer.send(as_text(pair.client.output()));
  peer.close_write();
  loop.run();
  EXPECT_EQ(server.read, "half a message");
  EXPECT_EQ(server.ended, Code::reset);
  EXPECT_EQ(server.why, Why::tls_truncated);
}

TEST_F(TlsStreamTest, SEC_T1_WhatWasReadBeforeStaysBelow) {
  auto [ours, theirs] = MemoryStream::make_pair(loop);
  MemoryPeer peer(std::move(theirs));
  peer.send("GET /inject HTTP/1.1\r\nHost: localhost\r\n\r\n");
  Wire below(std::move(ours));
  ASSERT_EQ(Wire::try_fill(below.stream()).code, Code::ok);
  ASSERT_FALSE(below.peek().empty());
  auto stream = std::make_unique<TlsStream>(std::move(below), server_context, TlsAccept{.upgraded = true});
  EXPECT_TRUE(stream->ahead().peek().empty());
  loop.connections.spawn(echo(std::move(stream), server));
  loop.run();
  EXPECT_TRUE(server.done);
  ASSERT_FALSE(server.handshake);
  EXPECT_EQ(server.handshake.error().code, Code::malformed);
  EXPECT_EQ(server.why, Why::tls_failed);
  EXPECT_EQ(server.read, "");
}

TEST_F(TlsStreamTest, SEC_T1_AClientHelloThatWasReadBeforeIsTakenAsRecords) {
  auto [ours, theirs] = MemoryStream::make_pair(loop);
  loop.connections.spawn(talk(client_over(std::move(theirs)), "inside", client));
  Wire below(std::move(ours));
  ASSERT_EQ(Wire::try_fill(below.stream()).code, Code::ok);
  below.pin();
  auto stream = std::make_unique<TlsStream>(std::move(below), server_context, TlsAccept{});
  loop.connections.spawn(echo(std::move(stream), server));
  loop.run();
  EXPECT_EQ(server.read, "inside");
  EXPECT_EQ(client.read, "inside");
}

TEST_F(TlsStreamTest, SEC_T2_TheAlertArrives) {
  auto [ours, theirs] = MemoryStream::make_pair(loop);
  loop.connections.spawn(echo(server_over(std::move(ours), {.upgraded = true}), server));
  loop.connections.spawn(talk(client_over(std::move(theirs)), "x", client));
  loop.run();
  EXPECT_EQ(server.why, Why::tls_alpn_in_upgrade);
  ASSERT_FALSE(client.handshake);
  EXPECT_EQ(client.handshake.error().code, Code::malformed);  // the alert, not the end of the connection
}

TEST_F(TlsStreamTest, ASilentPeerIsTimedOut) {
  auto [ours, theirs] = MemoryStream::make_pair(loop);
  auto stream = server_over(std::move(ours));
  stream->expires_after(Millis(10'000));
  loop.connections.spawn(echo(std::move(stream), server));
  loop.advance(Millis(9'000));
  EXPECT_FALSE(server.done);
  loop.advance(Millis(1'100));
  ASSERT_TRUE(server.done);
  EXPECT_EQ(server.handshake.error().code, Code::timed_out);
}

TEST_F(TlsStreamTest, ADeadlineOfTheLayerBelowIsNoLongerHeard) {
  auto [ours, theirs] = MemoryStream::make_pair(loop);
  ours->expires_after(Millis(1'000));
  loop.connections.spawn(echo(server_over(std::move(ours)), server));
  loop.advance(Millis(5'000));
  loop.connections.spawn(talk(client_over(std::move(theirs)), "late", client));
  loop.run();
  EXPECT_EQ(client.read, "late");
}

Task<void> write_only(std::unique_ptr<TlsStream> stream, std::size_t size, Log& log, TlsStream*& out) {
  TlsStream& tls = *stream;
  Wire wire(std::move(stream));
  log.handshake = co_await tls.handshake();
  out = &tls;
  const std::string bytes = pattern_bytes(size);
  const Result<void> sent = co_await wire.write(bytes);
  log.sent = code_of(sent);
  const Result<void> closed = co_await wire.close_write();
  log.closed = code_of(closed);
  out = nullptr;
  log.done = true;
}

Task<void> handshake_only(std::unique_ptr<TlsStream> stream, std::unique_ptr<Wire>& kept, Log& log) {
  TlsStream& tls = *stream;
  kept = std::make_unique<Wire>(std::move(stream));
  log.handshake = co_await tls.handshake();
  log.done = true;
}

TEST_F(TlsStreamTest, APeerThatDoesNotReadHoldsTheWriter) {
  auto [ours, theirs] = MemoryStream::make_pair(loop, {.capacity_bytes = 10'000});
  TlsStream* writer = nullptr;
  std::unique_ptr<Wire> reader;
  loop.connections.spawn(write_only(server_over(std::move(ours)), 1'000'000, server, writer));
  loop.connections.spawn(handshake_only(client_over(std::move(theirs)), reader, client));
  loop.run();
  ASSERT_NE(writer, nullptr);
  EXPECT_FALSE(server.done);

  // An interruption ends the write; close_notify cannot pass what was written before, so abort remains.
  writer->interrupt(Code::timed_out);
  loop.run();
  EXPECT_EQ(server.sent, Code::timed_out);
  EXPECT_FALSE(server.done);
  writer->abort();
  loop.run();
  EXPECT_TRUE(server.done);
  EXPECT_EQ(server.closed, Code::reset);
  reader.reset();
}

TEST_F(TlsStreamTest, CloseWaitsUntilEverythingIsFlushed) {
  auto [ours, theirs] = MemoryStream::make_pair(loop, {.capacity_bytes = 1'000});
  TlsStream* writer = nullptr;
  std::unique_ptr<Wire> reader;
  loop.connections.spawn(write_only(server_over(std::move(ours)), 60'000, server, writer));
  loop.connections.spawn(handshake_only(client_over(std::move(theirs)), reader, client));
  loop.run();
  EXPECT_EQ(server.sent, Code::ok);  // taken, and being flushed
  EXPECT_FALSE(server.done);
  Log log;
  loop.connections.spawn(read_all(*reader, log));
  loop.run();
  EXPECT_TRUE(server.done);
  EXPECT_EQ(log.read, pattern_bytes(60'000));
  EXPECT_EQ(log.ended, Code::ok);
}

TEST_F(TlsStreamTest, DroppedWhileItsWaitersArePosted) {
  auto [ours, theirs] = MemoryStream::make_pair(loop);
  std::unique_ptr<Wire> kept;
  loop.connections.spawn(handshake_only(server_over(std::move(ours)), kept, server));
  kept->stream().interrupt(Code::cancelled);
  loop.run();
  EXPECT_TRUE(server.done);
  MemoryPeer peer(std::move(theirs));
  peer.send("x");  // posts the waiter of the stream
  kept.reset();
  loop.run();
  EXPECT_FALSE(loop.has_ready());
}

TEST_F(TlsStreamTest, AfterAnInterruptionTheStreamStillWorks) {
  struct Patient {
    static Task<void> run(std::unique_ptr<TlsStream> stream, TlsStream*& out, Log& log) {
      TlsStream& tls = *stream;
      Wire wire(std::move(stream));
      log.handshake = co_await tls.handshake();
      out = &tls;
      const Result<std::size_t> n = co_await wire.fill();
      log.ended = n ? Code::ok : n.error().code;
      const Result<void> sent = co_await wire.write("goodbye");
      log.sent = code_of(sent);
      const Result<void> closed = co_await wire.close_write();
      log.closed = code_of(closed);
      log.done = true;
    }
  };
  auto [ours, theirs] = MemoryStream::make_pair(loop);
  TlsStream* stream = nullptr;
  std::unique_ptr<Wire> reader;
  loop.connections.spawn(Patient::run(server_over(std::move(ours)), stream, server));
  loop.connections.spawn(handshake_only(client_over(std::move(theirs)), reader, client));
  loop.run();
  ASSERT_NE(stream, nullptr);
  stream->interrupt(Code::draining);
  loop.connections.spawn(read_all(*reader, client));
  loop.run();
  EXPECT_EQ(server.ended, Code::draining);
  EXPECT_EQ(server.closed, Code::ok);
  EXPECT_EQ(client.read, "goodbye");
  EXPECT_EQ(client.ended, Code::ok);
}

}  // namespace
}  // namespace turnout
