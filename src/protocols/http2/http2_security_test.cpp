// The classes of attack on HTTP/2 (H1 to H12): floods on virtual time, limits, and frames that no sound client sends.
#include <gtest/gtest.h>

#include <functional>

#include "protocols/http2/http2.h"
#include "tests/support/h2_server.h"

namespace turnout::testing {
namespace {

constexpr std::uint8_t whole = NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM;

/// A client that speaks in frames.
struct RawClient {
  RawClient() : peer(server.serve()) { start(); }
  void start() {
    peer.send(client_hello());
    server.loop.run();
  }
  void send(std::string_view bytes) {
    (void)peer.send(bytes);
    server.loop.run();
    for (H2Frame& frame : parse_frames(received.append(peer.take()))) frames.push_back(std::move(frame));
    // Whole frames have been taken; a rest waits for its end.
    std::size_t taken = 0;
    for (const H2Frame& frame : parse_frames(received)) taken += 9 + frame.payload.size();
    received.erase(0, taken);
  }
  std::string get(std::uint32_t id, std::string_view path = "/hello") {
    return frame(NGHTTP2_HEADERS, whole, id, literal_fields(get_fields(path)));
  }
  std::string post(std::uint32_t id, std::string_view path = "/echo", const H2Fields& more = {}) {
    H2Fields fields = get_fields(path);
    fields[0].second = "POST";
    fields.insert(fields.end(), more.begin(), more.end());
    return frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, id, literal_fields(fields));
  }
  std::size_t count(std::uint8_t type) const {
    std::size_t n = 0;
    for (const H2Frame& frame : frames) n += frame.type == type ? 1 : 0;
    return n;
  }
  /// The error code of the GOAWAY, if one came.
  std::optional<std::uint32_t> goaway() const {
    for (const H2Frame& frame : frames) {
      if (frame.type == NGHTTP2_GOAWAY) return uint32_at(frame.payload, 4);
    }
    return std::nullopt;
  }
  std::optional<std::uint32_t> reset_of(std::uint32_t stream_id) const {
    for (const H2Frame& frame : frames) {
      if (frame.type == NGHTTP2_RST_STREAM && frame.stream_id == stream_id) return uint32_at(frame.payload, 0);
    }
    return std::nullopt;
  }
  /// How the connection ended, once the client has closed too.
  Why end() {
    peer.close();
    server.loop.run();
    return server.is_over() ? server.why() : Why::none;
  }

