#include "switching/session.h"

#include <gtest/gtest.h>

#include <deque>

#include "switching/registry.h"
#include "tests/support/memory_server.h"

namespace turnout {
namespace {

/// Keeps what was recorded of switches.
class Told final : public Recorder {
 public:
  struct Line {
    RecordKind kind;
    std::string route;
    std::string token_name;
    Via via;
    std::uint64_t in, out, new_in, new_out;
    Why close_reason;
  };
  void write(const Record& record) noexcept override {
    lines.push_back({record.kind, record.route != nullptr ? record.route->name : "", record.token_name, record.via,
                     record.bytes_in, record.bytes_out, record.new_bytes_in, record.new_bytes_out,
                     record.close_reason});
  }
  std::vector<Line> lines;
};

Task<void> write(Wire& wire, std::string_view bytes) {
  const Result<void> written = co_await wire.write(bytes);
  EXPECT_TRUE(written);
}

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    route.name = "chat";
    route.switch_tokens = {"websocket"};
    listener.registry = std::make_shared<Registry>();
    sessions.recorder = &told;
  }

  Session& make() { return all.emplace_back(loop, site, listener, sessions, Peers{}); }
  Record asked(std::string_view offer, std::string_view token = {}) {
    return {.request = &head, .route = &route, .via = Via::h1_upgrade, .status = 101, .offer = offer, .token = token};
  }

  SimLoop loop;
  TestSite site;
  Route route;
  RequestHead head;
  Listener listener;
  Sessions sessions;
  Told told;
  std::deque<Session> all;
};

TEST_F(SessionTest, ProgressTellsOfBytesOnce) {
  Session& session = make();
  auto [ours, theirs] = MemoryStream::make_pair(loop);
  Wire wire(std::move(ours));
  session.use(wire.stream());
  session.record_open(asked("websocket", "websocket"));
  ASSERT_EQ(told.lines.size(), 1u);
  EXPECT_EQ(told.lines[0].route, "chat");

  const auto pass = [&](std::string_view bytes) {
    loop.connections.spawn(write(wire, bytes));
    loop.run();
  };
  pass("hello");
  session.record_progress();
  session.record_progress();
  pass("you");
  session.record_close(Why::peer_closed);
  ASSERT_EQ(told.lines.size(), 3u) << "where nothing passed, nothing is told";
  EXPECT_EQ(told.lines[1].kind, RecordKind::progress);
  EXPECT_EQ(told.lines[1].new_out, 5u);
  EXPECT_EQ(told.lines[2].kind, RecordKind::close);
  EXPECT_EQ(told.lines[2].out, 8u);
  EXPECT_EQ(told.lines[2].new_out, 3u);
  session.record_progress();
  EXPECT_EQ(told.lines.size(), 3u);
}

// Bytes behind an Upgrade request are read with it, and belong to what follows.
TEST_F(SessionTest, WhatWasReadAheadIsCounted) {
  Session& session = make();
  auto [ours, theirs] = MemoryStream::make_pair(loop);
  Wire wire(std::move(ours));
  session.use(wire.stream());
  wire.stream().count_read(100);  // the request, and 30 bytes behind it
  Record opened = asked("websocket", "websocket");
  opened.bytes_in = 30;
  session.record_open(opened);
  EXPECT_EQ(told.lines.back().in, 0u);
  wire.stream().count_read(5);
  session.record_close(Why::peer_closed);
  EXPECT_EQ(told.lines.back().in, 35u);
  EXPECT_EQ(told.lines.back().new_in, 35u);
}

// A client may offer whatever it likes; what is counted by is one of few.
TEST_F(SessionTest, TheNameOfATokenIsNeverTheClients) {
  class Named final : public Upgrader {
   public:
    const char* token() const noexcept override { return "TLS"; }
    Task<Verdict> consider(const UpgradeOffer&, const UpgradeToken&, Session&) const override { co_return Decline{}; }
  };
  auto registry = std::make_shared<Registry>();
  registry->add(std::make_shared<Named>());
  listener.registry = registry;
  const Session& session = make();
  const auto name = [&](std::string_view offer) {
    session.record(asked(offer));
    return told.lines.back().token_name;
  };
  EXPECT_EQ(name("tls/1.2, x"), "TLS");
  EXPECT_EQ(name("x\"y, TLS/9"), "TLS");
  EXPECT_EQ(name("anything"), "other");
  EXPECT_EQ(name(",,,"), "other");
  EXPECT_EQ(name(""), "");
  Record connect = asked("CONNECT");
  connect.via = Via::h1_connect;
  session.record(connect);
  EXPECT_EQ(told.lines.back().token_name, "CONNECT");
}

TEST_F(SessionTest, WhatAnOperatorClosesIsOnRecordAsThat) {
  Session& session = make();
  session.record_open(asked("websocket", "websocket"));
  EXPECT_FALSE(session.is_closing());
  session.close();
  EXPECT_TRUE(session.is_closing());
  EXPECT_TRUE(session.is_draining());
  session.record_close(Why::draining);
  EXPECT_EQ(told.lines.back().close_reason, Why::closed_by_operator);
}

TEST_F(SessionTest, AWalkVisitsWhatStaysThroughout) {
  std::vector<Session*> made;
  for (int i = 0; i < 10; ++i) made.push_back(&make());
  std::size_t visited = 0;
  Sessions::Walk walk(sessions);
  EXPECT_TRUE(walk.visit(4, [&](Session&) { ++visited; }));
  make();  // new ones are not waited for
  EXPECT_FALSE(walk.visit(100, [&](Session&) { ++visited; }));
  EXPECT_EQ(visited, 10u);
}

TEST_F(SessionTest, AWalkGoesOnWhereTheNextSessionHasEnded) {
  std::vector<std::unique_ptr<Session>> made;
  for (int i = 0; i < 6; ++i) {
    made.push_back(std::make_unique<Session>(loop, site, listener, sessions, Peers{}));
  }
  std::vector<Session*> visited;
  const auto see = [&](Session& session) { visited.push_back(&session); };
  Sessions::Walk walk(sessions);
  Sessions::Walk other(sessions);
  EXPECT_TRUE(walk.visit(2, see));  // the newest come first: 5, 4
  made[3].reset();
  made[5].reset();
  EXPECT_TRUE(walk.visit(1, see));
  made[1].reset();
  EXPECT_FALSE(walk.visit(100, see));
  EXPECT_EQ(visited.size(), 4u);
  EXPECT_EQ(visited[2], made[2].get());
  EXPECT_EQ(visited[3], made[0].get());
  EXPECT_FALSE(other.visit(100, [](Session&) {})) << "one that had not begun goes on too";
  made.clear();
  EXPECT_FALSE(walk.visit(1, see));
}

}  // namespace
}  // namespace turnout
