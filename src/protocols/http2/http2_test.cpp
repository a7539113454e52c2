#include "protocols/http2/http2.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/h2_server.h"

namespace turnout::testing {
namespace {

TEST(Http2, GetIsAnswered) {
  TestServer server;
  H2Peer peer(server.loop, server.serve());
  const int id = peer.get("/hello");
  peer.run();
  EXPECT_EQ(peer.response(id).status, 200);
  EXPECT_EQ(peer.response(id).body, "hello\n");
  EXPECT_TRUE(peer.response(id).ended);
  EXPECT_FALSE(peer.response(id).reset);
  EXPECT_EQ(peer.response(id).field("content-length"), "6");
  EXPECT_EQ(peer.response(id).field("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(peer.response(id).field("date").size(), 29u);
  EXPECT_FALSE(server.is_over());
  ASSERT_EQ(server.recorder.lines.size(), 1u);
  EXPECT_EQ(server.recorder.lines[0].target, "/hello");
  EXPECT_EQ(server.recorder.lines[0].status, 200);
  EXPECT_EQ(server.recorder.lines[0].bytes_out, 6u);
}

TEST(Http2, SettingsComeFirst) {
  TestServer server;
  H2Peer peer(server.loop, server.serve());
  peer.run();
  const auto frames = parse_frames(peer.received());
  ASSERT_FALSE(frames.empty());
  EXPECT_EQ(frames[0].type, NGHTTP2_SETTINGS);
  const auto settings = peer.server_settings();
  EXPECT_EQ(settings.at(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS), 100u);
  EXPECT_EQ(settings.at(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE), 65536u);
  EXPECT_EQ(settings.at(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE), 16384u);
  EXPECT_FALSE(settings.contains(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL)) << "there is nothing to connect to";
}

TEST(Http2, OneWriteForAllThatIsReady) {
  TestServer server;
  MemoryPeer peer(server.serve());
  std::string requests = client_hello();
  for (std::uint32_t id = 1; id < 20; id += 2) {
    requests += frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, id,
                      literal_fields(get_fields("/hello")));
  }
  server.loop.run();
  const std::size_t before = server.operations();
  peer.send(requests);
  server.loop.run();
  EXPECT_EQ(server.operations() - before, 3u) << "a read, a write, and a read that finds nothing";
  EXPECT_GE(parse_frames(peer.take()).size(), 22u);
}

TEST(Http2, EchoesAMegabyteThroughFlowControl) {
  TestServer server;
  H2Peer peer(server.loop, server.serve({.capacity_bytes = 20'000}));
  std::string body;
  for (int i = 0; body.size() < 1'000'000; ++i) body += std::to_string(i) + ' ';
  const int id = peer.post("/echo", body);
  peer.run();
  EXPECT_EQ(peer.response(id).status, 200);
  EXPECT_TRUE(peer.response(id).ended);
  EXPECT_TRUE(peer.response(id).body == body);
  ASSERT_EQ(server.recorder.lines.size(), 1u);
  EXPECT_EQ(server.recorder.lines[0].bytes_in, body.size());
  EXPECT_EQ(server.recorder.lines[0].bytes_out, body.size());
}

TEST(Http2, ShortReadsAndWrites) {
  TestServer server;
  H2Peer peer(server.loop, server.serve({.read_bytes_max = 3, .write_bytes_max = 7, .capacity_bytes = 64}));
  const int hello = peer.get("/hello");
  const int echo = peer.post("/echo", std::string(10'000, 'x'));
  peer.run();
  EXPECT_EQ(peer.response(hello).body, "hello\n");
  EXPECT_EQ(peer.response(echo).body, std::string(10'000, 'x'));
}

TEST(Http2, ManyStreamsAtOnce) {
  TestServer server;
  H2Peer peer(server.loop, server.serve());
  std::vector<int> ids;
  for (int i = 0; i < 300; ++i) ids.push_back(i % 3 == 0 ? peer.post("/echo", std::to_string(i)) : peer.get("/hello"));
  peer.run();
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(peer.response(ids[static_cast<std::size_t>(i)]).body, i % 3 == 0 ? std::to_string(i) : "hello\n");
  }
}

TEST(Http2, HeadHasTheLengthAndNoBody) {
  TestServer server;
  H2Peer peer(server.loop, server.serve());
  const int id = peer.request("HEAD", "/hello", {});
  const int streamed = peer.request("HEAD", "/echo", {});
  peer.run();
  EXPECT_EQ(peer.response(id).field("content-length"), "6");
  EXPECT_EQ(peer.response(id).body, "");
  EXPECT_TRUE(peer.response(id).ended);
  EXPECT_EQ(peer.response(streamed).status, 200);
  EXPECT_TRUE(peer.response(streamed).ended);
}

TEST(Http2, AnswersWithoutABody) {
  TestServer server;
  server.site.add("/204", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    (void)co_await exchange.respond(204, "not to be seen");
                  }));
  server.site.add("/304", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    ResponseHead head(304);
                    head.fields.add("ETag", "\"a\"");
                    (void)co_await exchange.respond(std::move(head), {});
                  }));
  server.site.add("/304-in-pieces", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    (void)co_await exchange.start(ResponseHead(304), 77);
                    (void)co_await exchange.write(as_bytes("not to be seen"));
                    (void)co_await exchange.finish();
                  }));
  H2Peer peer(server.loop, server.serve());
  const int none = peer.get("/204");
  const int unchanged = peer.get("/304");
  const int pieces = peer.get("/304-in-pieces");
  peer.run();
  for (const int id : {none, unchanged, pieces}) {
    EXPECT_EQ(peer.response(id).body, "");
    EXPECT_TRUE(peer.response(id).ended);
  }
  EXPECT_EQ(peer.response(none).status, 204);
  EXPECT_EQ(peer.response(none).field("content-length"), "");
  EXPECT_EQ(peer.response(unchanged).field("content-length"), "");
  EXPECT_EQ(peer.response(unchanged).field("etag"), "\"a\"");
  EXPECT_EQ(peer.response(pieces).field("content-length"), "77");
}

TEST(Http2, FilesAndLargeBodiesGoOutWithoutABuffer) {
  TestServer server;
  static const std::string content = [] {
    std::string text;
    for (int i = 0; text.size() < 300'000; ++i) text += std::to_string(i);
    return text;
  }();
  server.site.add("/file", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    const int file = ::memfd_create("http2_test", MFD_CLOEXEC);
                    EXPECT_EQ(::write(file, content.data(), content.size()), static_cast<ssize_t>(content.size()));
                    (void)co_await exchange.start(ResponseHead(200), content.size() - 10);
                    (void)co_await exchange.send_file(file, 10, content.size() - 10);
                    (void)co_await exchange.finish();
                    ::close(file);
                  }));
  server.site.add("/large", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    (void)co_await exchange.respond(200, content);
                  }));
  H2Peer peer(server.loop, server.serve({.capacity_bytes = 30'000}));
  const int file = peer.get("/file");
  const int large = peer.get("/large");
  peer.run();
  EXPECT_TRUE(peer.response(file).body == content.substr(10));
  EXPECT_TRUE(peer.response(file).ended);
  EXPECT_TRUE(peer.response(large).body == content);
  EXPECT_TRUE(peer.response(large).ended);
}

TEST(Http2, AFileThatIsShorterThanAnnouncedBreaksTheAnswerOff) {
  TestServer server;
  server.site.add("/file", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    const int file = ::memfd_create("http2_test", MFD_CLOEXEC);
                    EXPECT_EQ(::write(file, "short", 5), 5);
                    (void)co_await exchange.start(ResponseHead(200), 1000);
                    const Result<void> sent = co_await exchange.send_file(file, 0, 1000);
                    EXPECT_FALSE(sent);
                    ::close(file);
                  }));
  H2Peer peer(server.loop, server.serve());
  const int id = peer.get("/file");
  peer.run();
  EXPECT_FALSE(peer.response(id).ended);
  EXPECT_EQ(peer.response(id).reset, NGHTTP2_INTERNAL_ERROR);
}

TEST(Http2, AHandlerThatFails) {
  TestServer server;
  server.site.add("/silent", std::make_unique<Serve>([](Exchange&) -> Task<void> { co_return; }));
  server.site.add("/half", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    (void)co_await exchange.start(ResponseHead(200), 10);
                    (void)co_await exchange.write(as_bytes("12345"));
                  }));
  server.site.add("/more", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    (void)co_await exchange.start(ResponseHead(200), 3);
                    const Result<void> sent = co_await exchange.write(as_bytes("12345"));
                    EXPECT_FALSE(sent);
                    const Result<void> finished = co_await exchange.finish();
                    EXPECT_FALSE(finished) << "an exchange remembers its first failure";
                  }));
  H2Peer peer(server.loop, server.serve());
  const int silent = peer.get("/silent");
  const int half = peer.get("/half");
  const int more = peer.get("/more");
  peer.run();
  EXPECT_EQ(peer.response(silent).status, 500);
  EXPECT_FALSE(peer.response(half).ended);
  EXPECT_EQ(peer.response(half).reset, NGHTTP2_INTERNAL_ERROR);
  EXPECT_FALSE(peer.response(more).ended);
  EXPECT_EQ(peer.response(more).reset, NGHTTP2_INTERNAL_ERROR);
  EXPECT_FALSE(server.is_over()) << "the other streams go on";
}