  TestServer server;
  MemoryPeer peer;
  std::string received;
  std::vector<H2Frame> frames;
};

/// Sends the same again and again, `per_second` times each second of virtual time, and says after how many the
/// connection was ended; 0 where it was not.
std::size_t floods_after(RawClient& client, std::size_t sends, std::size_t per_second,
                         const std::function<std::string(std::size_t)>& next) {
  for (std::size_t i = 0; i < sends; ++i) {
    client.send(next(i));
    if (client.goaway()) return i + 1;
    if ((i + 1) % per_second == 0) client.server.loop.advance(Millis(1'000));
  }
  return 0;
}

void expect_flood(RawClient& client) {
  EXPECT_EQ(client.goaway(), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_EQ(client.end(), Why::flood);
}

TEST(SEC_H1, RapidReset) {
  RawClient client;
  const auto request_and_reset = [&](std::size_t i) {
    const auto id = static_cast<std::uint32_t>(2 * i + 1);
    return client.get(id) + frame(NGHTTP2_RST_STREAM, 0, id, uint32_bytes(NGHTTP2_CANCEL));
  };
  const std::size_t after = floods_after(client, 10'000, 10'000, request_and_reset);
  EXPECT_GE(after, 100u);
  EXPECT_LE(after, 102u);
  expect_flood(client);
  EXPECT_TRUE(client.server.recorder.lines.empty()) << "what was reset with its request was never begun";
}

TEST(SEC_H1, InOneSegment) {
  RawClient client;
  std::string all;
  for (std::uint32_t id = 1; id < 2000; id += 2) {
    all += client.get(id) + frame(NGHTTP2_RST_STREAM, 0, id, uint32_bytes(NGHTTP2_CANCEL));
  }
  client.send(all);
  expect_flood(client);
}

TEST(SEC_H1, SomeResetsAreOrdinary) {
  RawClient client;
  const auto request_and_reset = [&](std::size_t i) {
    const auto id = static_cast<std::uint32_t>(2 * i + 1);
    return client.get(id) + frame(NGHTTP2_RST_STREAM, 0, id, uint32_bytes(NGHTTP2_CANCEL));
  };
  // Not longer: nghttp2's own limit is in the time of the clock.
  EXPECT_EQ(floods_after(client, 33 * 25, 33, request_and_reset), 0u) << "33 a second, for 25 seconds";
}

TEST(SEC_H1, HandlersThatOutliveTheirStreamsAreBounded) {
  static std::size_t running_max;
  static std::size_t running;
  running = running_max = 0;
  RawClient client;
  client.server.site.limits_.resets_burst = 100'000;
  client.server.site.limits_.streams_max = 10;
  // Nothing tells this handler that its stream was reset before it looks.
  client.server.site.add("/body", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                           running_max = std::max(running_max, ++running);
                           (void)co_await exchange.read();
                           --running;
                         }));
  RawClient& again = client;
  std::string all;
  for (std::uint32_t id = 1; id < 101; id += 2) {
    all += again.post(id, "/body");
    if (id % 20 == 19) {
      again.send(all);
      all.clear();
      for (std::uint32_t reset = id - 18; reset <= id; reset += 2) {
        all += frame(NGHTTP2_RST_STREAM, 0, reset, uint32_bytes(NGHTTP2_CANCEL));
      }
    }
  }
  EXPECT_LE(running_max, 20u);
  EXPECT_GT(running_max, 0u);
}

TEST(SEC_H2, ResetsThatTheServerIsMadeToSendCountToo) {
  using Provoke = std::function<std::string(RawClient&, std::uint32_t)>;
  const std::vector<std::pair<const char*, Provoke>> ways = {
      {"window overflow",
       [](RawClient& client, std::uint32_t id) {
         return client.post(id) + frame(NGHTTP2_WINDOW_UPDATE, 0, id, uint32_bytes(0x7fffffff));
       }},
      {"window update of zero",
       [](RawClient& client, std::uint32_t id) {
         return client.post(id) + frame(NGHTTP2_WINDOW_UPDATE, 0, id, uint32_bytes(0));
       }},
      {"more than content-length",
       [](RawClient& client, std::uint32_t id) {
         return client.post(id, "/echo", {{"content-length", "1"}}) + frame(NGHTTP2_DATA, 0, id, "ab");
       }},
      {"less than content-length",
       [](RawClient& client, std::uint32_t id) {
         return client.post(id, "/echo", {{"content-length", "3"}}) +
                frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, id, "ab");
       }},
      {"a malformed request",
       [](RawClient&, std::uint32_t id) {
         return frame(NGHTTP2_HEADERS, whole, id, literal_fields({{":method", "GET"}}));
       }},
      {"DATA after the end",
       [](RawClient& client, std::uint32_t id) { return client.get(id, "/slow") + frame(NGHTTP2_DATA, 0, id, "x"); }},
  };
  for (const auto& [name, provoke] : ways) {
    SCOPED_TRACE(name);
    RawClient client;
    // Never answers, so that the stream is open until it is reset.
    client.server.site.add("/slow", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                             (void)co_await exchange.start(ResponseHead(200), std::nullopt);
                             const std::string much(100'000, 'x');
                             (void)co_await exchange.write(as_bytes(much));
                           }));
    client.send(frame(NGHTTP2_WINDOW_UPDATE, 0, 0, uint32_bytes(0x7fff0000 - 65535)));
    const std::size_t after = floods_after(
        client, 1'000, 1'000, [&](std::size_t i) { return provoke(client, static_cast<std::uint32_t>(2 * i + 1)); });
    EXPECT_GE(after, 1u);
    EXPECT_LE(after, 102u);
    EXPECT_TRUE(client.goaway());
  }
}

