#include "proxy/http2_upstream.h"

#include <gtest/gtest.h>

#include "tests/support/h2_upstream.h"

namespace turnout::testing {
namespace {

const H2Fields ok_head = {{":status", "200"}};

TEST(Http2Upstream, AsksAndIsAnswered) {
  TestUpstream upstream;
  Asking asking(upstream);
  EXPECT_FALSE(asking.exchange->was_used_before());
  RequestHead head = request_head("GET", "/hello?a=b");
  head.fields.add("Accept", "*/*");
  head.fields.add("Connection", "close");
  head.fields.add("TE", "trailers, deflate");
  asking.send(std::move(head));
  asking.receive();
  EXPECT_EQ(upstream.peer->request(1).fields, (H2Fields{{":method", "GET"},
                                                        {":scheme", "http"},
                                                        {":authority", "example.com"},
                                                        {":path", "/hello?a=b"},
                                                        {"accept", "*/*"},
                                                        {"te", "trailers"}}));
  EXPECT_TRUE(upstream.peer->request(1).ended);
  EXPECT_EQ(upstream.connection->open_streams(), 1u);
  upstream.peer->respond(1, {{":status", "200"}, {"content-length", "6"}, {"x-a", "b"}});
  upstream.peer->send(1, "hello\n", true);
  upstream.peer->run();
  EXPECT_EQ(asking.sent, Code::ok);
  EXPECT_EQ(asking.received, Code::ok);
  ASSERT_EQ(asking.answers.size(), 1u);
  EXPECT_EQ(asking.answers[0].head.status, 200);
  EXPECT_EQ(asking.answers[0].version, HttpVersion::http2);
  EXPECT_EQ(asking.answers[0].length, 6u);
  EXPECT_TRUE(asking.answers[0].has_content);
  EXPECT_FALSE(asking.answers[0].switches);
  EXPECT_EQ(asking.answers[0].head.fields.find("x-a"), "b");
  EXPECT_EQ(asking.body, "hello\n");
  EXPECT_EQ(upstream.connection->open_streams(), 0u);
  EXPECT_TRUE(Asking(upstream).exchange->was_used_before());
}

TEST(Http2Upstream, SettingsForbidPush) {
  TestUpstream upstream;
  const auto settings = upstream.peer->client_settings();
  EXPECT_EQ(settings.at(NGHTTP2_SETTINGS_ENABLE_PUSH), 0u);
  EXPECT_EQ(settings.at(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE), 65536u);
  EXPECT_EQ(settings.at(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE), 16384u);
}

TEST(Http2Upstream, BodiesBothWays) {
  TestUpstream upstream({}, {.capacity_bytes = 20'000});
  std::string body;
  for (int i = 0; body.size() < 1'000'000; ++i) body += std::to_string(i) + ' ';
  Asking asking(upstream);
  asking.send(request_head("POST", "/"), Asking::Body{.bytes = body, .length = body.size()});
  asking.receive();
  EXPECT_EQ(upstream.peer->request(1).field("content-length"), std::to_string(body.size()));
  EXPECT_TRUE(upstream.peer->request(1).body == body);
  EXPECT_TRUE(upstream.peer->request(1).ended);
  EXPECT_EQ(asking.sent, Code::ok);
  upstream.peer->respond(1, ok_head);
  upstream.peer->send(1, body, true);
  upstream.peer->run();
  EXPECT_EQ(asking.received, Code::ok);
  EXPECT_TRUE(asking.body == body);
}

TEST(Http2Upstream, TrailersBothWays) {
  TestUpstream upstream;
  Asking asking(upstream);
  FieldList trailers;
  trailers.add("X-Sum", "1");
  trailers.add("Host", "other");
  asking.send(request_head("POST", "/"), Asking::Body{.bytes = "body", .trailers = trailers});
  asking.receive();
  EXPECT_EQ(upstream.peer->request(1).body, "body");
  EXPECT_EQ(upstream.peer->request(1).trailers, (H2Fields{{"x-sum", "1"}}));
  upstream.peer->respond(1, ok_head);
  upstream.peer->send(1, "message");
  upstream.peer->send_trailers(1, {{"grpc-status", "0"}, {"x-forwarded-for", "10.0.0.1"}});
  upstream.peer->run();
  EXPECT_EQ(asking.body, "message");
  EXPECT_EQ(asking.received, Code::ok);
  EXPECT_EQ(asking.exchange->trailers().size(), 1u);
  EXPECT_EQ(asking.exchange->trailers().find("grpc-status"), "0");
}

TEST(Http2Upstream, AnAnswerThatIsTrailersOnly) {
  // gRPC's answer to a call that fails at once: a head that ends the stream.
  TestUpstream upstream;
  Asking asking(upstream);
  asking.send(request_head("POST", "/"), Asking::Body{.bytes = "body"});
  asking.receive();
  upstream.peer->respond(1, {{":status", "200"}, {"grpc-status", "12"}}, true);
  upstream.peer->run();
  ASSERT_EQ(asking.answers.size(), 1u);
  EXPECT_FALSE(asking.answers[0].has_content);
  EXPECT_EQ(asking.body, "");
  EXPECT_EQ(asking.received, Code::ok);
}

TEST(Http2Upstream, InterimAnswers) {
  TestUpstream upstream;
  Asking asking(upstream);
  asking.get("/");
  upstream.peer->inform(1, {{":status", "100"}});
  upstream.peer->inform(1, {{":status", "103"}, {"link", "</a.css>"}});
  upstream.peer->run();
  ASSERT_EQ(asking.answers.size(), 2u);
  EXPECT_TRUE(asking.answers[1].is_interim());
  EXPECT_FALSE(asking.answers[1].has_content);
  EXPECT_EQ(asking.answers[1].head.fields.find("link"), "</a.css>");
  upstream.peer->respond(1, ok_head);
  upstream.peer->send(1, "body", true);
  upstream.peer->run();
  EXPECT_EQ(asking.status(), 200);
  EXPECT_EQ(asking.answers[2].head.fields.size(), 0u);
  EXPECT_EQ(asking.body, "body");
}

TEST(Http2Upstream, AnswersWithoutContent) {
  TestUpstream upstream;
  const struct {
    std::string_view method;
    std::string status;
  } all[] = {{"HEAD", "200"}, {"GET", "304"}, {"GET", "204"}};
  int id = 1;
  for (const auto& [method, status] : all) {
    H2Fields fields = {{":status", status}};
    if (status != "204") fields.emplace_back("content-length", "1000");
    for (const bool ends : {true, false}) {
      Asking asking(upstream);
      asking.send(request_head(method, "/"));
      asking.receive(false);
      upstream.peer->respond(id, fields, ends);
      upstream.peer->run();
      ASSERT_EQ(asking.answers.size(), 1u) << method << status;
      EXPECT_FALSE(asking.answers[0].has_content) << method << status;
      if (status != "204") {
        EXPECT_EQ(asking.answers[0].length, 1000u);
      }
      id += 2;
    }
  }
  upstream.peer->run();
  EXPECT_EQ(upstream.connection->open_streams(), 0u) << "what a server does not end is broken off";
}

TEST(Http2Upstream, ManyAtOnceWithinTheServersLimit) {
  TestUpstream upstream({.settings = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 3}}});
  std::vector<std::unique_ptr<Asking>> all;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(upstream.connection->can_open());
    all.push_back(std::make_unique<Asking>(upstream));
    all.back()->get("/");
  }
  EXPECT_FALSE(upstream.connection->can_open());
  Asking fourth(upstream);
  fourth.send(request_head("GET", "/"));
  EXPECT_EQ(fourth.sent, Code::refused);
  for (const int id : {5, 1, 3}) {
    upstream.peer->respond(id, ok_head);
    upstream.peer->send(id, std::to_string(id), true);
  }
  upstream.peer->run();
  EXPECT_EQ(all[0]->body, "1");
  EXPECT_EQ(all[1]->body, "3");
  EXPECT_EQ(all[2]->body, "5");
  EXPECT_TRUE(upstream.connection->can_open());
}

TEST(Http2Upstream, APlaceThatIsNotUsedIsFreeAgain) {
  TestUpstream upstream({.settings = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1}}});
  {
    const Asking asking(upstream);
    EXPECT_FALSE(upstream.connection->can_open());
  }
  EXPECT_TRUE(upstream.connection->can_open());
}

