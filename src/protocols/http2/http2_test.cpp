#include "protocols/http2/http2.h"

#include <gtest/gtest.h>

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

TEST(Http2, EchoesAMegabyteThroughFlowControl) {
  TestServer server;
  H2Peer peer(server.loop, server.serve({.capacity_bytes = 20'000}));
  std::string body;
  for (int i = 0; body.size() < 1'000'000; ++i) body += std::to_string(i) + ' ';
  const int id = peer.post("/echo", body);
  peer.run();
  EXPECT_EQ(peer.response(id).status, 200);
  EXPECT_TRUE(peer.response(id).ended);
  EXPECT_EQ(peer.response(id).body.size(), body.size());
  EXPECT_TRUE(peer.response(id).body == body);
  ASSERT_EQ(server.recorder.lines.size(), 1u);
  EXPECT_EQ(server.recorder.lines[0].bytes_in, body.size());
  EXPECT_EQ(server.recorder.lines[0].bytes_out, body.size());
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

}  // namespace
}  // namespace turnout::testing