TEST(SEC_H3, EndlessContinuation) {
  for (const std::string& part :
       {std::string(), literal_fields({{"a", "b"}}), literal_fields({{"a", std::string(4000, 'b')}})}) {
    RawClient client;
    client.send(frame(NGHTTP2_HEADERS, 0, 1, literal_fields(get_fields("/hello"))));
    EXPECT_LE(floods_after(client, 20, 20, [&](std::size_t) { return frame(NGHTTP2_CONTINUATION, 0, 1, part); }), 9u);
    expect_flood(client);
  }
}

TEST(SEC_H3, SomeContinuationIsOrdinary) {
  RawClient client;
  const std::string block = literal_fields(get_fields("/hello"));
  std::string all = frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, block.substr(0, 5));
  for (std::size_t at = 5; at < block.size(); at += 20) {
    all += frame(NGHTTP2_CONTINUATION, at + 20 >= block.size() ? NGHTTP2_FLAG_END_HEADERS : 0, 1, block.substr(at, 20));
  }
  client.send(all);
  EXPECT_EQ(client.server.recorder.lines.size(), 1u);
}

TEST(SEC_H3, AFieldSectionThatDoesNotEndInTime) {
  RawClient client;
  client.send(frame(NGHTTP2_HEADERS, 0, 1, literal_fields(get_fields("/hello"))));
  client.server.loop.advance(Millis(6'000));
  client.send(frame(NGHTTP2_CONTINUATION, 0, 1, literal_fields({{"a", "b"}})));
  client.server.loop.advance(Millis(4'100));
  client.send("");
  EXPECT_TRUE(client.goaway()) << "the deadline is absolute";
  EXPECT_EQ(client.end(), Why::header_timeout);
}

/// The status that a block of fields is answered with; 0 where it is not answered.
int status_of(RawClient& client, const std::string& block) {
  client.send(frame(NGHTTP2_HEADERS, whole, 1, block));
  return client.server.recorder.lines.empty() ? 0 : client.server.recorder.lines.back().status;
}

TEST(SEC_H4, TooManyFieldsAre431) {
  for (const std::string_view name : {"cookie", "x-field"}) {
    H2Fields fields = get_fields("/hello");
    while (fields.size() <= 100) fields.emplace_back(name, "a");
    RawClient client;
    EXPECT_EQ(status_of(client, literal_fields(fields)), 431) << name;
    EXPECT_FALSE(client.goaway());
    client.send(client.get(3));
    EXPECT_EQ(client.server.recorder.lines.back().status, 200) << "the connection goes on";
  }
}

TEST(SEC_H4, ABombOfReferencesIsNotDecodedToItsEnd) {
  // One entry of 3 KiB in the table, then a byte for each copy of it: 1 to 3000.
  std::string block = literal_fields(get_fields("/hello"));
  std::string entry;
  entry.push_back(0x40);
  entry += literal_fields({{"x", std::string(3000, 'v')}}).substr(1);
  block += entry;
  RawClient some;
  EXPECT_EQ(status_of(some, block + std::string(5, '\xbe')), 431) << "18 KiB decoded";
  RawClient many;
  EXPECT_EQ(status_of(many, block + std::string(13'000, '\xbe')), 0) << "39 MiB decoded";
  expect_flood(many);
}

TEST(SEC_H4, TrailersCountToo) {
  RawClient client;
  std::string entry;
  entry.push_back(0x40);
  entry += literal_fields({{"x", std::string(3000, 'v')}}).substr(1);
  client.send(client.post(1) + frame(NGHTTP2_HEADERS, whole, 1, entry + std::string(13'000, '\xbe')));
  expect_flood(client);
}

TEST(SEC_H5, ControlFrameFloods) {
  const std::vector<std::pair<const char*, std::string>> floods = {
      {"PING", frame(NGHTTP2_PING, 0, 0, std::string(8, 'p'))},
      {"SETTINGS", frame(NGHTTP2_SETTINGS, 0, 0)},
      {"PRIORITY", frame(NGHTTP2_PRIORITY, 0, 9, std::string("\0\0\0\0\0", 5))},
      {"empty DATA", frame(NGHTTP2_DATA, 0, 1)},
      {"WINDOW_UPDATE by one", frame(NGHTTP2_WINDOW_UPDATE, 0, 0, uint32_bytes(1))},
  };
  for (const auto& [name, bytes] : floods) {
    SCOPED_TRACE(name);
    RawClient client;
    client.send(client.post(1));
    const std::size_t after = floods_after(client, 5'000, 5'000, [&](std::size_t) { return bytes; });
    EXPECT_GE(after, 900u);
    EXPECT_LE(after, 1'001u);
    expect_flood(client);
  }
}

TEST(SEC_H5, SomeControlFramesAreOrdinary) {
  RawClient client;
  EXPECT_EQ(
      floods_after(client, 100 * 60, 100, [](std::size_t) { return frame(NGHTTP2_PING, 0, 0, std::string(8, 'p')); }),
      0u)
      << "a hundred a second, for a minute";
}

TEST(SEC_H5, AcknowledgementsThatNobodyTakesAreBounded) {
  TestServer server;
  server.site.limits_.control_queue_max = 50;
  auto [queue_max, capacity] = std::pair(50u, std::size_t{200});
  MemoryPeer peer(server.serve({.capacity_bytes = capacity}));
  (void)queue_max;
  (void)peer.send(client_hello());
  server.loop.run();
  // The client reads nothing: what it asks for stays with the server.
  for (int i = 0; i < 500 && !server.is_over(); ++i) {
    (void)peer.send(frame(NGHTTP2_PING, 0, 0, std::string(8, 'p')));
    server.loop.run();
  }
  server.loop.advance(Millis(31'000));
  peer.take();
  peer.close();
  server.loop.run();
  EXPECT_EQ(server.why(), Why::flood);
}

TEST(SEC_H5, TooManySettingsInOneFrame) {
  RawClient client;
  std::string entries;
  for (int i = 0; i < 33; ++i) entries += std::string("\0\x99", 2) + uint32_bytes(1);
  client.send(frame(NGHTTP2_SETTINGS, 0, 0, entries));
  expect_flood(client);
}

TEST(SEC_H6, AClosedStreamWindowIsNotWaitedForForever) {
  TestServer server;
  static Code code;
  code = Code::ok;
  server.site.add("/large", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    const std::string much(100'000, 'x');
                    const Result<void> sent = co_await exchange.respond(200, much);
                    code = sent ? Code::ok : sent.error().code;
                  }));
  // The first attack has a window of zero, the second one that is never opened again.
  for (const std::uint32_t window : {0u, 65535u}) {
    H2Peer peer(server.loop, server.serve(),
                {.takes_data = false, .settings = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window}}});
    const int large = peer.get("/large");
    const int small = peer.get("/hello");  // answered and gone for its handler, but not sent
    peer.run();
    server.loop.advance(Millis(29'000));
    peer.run();
    EXPECT_FALSE(peer.response(large).reset);
    server.loop.advance(Millis(1'100));
    peer.run();
    EXPECT_EQ(peer.response(large).reset, NGHTTP2_CANCEL);
    EXPECT_EQ(code, Code::timed_out);
    if (window == 0) EXPECT_EQ(peer.response(small).reset, NGHTTP2_CANCEL);
    EXPECT_FALSE(server.is_over());
    peer.close();
    server.loop.run();
  }
}

TEST(SEC_H6, AWindowThatOpensSlowlyIsProgress) {
  TestServer server;
  server.site.add("/large", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    const std::string much(100'000, 'x');
                    (void)co_await exchange.respond(200, much);
                  }));
  H2Peer peer(server.loop, server.serve(), {.takes_data = false});
  const int id = peer.get("/large");
  peer.run();
  std::size_t taken = 0;
  for (int i = 0; i < 10; ++i) {
    server.loop.advance(Millis(20'000));
    const std::size_t arrived = peer.response(id).body.size();
    peer.take(id, std::min<std::size_t>(arrived - taken, 33'000));
    taken += std::min<std::size_t>(arrived - taken, 33'000);
    peer.run();
  }
  EXPECT_EQ(peer.response(id).body.size(), 100'000u);
  EXPECT_TRUE(peer.response(id).ended);
}

TEST(SEC_H6, APeerThatTakesNothing) {
  TestServer server;
  auto stream = server.serve({.capacity_bytes = 300});
  MemoryPeer peer(std::move(stream));
  (void)peer.send(client_hello());
  server.loop.run();
  peer.take();
  for (std::uint32_t id = 1; id < 30; id += 2) {
    (void)peer.send(frame(NGHTTP2_HEADERS, whole, id, literal_fields(get_fields("/hello"))));
    server.loop.run();
  }
  server.loop.advance(Millis(30'100));
  EXPECT_TRUE(server.is_over());
  EXPECT_EQ(server.why(), Why::send_timeout);
}

TEST(SEC_H7, EmptyNames) {
  RawClient client;
  H2Fields fields = get_fields("/hello");
  fields.emplace_back("", "x");
  EXPECT_EQ(status_of(client, literal_fields(fields)), 0);
  EXPECT_EQ(client.reset_of(1), NGHTTP2_PROTOCOL_ERROR);
}

TEST(SEC_H8, BytesThatMeanSomethingInHttp1) {
  const std::vector<std::pair<std::string, std::string>> wrong = {{"x-a", "b\r\nx-c: d"},
                                                                  {"x-a", "b\nc"},
                                                                  {"x-a", std::string("b\0c", 3)},
                                                                  {"x-a", " b"},
                                                                  {"x-a", "b\t"},
                                                                  {"x a", "b"},
                                                                  {"x:a", "b"},
                                                                  {"x-a\r\n", "b"},
                                                                  {"X-A", "b"},
                                                                  {":x", "b"},
                                                                  {":status", "200"},
                                                                  {"connection", "close"},
                                                                  {"keep-alive", "1"},
                                                                  {"upgrade", "h2c"},
                                                                  {"transfer-encoding", "chunked"},
                                                                  {"te", "gzip"},
                                                                  {"proxy-connection", "close"},
                                                                  {"content-length", "-1"},
                                                                  {"content-length", "1, 1"},
                                                                  {"content-length", ""}};
  for (const auto& field : wrong) {
    RawClient client;
    H2Fields fields = get_fields("/hello");
    fields.push_back(field);
    EXPECT_EQ(status_of(client, literal_fields(fields)), 0) << field.first << ": " << field.second;
    EXPECT_EQ(client.reset_of(1), NGHTTP2_PROTOCOL_ERROR) << field.first << ": " << field.second;
  }
  for (const std::size_t pseudo : {0u, 1u, 2u, 3u}) {
    for (const std::string_view bytes : {"\r\n", "\n", " ", "\t"}) {
      RawClient client;
      H2Fields fields = get_fields("/hello");
      fields[pseudo].second += std::string(bytes) + "x";
      const int status = status_of(client, literal_fields(fields));
      EXPECT_TRUE(status == 400 || client.reset_of(1) == NGHTTP2_PROTOCOL_ERROR) << pseudo;
    }
  }
  RawClient sound;
  H2Fields fields = get_fields("/hello");
  fields.emplace_back("te", "trailers");
  EXPECT_EQ(status_of(sound, literal_fields(fields)), 200);
}

TEST(SEC_H8, ContentLengthIsWhatArrives) {
  for (const auto& [length, sent] : std::vector<std::pair<std::string, std::string>>{{"3", "ab"}, {"1", "ab"}}) {
    RawClient client;
    client.send(client.post(1, "/echo", {{"content-length", length}}) +
                frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, sent));
    EXPECT_EQ(client.reset_of(1), NGHTTP2_PROTOCOL_ERROR);
  }
  RawClient twice;
  twice.send(twice.post(1, "/echo", {{"content-length", "2"}, {"content-length", "2"}}));
  EXPECT_EQ(twice.reset_of(1), NGHTTP2_PROTOCOL_ERROR);
  RawClient none;
  H2Fields fields = get_fields("/hello");
  fields.emplace_back("content-length", "5");
  EXPECT_EQ(status_of(none, literal_fields(fields)), 0);
  EXPECT_EQ(none.reset_of(1), NGHTTP2_PROTOCOL_ERROR);
}

TEST(SEC_H9, OnTheWire) {
  RawClient differs;
  H2Fields fields = get_fields("/hello");
  fields.emplace_back("host", "evil.example");
  EXPECT_EQ(status_of(differs, literal_fields(fields)), 400);
  RawClient twice;
  fields.back().second = "example.com";
  fields.emplace_back("host", "example.com");
  EXPECT_EQ(status_of(twice, literal_fields(fields)), 0);
  EXPECT_EQ(twice.reset_of(1), NGHTTP2_PROTOCOL_ERROR);
}

TEST(SEC_H10, EveryTruncationAndEveryByte) {
  // No crash, no leak, and an end: whatever is cut off or changed in a sound conversation.
  RawClient model;
  const std::string sound = client_hello() + model.post(1) + frame(NGHTTP2_DATA, 0, 1, "abc") + model.get(3) +
                            frame(NGHTTP2_WINDOW_UPDATE, 0, 0, uint32_bytes(1000)) +
                            frame(NGHTTP2_PING, 0, 0, "pingping") + frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1) +
                            frame(NGHTTP2_GOAWAY, 0, 0, uint32_bytes(0) + uint32_bytes(0));
  const auto speak = [](const std::string& bytes) {
    TestServer server;
    MemoryPeer peer(server.serve());
    (void)peer.send(bytes);
    server.loop.run();
    peer.close();
    server.loop.run();
    EXPECT_TRUE(server.is_over());
  };
  for (std::size_t n = 0; n < sound.size(); ++n) speak(sound.substr(0, n));
  for (std::size_t i = 0; i < sound.size(); ++i) {
    for (const int change : {0x01, 0x80, 0xff}) {
      std::string wrong = sound;
      wrong[i] = static_cast<char>(wrong[i] ^ change);
      speak(wrong);
    }
  }
}

TEST(SEC_H12, StreamAccounting) {
  const auto goaway_after = [](const std::function<std::string(RawClient&)>& bytes) {
    RawClient client;
    client.send(bytes(client));
    return client.goaway();
  };
  EXPECT_EQ(goaway_after([](RawClient& c) { return c.get(2); }), NGHTTP2_PROTOCOL_ERROR) << "an even stream";
  EXPECT_EQ(goaway_after(
                [](RawClient&) { return frame(NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, 1, std::string(8, 0)); }),
            NGHTTP2_PROTOCOL_ERROR);
  EXPECT_EQ(goaway_after([](RawClient&) { return frame(NGHTTP2_DATA, 0, 5, "x"); }), NGHTTP2_PROTOCOL_ERROR)
      << "DATA on an idle stream";
  EXPECT_EQ(
      goaway_after([](RawClient&) { return frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\4\xff\xff\xff\xff", 6)); }),
      NGHTTP2_FLOW_CONTROL_ERROR);
  EXPECT_EQ(goaway_after([](RawClient&) {
              return frame(NGHTTP2_WINDOW_UPDATE, 0, 0, uint32_bytes(0x7fffffff)) +
                     frame(NGHTTP2_WINDOW_UPDATE, 0, 0, uint32_bytes(0x7fffffff));
            }),
            NGHTTP2_FLOW_CONTROL_ERROR);
  EXPECT_EQ(goaway_after([](RawClient& c) {
              return c.get(1) + frame(NGHTTP2_SETTINGS, 0, 0) + std::string("\xff\xff\xff", 3) + std::string(6, 0);
            }),
            NGHTTP2_FRAME_SIZE_ERROR);
  RawClient last;
  last.send(last.get(0x7fffffff) + last.get(3));
  EXPECT_EQ(last.server.recorder.lines.size(), 1u) << "a stream below the last one is closed";
}

TEST(SEC_H12, NoMoreStreamsThanAnnounced) {
  RawClient client;
  std::string all;
  for (std::uint32_t id = 1; id < 2 * 150; id += 2) all += client.post(id);
  client.send(all);
  std::size_t refused = 0;
  for (const H2Frame& frame : client.frames) {
    if (frame.type == NGHTTP2_RST_STREAM && uint32_at(frame.payload, 0) == NGHTTP2_REFUSED_STREAM) ++refused;
  }
  EXPECT_TRUE(refused == 50 || client.goaway()) << refused;
  EXPECT_LE(client.count(NGHTTP2_HEADERS), 100u);
}

TEST(SEC_U17, NoUpgradeInAnAnswer) {
  TestServer server;
  server.site.add("/upgrade", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    ResponseHead head(426);
                    head.fields.add("Upgrade", "websocket");
                    head.fields.add("Connection", "Upgrade");
                    head.fields.add("Keep-Alive", "1");
                    head.fields.add("Transfer-Encoding", "chunked");
                    head.fields.add("X-Split", "a\r\nb: c");
                    head.fields.add("X-Kept", "yes");
                    (void)co_await exchange.respond(std::move(head), as_bytes("no"));
                  }));
  server.site.add("/101", std::make_unique<Serve>(
                              [](Exchange& exchange) -> Task<void> { (void)co_await exchange.respond(101, "no"); }));
  H2Peer peer(server.loop, server.serve());
  const int upgrade = peer.get("/upgrade");
  const int switching = peer.get("/101");
  peer.run();
  EXPECT_EQ(peer.response(upgrade).status, 426);
  for (const std::string_view name : {"upgrade", "connection", "keep-alive", "transfer-encoding", "x-split"}) {
    EXPECT_EQ(peer.response(upgrade).field(name), "") << name;
  }
  EXPECT_EQ(peer.response(upgrade).field("x-kept"), "yes");
  EXPECT_EQ(peer.response(switching).status, 500);
  EXPECT_EQ(peer.pushes(), 0u);
}

TEST(SEC_D2, ABodyThatDripsIsCutOff) {
  RawClient client;
  static Code code;
  code = Code::ok;
  client.server.site.add("/drip", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                           while (true) {
                             const Result<Bytes> part = co_await exchange.read();
                             if (!part) code = part.error().code;
                             if (!part || part->empty()) co_return;
                           }
                         }));
  client.send(client.post(1, "/drip", {{"content-length", "1000000"}}));
  int seconds = 0;
  for (; seconds < 600 && code == Code::ok; ++seconds) {
    client.server.loop.advance(Millis(1'000));
    client.send(frame(NGHTTP2_DATA, 0, 1, "x"));
  }
  EXPECT_EQ(code, Code::timed_out);
  EXPECT_LT(seconds, 40);
  EXPECT_EQ(client.server.recorder.lines.back().status, 408);
}

}  // namespace
}  // namespace turnout::testing
