// A hostile server, and answers that HTTP forbids.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/h2_upstream.h"

namespace turnout::testing {
namespace {

const H2Fields ok_head = {{":status", "200"}};

/// How the exchange ends where the server answers its only request with this.
Code outcome(const H2Fields& fields, std::string_view body = {}) {
  TestUpstream upstream;
  Asking asking(upstream);
  asking.get("/");
  // By hand: nghttp2's server would not send all of it.
  upstream.peer->send_raw(frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, literal_fields(fields)) +
                          frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, body));
  upstream.peer->run();
  EXPECT_TRUE(asking.received) << "nothing hangs";
  EXPECT_FALSE(upstream.over) << "only the stream ends";
  return asking.received.value_or(Code::ok);
}

TEST(SEC_H8, ContentLengthOfAnAnswerIsWhatArrives) {
  EXPECT_EQ(outcome({{":status", "200"}, {"content-length", "4"}}, "body"), Code::ok);
  EXPECT_EQ(outcome({{":status", "200"}, {"content-length", "3"}}, "body"), Code::malformed);
  EXPECT_EQ(outcome({{":status", "200"}, {"content-length", "5"}}, "body"), Code::malformed);
  EXPECT_EQ(outcome({{":status", "200"}, {"content-length", "4"}, {"content-length", "4"}}, "body"), Code::malformed);
  EXPECT_EQ(outcome({{":status", "200"}, {"content-length", "+4"}}, "body"), Code::malformed);
}

TEST(SEC_H8, FieldsOfOneHopInAnAnswer) {
  for (const char* name : {"connection", "upgrade", "transfer-encoding", "keep-alive", "proxy-connection"}) {
    EXPECT_EQ(outcome({{":status", "200"}, {name, "close"}}), Code::malformed) << name;
  }
  EXPECT_EQ(outcome({{":status", "200"}, {"Upper", "case"}}), Code::malformed);
  EXPECT_EQ(outcome({{":status", "200"}, {"x", "a\r\nb: c"}}), Code::malformed);
  EXPECT_EQ(outcome({{":status", "200"}, {"", "empty"}}), Code::malformed);
}

TEST(SEC_H8, StatusesThatAreNone) {
  for (const char* status : {"", "20", "2000", "abc", "101"}) {
    EXPECT_EQ(outcome({{":status", status}}), Code::malformed) << status;
  }
  EXPECT_EQ(outcome({{"x", "no status"}}), Code::malformed);
  EXPECT_EQ(outcome({{":status", "200"}, {":status", "200"}}), Code::malformed);
}

TEST(SEC_H4, AHeadBeyondTheLimit) {
  H2Fields many = ok_head;
  for (int i = 0; i < 101; ++i) many.emplace_back("x", "1");
  EXPECT_EQ(outcome(many), Code::too_large);
  H2Fields long_ones = ok_head;
  for (int i = 0; i < 95; ++i) long_ones.emplace_back("x", std::string(140, 'x'));
  EXPECT_EQ(outcome(long_ones), Code::too_large);
}

