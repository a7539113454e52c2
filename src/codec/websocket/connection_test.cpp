#include "codec/websocket/connection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace turnout::websocket {
namespace {

using Kind = Event::Kind;

constexpr MaskKey test_mask{std::byte{0x11}, std::byte{0x92}, std::byte{0xA3}, std::byte{0x04}};

struct Shape {
  bool fin = true;
  bool rsv1 = false;
  bool masked = true;
};

std::string frame(Opcode opcode, std::string_view payload, Shape shape = {}) {
  FrameHeader header;
  header.opcode = opcode;
  header.fin = shape.fin;
  header.rsv1 = shape.rsv1;
  header.masked = shape.masked;
  header.mask = test_mask;
  header.payload_bytes = payload.size();
  std::array<std::byte, frame_header_bytes_max> bytes;
  std::string out(as_text(Bytes(bytes).first(encode_frame_header(header, bytes))));
  const std::size_t start = out.size();
  out.append(payload);
  if (shape.masked) apply_mask(std::as_writable_bytes(std::span(out)).subspan(start), header.mask, 0);
  return out;
}

std::string part(Opcode opcode, std::string_view payload) {
  return frame(opcode, payload, {.fin = false});
}

std::string close_frame(unsigned code, std::string_view reason = "") {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  return frame(Opcode::close, payload.append(reason));
}

/// An event that outlives the engine's next step.
struct Seen {
  Kind kind;
  std::uint16_t code = 0;
  Why why = Why::none;
  std::string payload = {};
  bool text = false;
  friend bool operator==(const Seen&, const Seen&) = default;
  friend void PrintTo(const Seen& seen, std::ostream* out) {
    *out << static_cast<int>(seen.kind) << " code " << seen.code << " " << turnout::text(seen.why) << " "
         << seen.payload.size() << " bytes: " << seen.payload.substr(0, 60);
  }
};

Seen message(std::string_view payload, bool text) {
  return {.kind = Kind::message, .payload = std::string(payload), .text = text};
}
Seen ping(std::string_view payload) {
  return {.kind = Kind::ping, .payload = std::string(payload)};
}
Seen closed(std::uint16_t code, std::string_view reason = "") {
  return {.kind = Kind::close, .code = code, .payload = std::string(reason)};
}
Seen fault(CloseCode code, Why why) {
  return {.kind = Kind::error, .code = static_cast<std::uint16_t>(code), .why = why};
}

/// Feeds `input` in pieces of `step` bytes (the first of `first` bytes); every piece lies in memory of its own size,
/// so that a sanitizer sees what is read beyond it.
std::vector<Seen> feed(Engine& engine, std::string_view input, std::size_t step, std::size_t first = 0) {
  std::vector<Seen> seen;
  while (!input.empty()) {
    const std::size_t size = std::min(input.size(), first != 0 ? first : step);
    first = 0;
    std::vector<std::byte> piece(as_bytes(input).begin(), as_bytes(input).begin() + static_cast<std::ptrdiff_t>(size));
    input.remove_prefix(size);
    MutableBytes left(piece);
    while (true) {
      const Event event = engine.next(left);
      if (event.kind == Kind::need_more) break;
      seen.push_back({event.kind, event.code, event.why, std::string(as_text(event.payload)),
                      event.kind == Kind::message && event.message_kind == MessageKind::text});
    }
    EXPECT_TRUE(left.empty());
  }
  return seen;
}

/// The same events whatever the sizes of the reads are.
void expect_events(std::string_view input, const std::vector<Seen>& expected, const EngineOptions& options = {},
                   Role role = Role::server) {
  for (std::size_t cut = 0; cut <= input.size() && cut < 400; ++cut) {
    Engine engine(role, options);
    ASSERT_EQ(feed(engine, input, input.size(), cut), expected) << "first read of " << cut;
  }
  for (std::size_t step : {1U, 2U, 3U, 7U, 64U}) {
    Engine engine(role, options);
    ASSERT_EQ(feed(engine, input, step), expected) << "reads of " << step;
  }
}

EngineOptions with_deflate(bool context = false) {
  Deflate deflate;
  deflate.server_no_context_takeover = deflate.client_no_context_takeover = !context;
  EngineOptions options;
  options.deflate = deflate;
  return options;
}

std::string squeeze(std::string_view text) {
  Deflater deflater(15);
  Buffer out;
  EXPECT_TRUE(deflater.squeeze(as_bytes(text), out).has_value());
  return std::string(as_text(out.bytes()));
}

TEST(WebSocketEngine, MessagesOfEverySize) {
  for (std::size_t size : {0U, 1U, 2U, 125U, 126U, 127U, 200U, 65535U, 65536U, 70000U}) {
    const std::string payload(size, 'm');
    expect_events(frame(Opcode::text, payload) + frame(Opcode::binary, payload),
                  {message(payload, true), message(payload, false)});
  }
}

TEST(WebSocketEngine, FragmentsWithControlFramesBetween) {
  expect_events(
      part(Opcode::text, "one ") + frame(Opcode::ping, "p") + part(Opcode::continuation, "") +
          frame(Opcode::pong, "q") + part(Opcode::continuation, "two ") + frame(Opcode::continuation, "three") +
          frame(Opcode::binary, "next"),
      {ping("p"), {.kind = Kind::pong, .payload = "q"}, message("one two three", true), message("next", false)});
  expect_events(part(Opcode::binary, "") + frame(Opcode::continuation, ""), {message("", false)});
}

TEST(WebSocketEngine, AWholeMessageIsNotCopied) {
  Engine engine(Role::server, {});
  std::string input = frame(Opcode::text, std::string(1000, 'w')) + frame(Opcode::binary, "x");
  const MutableBytes all = std::as_writable_bytes(std::span(input));
  MutableBytes left = all;
  Event event = engine.next(left);
  ASSERT_EQ(event.kind, Kind::message);
  EXPECT_EQ(event.payload.data(), all.data() + 8);
  EXPECT_EQ(engine.held_bytes(), 0U);
  event = engine.next(left);
  ASSERT_EQ(event.kind, Kind::message);
  EXPECT_EQ(event.payload.data(), all.data() + all.size() - 1);
  EXPECT_EQ(engine.next(left).kind, Kind::need_more);
  EXPECT_TRUE(engine.idle());
}

TEST(WebSocketEngine, IdleHoldsNothing) {
  static_assert(sizeof(Engine) <= 200);
  for (const EngineOptions& options : {EngineOptions(), with_deflate()}) {
    Engine engine(Role::server, options);
    EXPECT_TRUE(engine.idle());
    const std::string split = part(Opcode::text, "abc") + frame(Opcode::continuation, "def");
    feed(engine, split, 1);
    EXPECT_EQ(engine.held_bytes(), 0U);
    EXPECT_TRUE(engine.idle());
    if (options.deflate) {
      feed(engine, frame(Opcode::text, squeeze(std::string(500, 'a')), {.rsv1 = true}), 3);
      EXPECT_TRUE(engine.idle());
    }
    Buffer out;
    engine.encode_message(MessageKind::text, as_bytes(std::string(500, 'a')), out);
    EXPECT_TRUE(engine.idle());
    feed(engine, part(Opcode::text, "abc"), 5);
    EXPECT_FALSE(engine.idle());
  }
}

TEST(SEC_W2, MaskingByRole) {
  expect_events(frame(Opcode::text, "x", {.masked = false}),
                {fault(CloseCode::protocol_error, Why::websocket_masking)});
  expect_events(frame(Opcode::text, "x"), {fault(CloseCode::protocol_error, Why::websocket_masking)}, {}, Role::client);
  expect_events(frame(Opcode::text, "x", {.masked = false}), {message("x", true)}, {}, Role::client);
}

TEST(SEC_W3, FramesOutOfOrder) {
  const Seen wrong = fault(CloseCode::protocol_error, Why::websocket_frame);
  expect_events(frame(Opcode::continuation, "x"), {wrong});
  expect_events(part(Opcode::continuation, "x"), {wrong});
  expect_events(part(Opcode::text, "x") + frame(Opcode::text, "y"), {wrong});
  expect_events(part(Opcode::text, "x") + part(Opcode::binary, "y"), {wrong});
  expect_events(frame(Opcode::text, "x") + frame(Opcode::continuation, "y"), {message("x", true), wrong});
  expect_events(frame(Opcode::text, "x", {.rsv1 = true}), {wrong});
  expect_events(frame(Opcode::ping, "x", {.fin = false}), {wrong});
  expect_events(frame(Opcode::ping, std::string(126, 'x')), {wrong});
  for (int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    expect_events(frame(static_cast<Opcode>(opcode), ""), {wrong});
  }
}

TEST(SEC_W3, Rsv1WithCompression) {
  const Seen wrong = fault(CloseCode::protocol_error, Why::websocket_frame);
  expect_events(frame(Opcode::ping, "x", {.rsv1 = true}), {wrong}, with_deflate());
  expect_events(part(Opcode::text, "x") + frame(Opcode::continuation, "y", {.rsv1 = true}), {wrong}, with_deflate());
  expect_events(frame(Opcode::text, "not compressed"), {message("not compressed", true)}, with_deflate());
}

TEST(SEC_W4, EmptyContinuationsAreCountedAndHoldNoMemory) {
  Engine engine(Role::server, {});
  feed(engine, part(Opcode::text, ""), 100);
  const std::string empty = part(Opcode::continuation, "");
  int taken = 1;
  std::vector<Seen> seen;
  while (seen.empty() && taken < 10'000'000) {
    seen = feed(engine, empty, 100);
    ++taken;
    EXPECT_EQ(engine.held_bytes(), 0U);
  }
  EXPECT_EQ(seen, std::vector{fault(CloseCode::policy_violation, Why::websocket_fragments)});
  EXPECT_EQ(taken, 1025);
  EXPECT_TRUE(feed(engine, empty, 100).empty());
}

TEST(SEC_W4, TheLastFragmentThatIsAllowed) {
  EngineOptions options;
  options.fragments_max = 3;
  expect_events(part(Opcode::text, "a") + part(Opcode::continuation, "b") + frame(Opcode::continuation, "c") +
                    part(Opcode::text, "a") + part(Opcode::continuation, "b") + part(Opcode::continuation, "c") +
                    frame(Opcode::continuation, "d"),
                {message("abc", true), fault(CloseCode::policy_violation, Why::websocket_fragments)}, options);
}

TEST(SEC_W4, FragmentsAddUp) {
  EngineOptions options;
  options.message_bytes_max = 10;
  const Seen wrong = fault(CloseCode::message_too_big, Why::message_too_large);
  expect_events(frame(Opcode::binary, "0123456789"), {message("0123456789", false)}, options);
  expect_events(frame(Opcode::binary, "0123456789a"), {wrong}, options);
  expect_events(part(Opcode::binary, "01234") + frame(Opcode::continuation, "56789"), {message("0123456789", false)},
                options);
  expect_events(part(Opcode::binary, "01234") + frame(Opcode::continuation, "56789a"), {wrong}, options);
  // Each message has the whole limit to itself.
  expect_events(frame(Opcode::binary, "0123456789") + frame(Opcode::binary, "0123456789"),
                {message("0123456789", false), message("0123456789", false)}, options);
}

TEST(SEC_W5, ABombStopsAtTheLimitWithBoundedMemory) {
  // A mebibyte of zeros, flushed so that it can be repeated: 1024 of them would be a GiB.
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string zeros(1 << 20, '\0');
  std::string piece(4096, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(zeros.data());
  stream.avail_in = static_cast<uInt>(zeros.size());
  stream.next_out = reinterpret_cast<Bytef*>(piece.data());
  stream.avail_out = static_cast<uInt>(piece.size());
  ASSERT_EQ(deflate(&stream, Z_FULL_FLUSH), Z_OK);
  piece.resize(stream.total_out);
  deflateEnd(&stream);

  std::string bomb;
  for (int i = 0; i < 1024; ++i) bomb += piece;
  const std::string sent = frame(Opcode::binary, bomb, {.rsv1 = true});
  Engine engine(Role::server, with_deflate());
  std::size_t held = 0;
  std::vector<Seen> seen;
  for (std::size_t at = 0; at < sent.size() && seen.empty(); at += 1000) {
    seen = feed(engine, std::string_view(sent).substr(at, 1000), 1000);
    held = std::max(held, engine.held_bytes());
  }
  EXPECT_EQ(seen, std::vector{fault(CloseCode::message_too_big, Why::message_too_large)});
  EXPECT_LE(held, Limits().message_bytes_max);
  EXPECT_EQ(engine.held_bytes(), 0U);
}

TEST(SEC_W5, TheLimitHoldsForTheCompressedSizeAsWell) {
  EngineOptions options = with_deflate();
  options.message_bytes_max = 100;
  expect_events(frame(Opcode::binary, squeeze(std::string(100, 'a')), {.rsv1 = true}),
                {message(std::string(100, 'a'), false)}, options);
  expect_events(frame(Opcode::binary, squeeze(std::string(101, 'a')), {.rsv1 = true}),
                {fault(CloseCode::message_too_big, Why::message_too_large)}, options);
  expect_events(frame(Opcode::binary, std::string(200, '\0'), {.rsv1 = true}),
                {fault(CloseCode::message_too_big, Why::message_too_large)}, options);
}

TEST(WebSocketEngine, AMessageThatGrowsByCompressionMayStillHaveTheWholeLimit) {
  const std::string text(100, 'x');
  // A stored block (RFC 1951 section 3.2.4), and of the flush behind it what RFC 7692 section 7.2.1 leaves.
  const std::string stored = std::string("\0\x64\0\x9b\xff", 5) + text + std::string(1, '\0');
  EngineOptions options = with_deflate();
  options.message_bytes_max = text.size();
  expect_events(frame(Opcode::binary, stored, {.rsv1 = true}), {message(text, false)}, options);
  options.message_bytes_max = text.size() - 1;
  expect_events(frame(Opcode::binary, stored, {.rsv1 = true}),
                {fault(CloseCode::message_too_big, Why::message_too_large)}, options);
}

TEST(SEC_W5, CompressedDataThatCannotBeRestored) {
  const Seen wrong = fault(CloseCode::invalid_payload, Why::websocket_deflate);
  expect_events(frame(Opcode::binary, "\xFF\xFF\xFF", {.rsv1 = true}), {wrong}, with_deflate());
  // The tail that every sender has to take off.
  expect_events(frame(Opcode::binary, squeeze(std::string(200, 'a')).substr(0, 3), {.rsv1 = true}), {wrong},
                with_deflate());
  expect_events(frame(Opcode::binary, std::string_view("\x00", 1), {.rsv1 = true}), {message("", false)},
                with_deflate());
}

TEST(SEC_W6, LengthsThatLie) {
  const auto declare = [](std::initializer_list<int> length) {
    std::string out("\x82");
    for (int value : length) out.push_back(static_cast<char>(value));
    return out + "\x01\x02\x03\x04";
  };
  const Seen wrong = fault(CloseCode::protocol_error, Why::websocket_frame);
  expect_events(declare({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}), {wrong});
  expect_events(declare({0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0}), {wrong});
  expect_events(declare({0xFE, 0, 5}) + "12345", {wrong});
  expect_events(declare({0xFF, 0, 0, 0, 0, 0, 0, 0, 5}) + "12345", {wrong});
  const Seen too_big = fault(CloseCode::message_too_big, Why::message_too_large);
  expect_events(declare({0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}), {too_big});
  expect_events(declare({0xFF, 0, 0, 0, 0, 1, 0, 0, 1}), {too_big});  // 16 MiB and one
  // The sum with what came before must not wrap.
  std::string wrapping = part(Opcode::binary, "0123456789");
  wrapping += "\x80\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x02\x03\x04";
  expect_events(wrapping, {too_big});
}

TEST(SEC_W6, NothingIsReservedForBytesThatHaveNotCome) {
  Engine engine(Role::server, {});
  // 16 MiB are declared, which is allowed, and a hundred bytes come.
  std::string input("\x82\xFF\x00\x00\x00\x00\x01\x00\x00\x00\x01\x02\x03\x04", 14);
  EXPECT_TRUE(feed(engine, input + std::string(100, 'x'), 50).empty());
  EXPECT_LE(engine.held_bytes(), 200U);
  EXPECT_TRUE(feed(engine, std::string(100'000, 'x'), 1000).empty());
  EXPECT_LE(engine.held_bytes(), 250'000U);
}

TEST(SEC_W6, AMessageOfKnownLengthTakesNoMoreThanThat) {
  Engine engine(Role::server, {});
  const std::string sent = frame(Opcode::binary, std::string(100'000, 'x'));
  feed(engine, std::string_view(sent).substr(0, sent.size() - 1), 777);
  EXPECT_LE(engine.held_bytes(), 100'000U);
  EXPECT_EQ(feed(engine, std::string_view(sent).substr(sent.size() - 1), 1).size(), 1U);
}

TEST(SEC_W7, OnlyTheLatestPingIsAnswered) {
  Engine engine(Role::server, {});
  Buffer out;
  EXPECT_FALSE(engine.take_pong(out));
  for (int i = 0; i < 100'000; ++i) {
    feed(engine, frame(Opcode::ping, std::to_string(i)), 100);
  }
  EXPECT_TRUE(out.empty());
  EXPECT_TRUE(engine.take_pong(out));
  EXPECT_EQ(as_text(out.bytes()), frame(Opcode::pong, "99999", {.masked = false}));
  EXPECT_FALSE(engine.take_pong(out));
  EXPECT_TRUE(engine.idle());
  feed(engine, frame(Opcode::ping, ""), 3);
  out.clear();
  EXPECT_TRUE(engine.take_pong(out));
  EXPECT_EQ(as_text(out.bytes()), frame(Opcode::pong, "", {.masked = false}));
}

TEST(SEC_W7, NoPongAfterAClose) {
  for (const std::string& last :
       {frame(Opcode::close, ""), close_frame(1000), frame(Opcode::binary, "", {.rsv1 = true})}) {
    Engine engine(Role::server, {});
    feed(engine, frame(Opcode::ping, "x") + last, 100);
    Buffer out;
    EXPECT_FALSE(engine.take_pong(out));
    EXPECT_TRUE(out.empty());
  }
}

TEST(SEC_W8, TextIsRefusedAsEarlyAsItIsCertain) {
  const Seen wrong = fault(CloseCode::invalid_payload, Why::websocket_utf8);
  for (std::string_view bad : {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "ok \xE2\x82"}) {
    expect_events(frame(Opcode::text, bad), {wrong});
    expect_events(frame(Opcode::text, squeeze(std::string(bad) + std::string(100, 'a')), {.rsv1 = true}), {wrong},
                  with_deflate());
    expect_events(frame(Opcode::binary, bad), {message(bad, false)});
  }
  // Cut inside of a character by fragments: fine, unless it never ends.
  expect_events(part(Opcode::text, "\xE2") + part(Opcode::continuation, "\x82") + frame(Opcode::continuation, "\xAC"),
                {message("\xE2\x82\xAC", true)});
  expect_events(part(Opcode::text, "\xE2\x82") + frame(Opcode::continuation, ""), {wrong});

  // Of a message that is far from complete, the first bad byte is enough.
  Engine engine(Role::server, {});
  const std::string sent =
      part(Opcode::text, "fine ") + part(Opcode::continuation, "\xED\xA0" + std::string(5000, 'x'));
  const std::size_t proof = part(Opcode::text, "fine ").size() + 8 + 2;
  EXPECT_TRUE(feed(engine, std::string_view(sent).substr(0, proof - 1), 1).empty());
  EXPECT_EQ(feed(engine, std::string_view(sent).substr(proof - 1, 1), 1), std::vector{wrong});
  // The next message begins anew.
  expect_events(frame(Opcode::binary, "\xE2") + frame(Opcode::text, "a"), {message("\xE2", false), message("a", true)});
}

TEST(SEC_W9, CodesThatMayStandInACloseFrame) {
  for (unsigned code = 0; code < 6000; ++code) {
    const bool good = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code < 5000);
    Engine engine(Role::server, {});
    const auto seen = feed(engine, close_frame(code), 100);
    ASSERT_EQ(seen, std::vector{good ? closed(static_cast<std::uint16_t>(code))
                                     : fault(CloseCode::protocol_error, Why::websocket_close)})
        << code;
  }
  Engine engine(Role::server, {});
  EXPECT_EQ(feed(engine, close_frame(65535), 100), std::vector{fault(CloseCode::protocol_error, Why::websocket_close)});
}

TEST(SEC_W9, TheBodyOfACloseFrame) {
  expect_events(frame(Opcode::close, ""), {closed(1005)});
  expect_events(frame(Opcode::close, "\x03"), {fault(CloseCode::protocol_error, Why::websocket_close)});
  expect_events(close_frame(1000, "good night"), {closed(1000, "good night")});
  expect_events(close_frame(1000, std::string(123, 'r')), {closed(1000, std::string(123, 'r'))});
  expect_events(close_frame(1000, std::string(124, 'r')), {fault(CloseCode::protocol_error, Why::websocket_frame)});
  expect_events(close_frame(1000, "\xFF"), {fault(CloseCode::invalid_payload, Why::websocket_utf8)});
  expect_events(close_frame(1000, "\xE2\x82"), {fault(CloseCode::invalid_payload, Why::websocket_utf8)});
}

TEST(SEC_W9, NothingIsDeliveredAfterACloseOrAFault) {
  const std::string more = frame(Opcode::text, "late") + frame(Opcode::ping, "late") + close_frame(1001);
  expect_events(close_frame(1000) + more, {closed(1000)});
  expect_events(frame(Opcode::continuation, "") + more, {fault(CloseCode::protocol_error, Why::websocket_frame)});
  // A close may come in the middle of a message.
  expect_events(part(Opcode::text, "half") + close_frame(1001) + more, {closed(1001)});
}

TEST(SEC_W9, NothingIsSentAfterAClose) {
  Engine engine(Role::server, {});
  feed(engine, frame(Opcode::ping, "x"), 100);
  Buffer out;
  EXPECT_TRUE(engine.encode_close(CloseCode::going_away, "restart", out));
  EXPECT_EQ(as_text(out.bytes()), frame(Opcode::close, std::string("\x03\xE9") + "restart", {.masked = false}));
  EXPECT_TRUE(engine.close_sent());
  const std::size_t size = out.size();
  EXPECT_FALSE(engine.encode_message(MessageKind::text, as_bytes("x"), out));
  EXPECT_FALSE(engine.encode_ping(as_bytes("x"), out));
  EXPECT_FALSE(engine.encode_pong(as_bytes("x"), out));
  EXPECT_FALSE(engine.encode_close(CloseCode::normal, "", out));
  EXPECT_FALSE(engine.take_pong(out));
  EXPECT_EQ(out.size(), size);
  // What the peer sent before it saw our close still arrives, then its answer.
  EXPECT_EQ(feed(engine, frame(Opcode::text, "crossed") + close_frame(1001), 100),
            (std::vector{message("crossed", true), closed(1001)}));
}

TEST(SEC_W9, CodesAreNeverSentThatMayNotBe) {
  for (unsigned code : {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 2999U, 5000U}) {
    Engine engine(Role::server, {});
    Buffer out;
    EXPECT_TRUE(engine.encode_close(static_cast<std::uint16_t>(code), "reason", out));
    EXPECT_EQ(as_text(out.bytes()), frame(Opcode::close, "", {.masked = false})) << code;
  }
  // A reason that is too long is cut between two characters.
  std::string euros;
  for (int i = 0; i < 50; ++i) euros += "\xE2\x82\xAC";
  Engine server(Role::server, {});
  Buffer out;
  EXPECT_TRUE(server.encode_close(CloseCode::normal, euros, out));
  Engine client(Role::client, {});
  const std::string sent(as_text(out.bytes()));
  EXPECT_EQ(feed(client, sent, 10), std::vector{closed(1000, euros.substr(0, 123))});
  std::string mixed = "ab" + euros;
  Engine other(Role::server, {});
  out.clear();
  EXPECT_TRUE(other.encode_close(CloseCode::normal, mixed, out));
  Engine reader(Role::client, {});
  EXPECT_EQ(feed(reader, std::string(as_text(out.bytes())), 10), std::vector{closed(1000, mixed.substr(0, 122))});
}

TEST(SEC_W11, EveryFrameOfAClientHasAMaskOfItsOwn) {
  Engine client(Role::client, {});
  Engine server(Role::server, {});
  std::vector<MaskKey> keys;
  for (int i = 0; i < 100; ++i) {
    Buffer out;
    client.encode_message(MessageKind::binary, as_bytes("the same"), out);
    const auto header = decode_frame_header(out.bytes(), {.masked = true, .rsv1_allowed = false});
    ASSERT_TRUE(header.has_value());
    keys.push_back(header->mask);
    EXPECT_EQ(feed(server, std::string(as_text(out.bytes())), 100), std::vector{message("the same", false)});
  }
  std::ranges::sort(keys);
  EXPECT_EQ(std::ranges::adjacent_find(keys), keys.end());
}

TEST(SEC_W12, WithoutContextTakeoverNothingOfOneMessageShowsInTheNext) {
  for (Role role : {Role::server, Role::client}) {
    Engine engine(role, with_deflate());
    const std::string text = "a secret that would shrink if it came twice, and twice, and once more to be worth it";
    Buffer first;
    Buffer second;
    engine.encode_message(MessageKind::text, as_bytes(text), first);
    engine.encode_message(MessageKind::text, as_bytes(text), second);
    EXPECT_LT(first.size(), text.size());
    EXPECT_EQ(first.size(), second.size());
  }
}

TEST(WebSocketEngine, ShortMessagesAndThoseThatDoNotShrinkAreSentAsTheyAre) {
  Engine server(Role::server, with_deflate(true));
  Buffer out;
  server.encode_message(MessageKind::text, as_bytes(std::string(63, 'a')), out);
  EXPECT_EQ(as_text(out.bytes()), frame(Opcode::text, std::string(63, 'a'), {.masked = false}));
  std::mt19937 random(1);
  std::string noise(300, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  out.clear();
  server.encode_message(MessageKind::binary, as_bytes(noise), out);
  EXPECT_EQ(as_text(out.bytes()), frame(Opcode::binary, noise, {.masked = false}));
}

TEST(WebSocketEngine, RandomConversationsComeBackTheSame) {
  std::mt19937 random(29);
  for (int round = 0; round < 150; ++round) {
    EngineOptions options;
    if (round % 3 != 0) {
      Deflate deflate;
      deflate.server_no_context_takeover = random() % 2 == 0;
      deflate.client_no_context_takeover = random() % 2 == 0;
      deflate.server_max_window_bits = static_cast<std::uint8_t>(8 + random() % 8);
      deflate.client_max_window_bits = static_cast<std::uint8_t>(8 + random() % 8);
      options.deflate = deflate;
      options.compress_bytes_min = random() % 100;
    }
    Engine client(Role::client, options);
    Engine server(Role::server, options);
    for (int i = 0; i < 6; ++i) {
      std::string payload;
      const std::size_t size = random() % 4 == 0 ? random() % 100'000 : random() % 300;
      while (payload.size() < size) {
        const bool noise = random() % 3 == 0;
        payload += noise ? std::string(1, static_cast<char>(random() % 128)) : "some words that repeat ";
      }
      const MessageKind kind = random() % 2 == 0 ? MessageKind::text : MessageKind::binary;
      const std::vector expected{message(payload, kind == MessageKind::text)};
      Engine& from = i % 2 == 0 ? client : server;
      Engine& to = i % 2 == 0 ? server : client;
      Buffer out;
      out.append(as_bytes("before"));
      ASSERT_TRUE(from.encode_message(kind, as_bytes(payload), out));
      const std::string sent(as_text(out.bytes()).substr(6));
      ASSERT_EQ(as_text(out.bytes()).substr(0, 6), "before");
      ASSERT_EQ(feed(to, sent, 1 + random() % 5000), expected) << round << " " << i;
    }
  }
}

TEST(WebSocketEngine, CompressedMessagesMayBeFragmentedAnywhere) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "fragment " + std::to_string(i * i) + " ";
  const std::string squeezed = squeeze(text);
  for (std::size_t cut = 0; cut <= squeezed.size(); ++cut) {
    Engine engine(Role::server, with_deflate());
    const std::string sent = frame(Opcode::text, squeezed.substr(0, cut), {.fin = false, .rsv1 = true}) +
                             frame(Opcode::ping, "between") + frame(Opcode::continuation, squeezed.substr(cut));
    ASSERT_EQ(feed(engine, sent, 11), (std::vector{ping("between"), message(text, true)})) << cut;
    EXPECT_EQ(engine.held_bytes(), 0U);
  }
}

TEST(WebSocketEngine, RandomBytesEndInEventsOrAFaultAndNeverBeyondTheLimits) {
  std::mt19937 random(31);
  for (int round = 0; round < 3000; ++round) {
    EngineOptions options = with_deflate(random() % 2 == 0);
    options.message_bytes_max = 1000;
    Engine engine(Role::server, options);
    std::string input;
    for (int i = 0; i < 8; ++i) {
      static constexpr Opcode opcodes[] = {Opcode::text, Opcode::continuation, Opcode::binary, Opcode::ping};
      std::string payload(random() % 120, 'p');
      if (random() % 3 == 0) payload = squeeze(std::string(100 + random() % 900, 'q'));
      input += frame(opcodes[random() % 4], payload, {.fin = random() % 2 == 0, .rsv1 = random() % 4 == 0});
    }
    if (round % 2 == 0) input[random() % input.size()] = static_cast<char>(random());
    for (const Seen& seen : feed(engine, input, 1 + random() % 50)) {
      EXPECT_LE(seen.payload.size(), 1000U);
    }
    EXPECT_LE(engine.held_bytes(), 1000U);
  }
}

}  // namespace
}  // namespace turnout::websocket