TEST(Http2, AnAnswerBeforeTheRequestsEnd) {
  TestServer server;
  H2Peer peer(server.loop, server.serve());
  const int id = peer.open({{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/hello"}});
  peer.send(id, std::string(200'000, 'x'));
  peer.run();
  EXPECT_EQ(peer.response(id).status, 200);
  EXPECT_TRUE(peer.response(id).ended);
  // RFC 9113 section 8.1: NO_ERROR asks the client to stop sending.
  EXPECT_EQ(peer.response(id).reset, NGHTTP2_NO_ERROR);
  const int next = peer.post("/echo", std::string(2'000'000, 'y'));
  peer.run();
  EXPECT_EQ(peer.response(next).body.size(), 2'000'000u) << "what nobody read was given back to the window";
}

TEST(Http2, ExpectIsAnsweredWhenTheBodyIsWanted) {
  TestServer server;
  H2Peer peer(server.loop, server.serve());
  const int id = peer.open(
      {{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/late"}, {"expect", "100-continue"}});
  server.site.add("/late", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    const Result<Bytes> body = co_await exchange.read();
                    EXPECT_TRUE(body);
                    (void)co_await exchange.respond(200, "thanks\n");
                  }));
  peer.run();
  EXPECT_EQ(peer.response(id).informational, std::vector<int>{100});
  EXPECT_EQ(peer.response(id).status, 0);
  peer.send(id, "body", true);
  peer.run();
  EXPECT_EQ(peer.response(id).status, 200);
}

TEST(Http2, AResetByTheClientEndsWhatWaits) {
  TestServer server;
  static Code read_code = Code::ok;
  static Code write_code = Code::ok;
  server.site.add("/read", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    const Result<Bytes> body = co_await exchange.read();
                    read_code = body ? Code::ok : body.error().code;
                  }));
  server.site.add("/write", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    (void)co_await exchange.start(ResponseHead(200), std::nullopt);
                    const std::string much(1'000'000, 'x');
                    const Result<void> sent = co_await exchange.write(as_bytes(much));
                    write_code = sent ? Code::ok : sent.error().code;
                  }));
  H2Peer peer(server.loop, server.serve(), {.takes_data = false});
  const int read = peer.open({{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/read"}});
  const int write = peer.get("/write");
  peer.run();
  EXPECT_EQ(peer.response(write).body.size(), 65535u);
  peer.reset(read, NGHTTP2_CANCEL);
  peer.reset(write, NGHTTP2_CANCEL);
  peer.run();
  EXPECT_EQ(read_code, Code::reset);
  EXPECT_EQ(write_code, Code::reset);
  EXPECT_FALSE(server.is_over());
}

TEST(Http2, TheWindowIsTheBackpressure) {
  TestServer server;
  server.site.add("/slow", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    (void)co_await exchange.read();
                    (void)co_await exchange.start(ResponseHead(200), std::nullopt);
                    const std::string much(400'000, 'x');
                    (void)co_await exchange.write(as_bytes(much));  // meanwhile nothing is read
                    (void)co_await exchange.finish();
                  }));
  H2Peer peer(server.loop, server.serve(), {.takes_data = false});
  const int id = peer.open({{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/slow"}});
  peer.send(id, std::string(500'000, 'x'));
  peer.run();
  // One part was taken by read(), at most a window more lies with the server; the rest cannot be sent.
  EXPECT_LE(nghttp2_session_get_stream_remote_window_size(peer.session(), id), 0);
  EXPECT_EQ(peer.response(id).body.size(), 65535u) << "and no more is sent than the client's window takes";
  peer.take(id, 65535);
  peer.run();
  EXPECT_EQ(peer.response(id).body.size(), 2u * 65535u);
}

TEST(Http2, ResetsLeakNoWindow) {
  TestServer server;
  server.site.limits_.resets_burst = 10'000;
  server.site.add("/wait", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    (void)co_await exchange.read();
                    (void)co_await exchange.read();
                    (void)co_await exchange.start(ResponseHead(200), std::nullopt);
                    const std::string much(400'000, 'x');
                    (void)co_await exchange.write(as_bytes(much));
                  }));
  H2Peer peer(server.loop, server.serve(), {.takes_data = false});
  // Forty times a full stream window: two and a half times what the connection's window holds.
  for (int i = 0; i < 40; ++i) {
    const int id = peer.open({{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/wait"}});
    peer.send(id, std::string(70'000, 'x'));
    peer.run();
    peer.reset(id, NGHTTP2_CANCEL);
    peer.run();
    EXPECT_GT(nghttp2_session_get_remote_window_size(peer.session()), 400'000) << i;
  }
  EXPECT_FALSE(server.is_over());
}

TEST(Http2, ABodyThatDoesNotComeIs408) {
  TestServer server;
  H2Peer peer(server.loop, server.serve());
  server.site.add("/body", std::make_unique<Serve>([](Exchange& exchange) -> Task<void> {
                    const Result<Bytes> body = co_await exchange.read();
                    if (!body) co_return;
                  }));
  const int id = peer.open({{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/body"}});
  peer.run();
  server.loop.advance(Millis(29'900));
  peer.run();
  EXPECT_EQ(peer.response(id).status, 0);
  server.loop.advance(Millis(200));
  peer.run();
  EXPECT_EQ(peer.response(id).status, 408);
}

TEST(Http2, DrainsInTwoSteps) {
  TestServer server;
  H2Peer peer(server.loop, server.serve());
  const int open = peer.open({{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/echo"}});
  peer.run();
  server.sessions.drain();
  const int late = peer.get("/hello");  // sent before the client knows
  peer.run();
  ASSERT_EQ(peer.goaways().size(), 2u);
  EXPECT_EQ(peer.goaways()[0], (std::pair<std::uint32_t, std::int32_t>(NGHTTP2_NO_ERROR, 0x7fffffff)));
  EXPECT_EQ(peer.goaways()[1], (std::pair<std::uint32_t, std::int32_t>(NGHTTP2_NO_ERROR, late)));
  EXPECT_EQ(peer.response(late).body, "hello\n");
  EXPECT_FALSE(peer.is_closed());
  peer.send(open, "rest", true);
  peer.run();
  EXPECT_EQ(peer.response(open).body, "rest") << "what runs is finished";
  EXPECT_TRUE(peer.is_closed());
  peer.close();
  server.loop.run();
  EXPECT_TRUE(server.is_over());
  EXPECT_EQ(server.why(), Why::draining);
}

TEST(Http2, ARequestThatCrossesTheFirstGoawayIsAnswered) {
  TestServer server;
  H2Peer peer(server.loop, server.serve());
  peer.run();
  server.sessions.drain();
  server.loop.run();  // nothing is open, and the first GOAWAY is on its way
  const int late = peer.get("/hello");
  peer.run();
  EXPECT_EQ(peer.response(late).body, "hello\n");
  ASSERT_EQ(peer.goaways().size(), 2u);
  EXPECT_EQ(peer.goaways()[1].second, late);
  EXPECT_TRUE(peer.is_closed());
}

TEST(Http2, DrainsWithAClientThatAnswersNoPing) {
  TestServer server;
  MemoryPeer peer(server.serve());
  peer.send(client_hello());
  server.loop.run();
  server.sessions.drain();
  server.loop.run();
  EXPECT_FALSE(peer.ended());
  server.loop.advance(Millis(1'100));
  peer.take();
  EXPECT_TRUE(peer.ended());
  peer.close();
  server.loop.run();
  EXPECT_EQ(server.why(), Why::draining);
}

TEST(Http2, AConnectionMadeWhileDrainingIsClosedInOrder) {
  TestServer server;
  server.sessions.drain();
  H2Peer peer(server.loop, server.serve());
  const int id = peer.get("/hello");
  peer.run();
  EXPECT_EQ(peer.response(id).status, 200);
  EXPECT_TRUE(peer.is_closed());
}

TEST(Http2, IdleConnectionsEnd) {
  TestServer server;
  H2Peer peer(server.loop, server.serve());
  const int id = peer.get("/hello");
  peer.run();
  server.loop.advance(Millis(59'000));
  peer.run();
  EXPECT_FALSE(peer.is_closed());
  server.loop.advance(Millis(1'100));
  peer.run();
  EXPECT_TRUE(peer.is_closed());
  ASSERT_EQ(peer.goaways().size(), 1u);
  EXPECT_EQ(peer.goaways()[0], (std::pair<std::uint32_t, std::int32_t>(NGHTTP2_NO_ERROR, id)));
  peer.close();
  server.loop.run();
  EXPECT_EQ(server.why(), Why::idle_timeout);
}

TEST(Http2, TheClientsGoawayEndsTheConnectionWithItsLastStream) {
  TestServer server;
  H2Peer peer(server.loop, server.serve());
  const int id = peer.get("/hello");
  peer.run();
  peer.goaway();
  peer.run();
  EXPECT_EQ(peer.response(id).body, "hello\n");
  EXPECT_TRUE(peer.is_closed());
  peer.close();
  server.loop.run();
  EXPECT_EQ(server.why(), Why::done);
}

TEST(Http2, TheClientsEndIsTheEnd) {
  TestServer server;
  H2Peer peer(server.loop, server.serve());
  peer.open({{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/echo"}});
  peer.run();
  peer.close_write();
  peer.run();
  EXPECT_TRUE(server.is_over());
  EXPECT_EQ(server.why(), Why::peer_closed);
}

TEST(Http2, RoutesThatNeedTlsSaySo) {
  TestServer server;
  server.site.add("/private", std::make_unique<Serve>(&say_hello)).require_tls = true;
  H2Peer peer(server.loop, server.serve());
  const int id = peer.get("/private");
  peer.run();
  EXPECT_EQ(peer.response(id).status, 403);
  EXPECT_NE(peer.response(id).body.find("TLS"), std::string::npos);
  EXPECT_EQ(peer.response(id).field("upgrade"), "");
}

}  // namespace
}  // namespace turnout::testing