TEST(SEC_H4, TrailersOfAnAnswerBeyondTheLimit) {
  TestUpstream upstream;
  Asking asking(upstream);
  asking.get("/");
  upstream.peer->respond(1, ok_head);
  upstream.peer->send_trailers(1, {{"x", std::string(9'000, 'x')}});
  upstream.peer->run();
  EXPECT_EQ(asking.received, Code::too_large);
}

/// The connection ends, with GOAWAY, and so does what was asked on it.
void expect_end(TestUpstream& upstream, const Asking& asking, std::uint32_t error_code) {
  EXPECT_TRUE(upstream.over);
  EXPECT_EQ(asking.received, Code::malformed);
  ASSERT_FALSE(upstream.peer->goaways().empty());
  EXPECT_EQ(upstream.peer->goaways().back().first, error_code);
}

TEST(SEC_H5, FloodsByAServer) {
  const std::string floods[] = {
      frame(NGHTTP2_PING, 0, 0, std::string(8, 'x')), frame(NGHTTP2_SETTINGS, 0, 0), frame(NGHTTP2_DATA, 0, 1),
      frame(NGHTTP2_WINDOW_UPDATE, 0, 0, uint32_bytes(1)),
      frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, literal_fields({{":status", "103"}}))};
  for (const std::string& one : floods) {
    TestUpstream upstream;
    Asking asking(upstream);
    asking.get("/");
    const bool is_data = one[3] == NGHTTP2_DATA;
    if (is_data) upstream.peer->respond(1, ok_head);
    upstream.peer->run();
    for (int i = 0; i < 1'500 && !upstream.over; ++i) {
      upstream.peer->send_raw(one);
      upstream.peer->run();
    }
    expect_end(upstream, asking, NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

TEST(SEC_H5, InterimAnswersThatNobodyTakesAreBounded) {
  TestUpstream upstream;
  Asking asking(upstream);
  asking.send(request_head("GET", "/"));
  for (int i = 0; i < 20; ++i) upstream.peer->inform(1, {{":status", "103"}});
  upstream.peer->run();
  EXPECT_EQ(upstream.peer->request(1).reset, NGHTTP2_CANCEL);
  asking.receive();
  EXPECT_EQ(asking.answers.size(), 16u);
  EXPECT_EQ(asking.received, Code::too_large);
}

TEST(SEC_H5, APushIsAnError) {
  TestUpstream upstream;
  Asking asking(upstream);
  asking.get("/");
  upstream.peer->send_raw(frame(NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, 1,
                                uint32_bytes(2) + literal_fields(get_fields("/pushed"))));
  upstream.peer->run();
  expect_end(upstream, asking, NGHTTP2_PROTOCOL_ERROR);
}

TEST(SEC_H5, APushBeforeItKnowsOurSettingsIsRefused) {
  TestUpstream upstream({.says_settings = false});  // and acknowledges none
  Asking asking(upstream);
  asking.get("/");
  upstream.peer->send_raw(frame(NGHTTP2_SETTINGS, 0, 0) +
                          frame(NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, 1,
                                uint32_bytes(2) + literal_fields(get_fields("/pushed"))));
  upstream.peer->run();
  EXPECT_FALSE(asking.received);
  const auto sent = parse_frames(std::string_view(upstream.peer->received()).substr(h2_preface.size()));
  EXPECT_TRUE(std::ranges::any_of(
      sent, [](const H2Frame& one) { return one.type == NGHTTP2_RST_STREAM && one.stream_id == 2; }));
  upstream.peer->send_raw(frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
                                literal_fields({{":status", "200"}})));
  upstream.peer->run();
  EXPECT_EQ(asking.received, Code::ok);
  EXPECT_EQ(asking.answers[0].head.fields.size(), 0u) << "nothing of what was pushed is in it";
}

TEST(SEC_H10, EveryTruncationOfAServersAnswer) {
  const std::string whole = frame(NGHTTP2_SETTINGS, 0, 0) +
                            frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, literal_fields(ok_head)) +
                            frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, "body");
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    TestUpstream upstream({.says_settings = false});
    Asking asking(upstream);
    asking.get("/");
    upstream.peer->send_raw(std::string_view(whole).substr(0, n));
    upstream.peer->run();
    upstream.peer->close_write();
    upstream.peer->run();
    EXPECT_EQ(asking.received, n == whole.size() ? Code::ok : Code::reset) << n;
    EXPECT_TRUE(upstream.over) << n;
  }
}

TEST(SEC_H10, AnotherProtocolThanHttp2) {
  TestUpstream upstream({.says_settings = false});
  Asking asking(upstream);
  asking.get("/");
  upstream.peer->send_raw("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  upstream.peer->run();
  EXPECT_EQ(asking.received, Code::malformed);
  EXPECT_TRUE(upstream.over);
}

TEST(SEC_H6, AServerThatTakesNothing) {
  TestUpstream upstream({}, {.capacity_bytes = 64});
  auto asking = std::make_unique<Asking>(upstream);
  RequestHead head = request_head("GET", "/");
  head.fields.add("x-long", std::string(8'000, 'x'));
  // Sent without the server's turn to read.
  upstream.tasks.spawn([](UpstreamExchange& exchange, RequestHead asked) -> Task<void> {
    (void)co_await exchange.send(asked, RequestContent{});
  }(*asking->exchange, std::move(head)));
  upstream.loop.advance(upstream.limits.send_stall + Millis(100));
  EXPECT_TRUE(upstream.over);
}

}  // namespace
}  // namespace turnout::testing
