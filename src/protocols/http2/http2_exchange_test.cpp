// What a handler can know and say beside the head and the body: content(), trailers, interim answers, when_gone().
#include <gtest/gtest.h>

#include "protocols/http2/http2.h"
#include "tests/support/h2_server.h"

namespace turnout::testing {
namespace {

const H2Fields post_fields = {
    {":method", "POST"}, {":scheme", "http"}, {":authority", "example.com"}, {":path", "/it"}};

/// Serves /it with a function.
struct Served {
  explicit Served(std::function<Task<void>(Exchange&)> function, H2Peer::Options options = {}) {
    server.site.add("/it", std::make_unique<Serve>(std::move(function)));
    peer = std::make_unique<H2Peer>(server.loop, server.serve(), std::move(options));
  }
  TestServer server;
  std::unique_ptr<H2Peer> peer;
};

Task<Result<std::string>> read_all(Exchange& exchange) {
  std::string all;
  while (true) {
    const Result<Bytes> part = co_await exchange.read();
    if (!part) co_return std::unexpected(part.error());
    if (part->empty()) co_return all;
    all += as_text(*part);
  }
}

Task<void> tell_content(Exchange& exchange) {
  const RequestContent content = exchange.content();
  const std::string length = content.length ? std::to_string(*content.length) : "unknown";
  const std::string text = content.is_empty ? "empty" : length;
  (void)co_await exchange.Exchange::respond(200, text);
}

TEST(Http2Exchange, ContentIsKnownAheadOfTheBody) {
  Served it(&tell_content);
  const int get = it.peer->get("/it");
  H2Fields with_length = post_fields;
  with_length.emplace_back("content-length", "5");
  const int announced = it.peer->open(with_length);
  const int open = it.peer->open(post_fields);
  it.peer->run();
  EXPECT_EQ(it.peer->response(get).body, "empty");
  EXPECT_EQ(it.peer->response(announced).body, "5");
  EXPECT_EQ(it.peer->response(open).body, "unknown");
  const int all_here = it.peer->post("/it", "1234");
  it.peer->run();
  EXPECT_EQ(it.peer->response(all_here).body, "4") << "it came together with its end";
  const int with_trailers = it.peer->open(post_fields);
  it.peer->send_trailers(with_trailers, {{"x-sum", "1"}});
  it.peer->run();
  EXPECT_EQ(it.peer->response(with_trailers).body, "unknown") << "a length would leave no place for the trailers";
}

TEST(Http2Exchange, TrailersOfTheRequest) {
  std::string seen;
  Served it([&seen](Exchange& exchange) -> Task<void> {
    EXPECT_EQ(exchange.trailers().size(), 0u);
    const Result<std::string> body = co_await read_all(exchange);
    EXPECT_EQ(body.value_or("failed"), "body");
    for (const Field field : exchange.trailers())
      seen += std::string(field.name) + "=" + std::string(field.value) + ";";
    (void)co_await exchange.Exchange::respond(200, "ok\n");
  });
  const int id = it.peer->open(post_fields);
  it.peer->run();
  it.peer->send(id, "body");
  it.peer->send_trailers(id, {{"grpc-status", "0"}, {"x-sum", "1"}, {"x-sum", "2"}});
  it.peer->run();
  EXPECT_EQ(it.peer->response(id).status, 200);
  EXPECT_EQ(seen, "grpc-status=0;x-sum=1;x-sum=2;");
}

TEST(SEC_S7, TrailersThatSteerAreDropped) {
  std::size_t count = 0;
  Served it([&count](Exchange& exchange) -> Task<void> {
    (void)co_await read_all(exchange);
    count = exchange.trailers().size();
    (void)co_await exchange.Exchange::respond(200, "ok\n");
  });
  const int id = it.peer->open(post_fields);
  it.peer->send(id, "body");
  it.peer->send_trailers(id, {{"host", "other"},
                              {"authorization", "Basic x"},
                              {"content-length", "4"},
                              {"x-forwarded-for", "10.0.0.1"},
                              {"cookie", "a=b"},
                              {"x_sum", "1"}});
  it.peer->run();
  EXPECT_EQ(it.peer->response(id).status, 200);
  EXPECT_EQ(count, 0u);
}

TEST(SEC_S7, MoreTrailersThanTheLimitBreakTheRequestOff) {
  Code read = Code::ok;
  Served it([&read](Exchange& exchange) -> Task<void> {
    const Result<std::string> body = co_await read_all(exchange);
    read = body ? Code::ok : body.error().code;
  });
  H2Fields many;
  for (int i = 0; i < 101; ++i) many.emplace_back("x", "1");
  for (const H2Fields& trailers : {many, H2Fields{{"x", std::string(9'000, 'x')}}}) {
    for (const bool at_once : {false, true}) {
      read = Code::ok;
      const int id = it.peer->open(post_fields);
      if (!at_once) it.peer->run();
      it.peer->send(id, "body");
      it.peer->send_trailers(id, trailers);
      it.peer->run();
      EXPECT_EQ(it.peer->response(id).reset, NGHTTP2_ENHANCE_YOUR_CALM);
      EXPECT_EQ(read, at_once ? Code::ok : Code::too_large) << "what comes at once is reset before it is served";
    }
  }
  EXPECT_FALSE(it.server.is_over());
}

TEST(Http2Exchange, TrailersOfTheAnswer) {
  Served it([](Exchange& exchange) -> Task<void> {
    const bool with_body = exchange.request().query() == "body";
    (void)co_await exchange.start(ResponseHead(200), std::nullopt);
    if (with_body) (void)co_await exchange.write(as_bytes(std::string_view("body")));
    FieldList trailers;
    trailers.add("Grpc-Status", "0");
    trailers.add("Content-Length", "7");
    trailers.add("Connection", "close");
    trailers.add("bad name", "x");
    (void)co_await exchange.finish(trailers);
  });
  for (const std::string body : {"body", ""}) {
    const int id = it.peer->get("/it?" + body);
    it.peer->run();
    EXPECT_EQ(it.peer->response(id).body, body);
    EXPECT_EQ(it.peer->response(id).trailers, (H2Fields{{"grpc-status", "0"}}));
    EXPECT_TRUE(it.peer->response(id).ended);
    EXPECT_FALSE(it.peer->response(id).reset);
  }
  const int head = it.peer->request("HEAD", "/it", {});
  it.peer->run();
  EXPECT_TRUE(it.peer->response(head).ended);
  EXPECT_TRUE(it.peer->response(head).trailers.empty());
}

TEST(Http2Exchange, TrailersThatMayNotBeSentLeaveAnEnd) {
  Served it([](Exchange& exchange) -> Task<void> {
    (void)co_await exchange.start(ResponseHead(200), std::nullopt);
    FieldList trailers;
    trailers.add("host", "other");
    (void)co_await exchange.finish(trailers);
  });
  const int id = it.peer->get("/it");
  it.peer->run();
  EXPECT_TRUE(it.peer->response(id).ended);
  EXPECT_TRUE(it.peer->response(id).trailers.empty());
}

TEST(Http2Exchange, TrailersFollowABodyThatFillsTheWindow) {
  const std::string much(200'000, 'x');
  Served it(
      [&much](Exchange& exchange) -> Task<void> {
        (void)co_await exchange.start(ResponseHead(200), much.size());
        (void)co_await exchange.write(as_bytes(much));
        FieldList trailers;
        trailers.add("x-sum", "1");
        (void)co_await exchange.finish(trailers);
      },
      {.takes_data = false});
  const int id = it.peer->get("/it");
  it.peer->run();
  EXPECT_EQ(it.peer->response(id).body.size(), 65535u);
  EXPECT_TRUE(it.peer->response(id).trailers.empty());
  for (std::size_t taken = 0; taken < much.size();) {
    const std::size_t more = it.peer->response(id).body.size() - taken;
    ASSERT_NE(more, 0u);
    it.peer->take(id, more);
    taken += more;
    it.peer->run();
  }
  EXPECT_EQ(it.peer->response(id).body.size(), much.size());
  EXPECT_EQ(it.peer->response(id).trailers, (H2Fields{{"x-sum", "1"}}));
}

TEST(Http2Exchange, InterimAnswers) {
  Served it([](Exchange& exchange) -> Task<void> {
    ResponseHead hints(103);
    hints.fields.add("Link", "</a.css>");
    hints.fields.add("Connection", "close");
    EXPECT_TRUE(co_await exchange.send_interim(std::move(hints)));
    EXPECT_TRUE(co_await exchange.send_interim(ResponseHead(100))) << "left out: the server says it by itself";
    EXPECT_TRUE(co_await exchange.send_interim(ResponseHead(102)));
    EXPECT_FALSE(exchange.has_started());
    (void)co_await exchange.Exchange::respond(200, "ok\n");
  });
  const int id = it.peer->get("/it");
  it.peer->run();
  EXPECT_EQ(it.peer->response(id).informational, (std::vector<int>{103, 102}));
  ASSERT_FALSE(it.peer->response(id).informational_fields.empty());
  EXPECT_EQ(it.peer->response(id).informational_fields[0], (H2Fields{{"link", "</a.css>"}}));
  EXPECT_EQ(it.peer->response(id).status, 200);
}

TEST(SEC_U17, NeverA101) {
  for (const int status : {101, 99, 200}) {
    bool sent = true;
    Served it([&sent, status](Exchange& exchange) -> Task<void> {
      sent = (co_await exchange.send_interim(ResponseHead(status))).has_value();
    });
    const int id = it.peer->get("/it");
    it.peer->run();
    EXPECT_FALSE(sent) << status;
    EXPECT_TRUE(it.peer->response(id).informational.empty());
    EXPECT_EQ(it.peer->response(id).status, 500);
  }
}

TEST(SEC_H5, InterimAnswersDoNotPileUp) {
  int sent = 0;
  TestServer server;
  server.site.add("/it", std::make_unique<Serve>([&sent](Exchange& exchange) -> Task<void> {
                    for (; sent < 10'000; ++sent) {
                      if (!co_await exchange.send_interim(ResponseHead(103))) co_return;
                    }
                    (void)co_await exchange.Exchange::respond(200, "ok\n");
                  }));
  MemoryPeer peer(server.serve({.capacity_bytes = 1024}));
  peer.send(client_hello() + frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
                                   literal_fields(get_fields("/it"))));
  server.loop.run();
  EXPECT_LT(sent, 200) << "the client takes nothing";
  while (sent < 10'000) {
    const int before = sent;
    (void)peer.take();
    server.loop.run();
    ASSERT_GT(sent, before);
  }
}

/// Counts how often it was told.
struct Told : Waiter {
  Told() noexcept : Waiter([](Waiter& waiter) noexcept { ++static_cast<Told&>(waiter).times; }) {}
  int times = 0;
};

struct Sleep : Timer {
  explicit Sleep(Worker& owner) noexcept
      : Timer([](Timer& timer) noexcept { static_cast<Sleep&>(timer).caller.resume(); }), worker(owner) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> suspended) noexcept {
    caller = suspended;
    worker.set_timer(*this, Millis(1'000));
  }
  void await_resume() const noexcept {}
  std::coroutine_handle<> caller;
  Worker& worker;
};

TEST(Http2Exchange, AClientThatIsGoneIsNoticed) {
  for (const std::string_view how : {"reset", "connection"}) {
    Told told;
    Served it([&told](Exchange& exchange) -> Task<void> {
      (void)co_await read_all(exchange);
      Sleep sleep(exchange.session().worker());
      exchange.when_gone(&told);
      co_await sleep;
      EXPECT_EQ(told.times, 1);
      exchange.when_gone(&told);
      co_await sleep;
      EXPECT_EQ(told.times, 2) << "one who comes late is told at once";
      exchange.when_gone(&told);
      exchange.when_gone(nullptr);
      co_await sleep;
      EXPECT_EQ(told.times, 2) << "it was taken back";
    });
    const int id = it.peer->get("/it");
    it.peer->run();
    EXPECT_EQ(told.times, 0) << "it has ended its side, and is there";
    if (how == "reset") {
      it.peer->reset(id, NGHTTP2_CANCEL);
    } else {
      it.peer->close();
    }
    it.peer->run();
    EXPECT_EQ(told.times, 1) << how;
    it.server.loop.advance(Millis(5'000));
    EXPECT_EQ(told.times, 2) << how;
  }
}

TEST(Http2Exchange, TeTrailersIsSeen) {
  std::string te;
  Served it([&te](Exchange& exchange) -> Task<void> {
    te = exchange.request().fields.find("te").value_or("none");
    (void)co_await exchange.Exchange::respond(200, "ok\n");
  });
  (void)it.peer->request("GET", "/it", {{"te", "trailers"}});
  it.peer->run();
  EXPECT_EQ(te, "trailers");
}

}  // namespace
}  // namespace turnout::testing