TEST(Http2Upstream, AStalledReaderHoldsOneWindow) {
  TestUpstream upstream;
  Asking stalled(upstream);
  stalled.send(request_head("GET", "/big"));
  stalled.receive(false);
  upstream.peer->respond(1, ok_head);
  upstream.peer->send(1, std::string(3'000'000, 'x'), true);
  upstream.peer->run();
  EXPECT_EQ(nghttp2_session_get_stream_remote_window_size(upstream.peer->session(), 1), 0);
  EXPECT_GT(nghttp2_session_get_remote_window_size(upstream.peer->session()), 900'000) << "others have the rest";
  Asking other(upstream);
  other.get("/small");
  upstream.peer->respond(3, ok_head);
  upstream.peer->send(3, "small", true);
  upstream.peer->run();
  EXPECT_EQ(other.body, "small");
  stalled.read_on();
  EXPECT_EQ(stalled.body.size(), 3'000'000u);
  EXPECT_EQ(stalled.received, Code::ok);
}

TEST(Http2Upstream, AWriterWaitsForAServerThatDoesNotTake) {
  TestUpstream upstream({.takes_data = false});
  Asking asking(upstream);
  asking.send(request_head("POST", "/"), Asking::Body{.bytes = std::string(200'000, 'x')});
  EXPECT_EQ(upstream.peer->request(1).body.size(), 65535u);
  EXPECT_FALSE(asking.sent) << "it waits";
  upstream.peer->take(1, 65535);
  upstream.peer->run();
  EXPECT_EQ(upstream.peer->request(1).body.size(), 2 * 65535u);
  asking.receive();
  upstream.loop.advance(upstream.limits.send_stall + Millis(100));
  upstream.peer->run();
  EXPECT_EQ(asking.sent, Code::timed_out);
  EXPECT_EQ(asking.received, Code::timed_out);
  EXPECT_EQ(upstream.peer->request(1).reset, NGHTTP2_CANCEL);
  EXPECT_FALSE(upstream.over) << "only the stream ends";
}

TEST(Http2Upstream, AnEarlyAnswerIsWhole) {
  TestUpstream upstream({.takes_data = false});
  Asking asking(upstream);
  asking.send(request_head("POST", "/"), Asking::Body{.bytes = std::string(200'000, 'x')});
  upstream.peer->respond(1, {{":status", "413"}});
  upstream.peer->send(1, "too much\n", true);
  upstream.peer->run();
  upstream.peer->reset(1, NGHTTP2_NO_ERROR);
  upstream.peer->run();
  EXPECT_EQ(asking.sent, Code::end);
  asking.receive();
  EXPECT_EQ(asking.status(), 413);
  EXPECT_EQ(asking.body, "too much\n");
  EXPECT_EQ(asking.received, Code::ok);
}

TEST(Http2Upstream, AnExchangeThatIsDroppedIsCancelled) {
  TestUpstream upstream;
  for (const bool answered : {false, true}) {
    auto asking = std::make_unique<Asking>(upstream);
    asking->send(request_head("GET", "/"));
    const int id = answered ? 3 : 1;
    if (answered) {
      upstream.peer->respond(id, ok_head);
      upstream.peer->send(id, std::string(3'000'000, 'x'), true);
      upstream.peer->run();
    }
    asking.reset();
    upstream.peer->run();
    EXPECT_EQ(upstream.peer->request(id).reset, NGHTTP2_CANCEL);
  }
  EXPECT_EQ(upstream.connection->open_streams(), 0u);
  EXPECT_GT(nghttp2_session_get_remote_window_size(upstream.peer->session()), 900'000) << "no window leaks";
}

TEST(Http2Upstream, ResetCodes) {
  const struct {
    std::uint32_t sent;
    Code expected;
  } all[] = {{NGHTTP2_REFUSED_STREAM, Code::refused},        {NGHTTP2_CANCEL, Code::reset},
             {NGHTTP2_INTERNAL_ERROR, Code::reset},          {NGHTTP2_PROTOCOL_ERROR, Code::reset},
             {NGHTTP2_HTTP_1_1_REQUIRED, Code::unsupported}, {NGHTTP2_NO_ERROR, Code::reset}};
  for (const auto& [code, expected] : all) {
    TestUpstream upstream;
    Asking asking(upstream);
    asking.get("/");
    upstream.peer->reset(1, code);
    upstream.peer->run();
    EXPECT_EQ(asking.received, expected) << code;
    EXPECT_EQ(asking.h2().reset_code(), code);
    EXPECT_FALSE(upstream.over);
  }
}

TEST(Http2Upstream, AResetBehindTheHeadBreaksTheAnswerOff) {
  TestUpstream upstream;
  Asking asking(upstream);
  asking.get("/");
  upstream.peer->respond(1, ok_head);
  upstream.peer->send(1, "half");
  upstream.peer->run();
  upstream.peer->reset(1, NGHTTP2_INTERNAL_ERROR);
  upstream.peer->run();
  EXPECT_EQ(asking.body, "half");
  EXPECT_EQ(asking.received, Code::reset);
}

TEST(Http2Upstream, AGoawayLetsEarlierStreamsFinish) {
  TestUpstream upstream;
  Asking first(upstream);
  Asking second(upstream);
  first.get("/");
  second.get("/");
  upstream.peer->goaway(1);
  upstream.peer->run();
  EXPECT_FALSE(upstream.connection->can_open());
  EXPECT_EQ(second.received, Code::refused) << "it may be asked elsewhere";
  EXPECT_FALSE(upstream.over);
  upstream.peer->respond(1, ok_head);
  upstream.peer->send(1, "body", true);
  upstream.peer->run();
  EXPECT_EQ(first.body, "body");
  EXPECT_EQ(first.received, Code::ok);
  EXPECT_TRUE(upstream.over) << "with the last stream";
}

TEST(Http2Upstream, WhatThePlaceWasForBeforeAGoawayIsRefused) {
  TestUpstream upstream;
  Asking asking(upstream);
  upstream.peer->goaway(0);
  upstream.peer->run();
  asking.send(request_head("GET", "/"));
  EXPECT_EQ(asking.sent, Code::refused);
}

TEST(Http2Upstream, AWholeAnswerOutlivesItsConnection) {
  TestUpstream upstream;
  Asking whole(upstream);
  Asking half(upstream);
  for (Asking* one : {&whole, &half}) {
    one->send(request_head("GET", "/"));
    one->receive(false);
  }
  upstream.peer->respond(1, ok_head);
  upstream.peer->send(1, "body", true);
  upstream.peer->respond(3, ok_head);
  upstream.peer->send(3, "ha");
  upstream.peer->run();
  upstream.peer->close();
  upstream.loop.run();
  EXPECT_TRUE(upstream.over);
  upstream.connection.reset();
  whole.read_on();
  EXPECT_EQ(whole.body, "body");
  EXPECT_EQ(whole.received, Code::ok);
  half.read_on();
  EXPECT_EQ(half.received, Code::reset);
}

TEST(Http2Upstream, ARequestThatNeverLeftIsRefused) {
  TestUpstream upstream({}, {.capacity_bytes = 100});
  Asking first(upstream);
  RequestHead head = request_head("GET", "/");
  head.fields.add("x-long", std::string(8'000, 'x'));
  upstream.peer->close();
  first.send(head);
  first.receive();
  EXPECT_TRUE(first.sent == Code::refused || first.received == Code::refused);
}

TEST(Http2Upstream, ClosesWithTheLastStream) {
  TestUpstream upstream;
  Asking asking(upstream);
  asking.get("/");
  upstream.connection->close();
  upstream.peer->run();
  EXPECT_FALSE(upstream.connection->can_open());
  EXPECT_FALSE(upstream.over);
  ASSERT_EQ(upstream.peer->goaways().size(), 1u);
  EXPECT_EQ(upstream.peer->goaways()[0].first, static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
  upstream.peer->respond(1, ok_head);
  upstream.peer->send(1, "body", true);
  upstream.peer->run();
  EXPECT_EQ(asking.body, "body");
  EXPECT_TRUE(upstream.over);
}

TEST(Http2Upstream, ClosesAtOnceWithoutStreams) {
  TestUpstream upstream;
  upstream.connection->close();
  upstream.peer->run();
  EXPECT_TRUE(upstream.over);
  EXPECT_TRUE(upstream.peer->is_closed());
}

TEST(Http2Upstream, IdleConnectionsEnd) {
  TestUpstream upstream;
  auto asking = std::make_unique<Asking>(upstream);
  asking->send(request_head("GET", "/"));
  upstream.loop.advance(Millis(120'000));
  upstream.peer->run();
  EXPECT_FALSE(upstream.over) << "there is a stream";
  asking.reset();
  upstream.peer->run();
  upstream.loop.advance(Millis(59'000));
  upstream.peer->run();
  EXPECT_FALSE(upstream.over);
  upstream.loop.advance(Millis(2'000));
  upstream.peer->run();
  EXPECT_TRUE(upstream.over);
  EXPECT_EQ(upstream.peer->goaways().size(), 1u);
}

TEST(Http2Upstream, AnAnswerHasItsTime) {
  TestUpstream upstream;
  Asking asking(upstream);
  asking.send(request_head("GET", "/"));
  asking.receive(true, Millis(5'000));
  upstream.loop.advance(Millis(4'900));
  EXPECT_FALSE(asking.received);
  upstream.loop.advance(Millis(200));
  EXPECT_EQ(asking.received, Code::timed_out);
}

TEST(Http2Upstream, EachSideCanBeInterrupted) {
  TestUpstream upstream({.takes_data = false});
  Asking asking(upstream);
  asking.send(request_head("POST", "/"), Asking::Body{.bytes = std::string(200'000, 'x')});
  asking.receive();
  asking.exchange->interrupt(Side::write);
  upstream.peer->run();
  EXPECT_EQ(asking.sent, Code::cancelled);
  EXPECT_FALSE(asking.received) << "the other side goes on";
  upstream.peer->respond(1, ok_head);
  upstream.peer->send(1, "body", true);
  upstream.peer->run();
  EXPECT_EQ(asking.body, "body");
  EXPECT_EQ(asking.received, Code::ok);

  Asking other(upstream);
  other.get("/");
  other.exchange->interrupt(Side::read);
  upstream.peer->run();
  EXPECT_EQ(other.received, Code::cancelled);
  other.exchange->interrupt(Side::read);
  other.receive();
  EXPECT_EQ(other.received, Code::cancelled) << "the next one, where none was pending";
}

TEST(Http2Upstream, ABrokenConnectionEndsEverything) {
  TestUpstream upstream;
  Asking asking(upstream);
  asking.get("/");
  upstream.connection->abort();
  upstream.peer->run();
  EXPECT_TRUE(upstream.over);
  EXPECT_EQ(asking.received, Code::reset);
  EXPECT_FALSE(upstream.connection->can_open());
}

TEST(Http2Upstream, EveryOperationMayFail) {
  bool worked = false;
  for (std::size_t n = 1; !worked && n < 100; ++n) {
    TestUpstream upstream({}, {.fail_at_operation = n});
    Asking asking(upstream);
    asking.send(request_head("POST", "/"), Asking::Body{.bytes = std::string(50'000, 'x')});
    asking.receive();
    upstream.peer->respond(1, ok_head);
    upstream.peer->send(1, std::string(100'000, 'x'), true);
    upstream.peer->run();
    worked = asking.body.size() == 100'000 && asking.received == Code::ok;
    if (!worked) {
      EXPECT_TRUE(asking.received) << n;
      EXPECT_TRUE(upstream.over) << n;
    }
  }
  EXPECT_TRUE(worked);
}

}  // namespace
}  // namespace turnout::testing
