#include "proxy/warm_connections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/sim_loop.h"
#include "tests/support/memory_proxy.h"

namespace turnout {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class WarmTest : public testing::Test {
 protected:
  WarmTest() {
    UpstreamOptions options;
    for (const char* name : {"a", "b"}) {
      UpstreamServer server;
      server.name = server.host = name;
      options.servers.push_back(std::move(server));
    }
    upstream = std::make_shared<Upstream>(std::move(options));
  }
  ~WarmTest() override { stop(); }

  void begin(std::size_t count) {
    warm.emplace(loop, connector, upstream, count);
    loop.run();
  }
  void stop() {
    if (!warm) return;
    loop.connections.spawn(warm->stop());
    loop.run();
    EXPECT_EQ(loop.connections.running(), 0U);
    warm.reset();
  }
  const UpstreamServer& server(std::size_t index = 0) const { return *upstream->servers()[index].server; }
  UpstreamServerState& state(std::size_t index = 0) const { return *upstream->servers()[index].state; }
  std::size_t ready(std::size_t index = 0) const { return warm->ready(server(index)); }
  std::size_t opened() const { return connector->accepted.size(); }

  SimLoop loop;
  std::shared_ptr<MemoryConnector> connector = std::make_shared<MemoryConnector>();
  std::shared_ptr<Upstream> upstream;
  std::optional<WarmConnections> warm;
};

TEST_F(WarmTest, EachServerHasThemAndNothingIsSaid) {
  begin(3);
  EXPECT_EQ(ready(0), 3U);
  EXPECT_EQ(ready(1), 3U);
  for (const auto& peer : connector->accepted) EXPECT_EQ(peer->take(), "");
  EXPECT_EQ(state().open(), 0U) << "they are nobody's yet";
}

TEST_F(WarmTest, OneThatIsTakenIsReplaced) {
  begin(2);
  ASSERT_EQ(opened(), 4U);
  std::optional<Wire> wire = warm->take(server());
  ASSERT_TRUE(wire);
  loop.run();
  EXPECT_EQ(ready(), 2U);
  EXPECT_EQ(opened(), 5U);
  loop.advance(Millis(3 * WarmConnections::age_max));
  EXPECT_FALSE(wire->stream().is_broken()) << "it is no longer watched";
}

TEST_F(WarmTest, OneThatItsServerEndsIsReplacedAfterAWhile) {
  begin(1);
  connector->accepted[0]->close_write();
  loop.run();
  EXPECT_EQ(ready(), 0U);
  EXPECT_FALSE(warm->take(server()));
  loop.advance(WarmConnections::back_off_min + Millis(50));
  EXPECT_EQ(ready(), 1U);
}

TEST_F(WarmTest, OneOnWhichItsServerSpeaksIsNotUsed) {
  begin(1);
  connector->accepted[0]->send("HTTP/1.1 408 Request Timeout\r\n\r\n");
  EXPECT_FALSE(warm->take(server())) << "in the very turn in which it came";
  EXPECT_TRUE(connector->accepted[0]->ended() || connector->accepted[0]->was_reset());
}

TEST_F(WarmTest, OldOnesAreReplacedWithoutAGap) {
  begin(2);
  std::size_t least = 2;
  for (int second = 0; second < 100; ++second) {
    loop.advance(Millis(1'000));
    least = std::min(least, ready());
    EXPECT_LE(ready(), 2U);
  }
  EXPECT_EQ(least, 2U);
  EXPECT_EQ(opened(), 2 * 2 * 4U) << "three times within a hundred seconds";
  EXPECT_TRUE(connector->accepted[0]->ended());
}

TEST_F(WarmTest, AServerThatDoesNotAnswerIsAskedLessAndLess) {
  connector->fails["a"] = UpstreamError::connection_refused;
  begin(4);
  const auto asked = [&] { return std::ranges::count(connector->asked, std::string("a")); };
  EXPECT_EQ(asked(), 1) << "the first failure is enough";
  loop.advance(Millis(60'000));
  EXPECT_LE(asked(), 7) << "after 1, 2, 4, 8, 16 and 30 seconds";
  EXPECT_EQ(ready(1), 4U) << "the other one has nothing to do with it";
  EXPECT_FALSE(state().is_marked(loop.wall_ms())) << "no request has failed";
  connector->fails.clear();
  loop.advance(WarmConnections::back_off_max + Millis(50));
  EXPECT_EQ(ready(), 4U);
}

TEST_F(WarmTest, AServerThatEndsThemAtOnceIsAskedLessAndLess) {
  begin(1);
  for (int second = 0; second < 60; ++second) {
    for (const auto& peer : connector->accepted) peer->close_write();
    loop.advance(Millis(1'000));
  }
  EXPECT_LE(opened(), 2 * 8U);
}

TEST_F(WarmTest, AServerThatIsDownHasNone) {
  begin(2);
  state().set_health(UpstreamServerState::Health::down);
  loop.run();
  EXPECT_EQ(ready(), 0U);
  EXPECT_TRUE(connector->accepted[0]->ended());
  loop.advance(Millis(60'000));
  EXPECT_EQ(ready(), 0U);
  state().set_health(UpstreamServerState::Health::up);
  loop.advance(WarmConnections::back_off_min + Millis(50));
  EXPECT_EQ(ready(), 2U);
}

TEST_F(WarmTest, AServerThatIsAvoidedGetsNothingNew) {
  begin(1);
  for (int i = 0; i < 3; ++i) state().failed(loop.wall_ms());
  EXPECT_TRUE(warm->take(server()));
  loop.advance(Millis(5'000));
  EXPECT_EQ(ready(), 0U);
  loop.advance(Millis(8'000));
  EXPECT_EQ(ready(), 1U) << "its time is over";
}

TEST_F(WarmTest, StoppingEndsThemAndWhatIsBeingOpened) {
  begin(2);
  connector->hangs = true;
  EXPECT_TRUE(warm->take(server()));
  loop.run();
  stop();
  for (const auto& peer : connector->accepted) EXPECT_TRUE(peer->ended());
}

TEST_F(WarmTest, ServersOfHttp2InTheClearNeedNone) {
  UpstreamOptions options;
  UpstreamServer one;
  one.name = one.host = "a";
  one.speaks = UpstreamServer::Speaks::http2;
  options.servers.push_back(std::move(one));
  upstream = std::make_shared<Upstream>(std::move(options));
  begin(2);
  EXPECT_EQ(opened(), 0U);
}

/// A proxy with one warm connection: backend(0) is that, once anything has been asked for.
class WarmSwitchTest : public testing::Test {
 protected:
  WarmSwitchTest() {
    proxy.settings->pooling.warm = 1;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    proxy.run();
    EXPECT_EQ(proxy.backends(), 2U);
    EXPECT_EQ(proxy.backend(0).take(), "") << "an ordinary request has another one";
    EXPECT_THAT(proxy.backend(1).take(), StartsWith("GET / "));
    proxy.backend(1).send("HTTP/1.1 204 No Content\r\n\r\n");
    proxy.run();
    EXPECT_THAT(client.take(), StartsWith("HTTP/1.1 204 "));
  }

  MemoryProxy proxy;
  MemoryPeer client = proxy.server.connect();
};

TEST_F(WarmSwitchTest, LAW_L2_ASwitchTakesAConnectionThatCarriedNothing) {
  client.send(websocket_request());
  proxy.run();
  EXPECT_THAT(proxy.backend(0).take(), StartsWith("GET /ws "));
  EXPECT_EQ(proxy.backends(), 3U) << "another is ready in its place";
  proxy.backend(0).send(websocket_answer());
  proxy.run();
  EXPECT_THAT(client.take(), StartsWith("HTTP/1.1 101 "));
  client.send("in the tunnel");
  proxy.run();
  EXPECT_EQ(proxy.backend(0).take(), "in the tunnel");
}

TEST_F(WarmSwitchTest, LAW_L2_ARefusalClosesItsConnection) {
  client.send(websocket_request());
  proxy.run();
  (void)proxy.backend(0).take();
  proxy.backend(0).send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  proxy.run();
  EXPECT_THAT(client.take(), StartsWith("HTTP/1.1 403 "));
  EXPECT_TRUE(proxy.backend(0).ended());
}

TEST_F(WarmSwitchTest, OneThatEndsAsItIsTakenIsNoFailure) {
  client.send(websocket_request());
  proxy.run();
  EXPECT_THAT(proxy.backend(0).take(), StartsWith("GET /ws "));
  proxy.backend(0).close();
  proxy.run();
  ASSERT_EQ(proxy.backends(), 4U);
  EXPECT_THAT(proxy.backend(3).take(), StartsWith("GET /ws ")) << "once more, on a connection that is new";
  EXPECT_EQ(proxy.backend(2).take(), "") << "the other warm one may be as old";
  proxy.backend(3).send(websocket_answer());
  proxy.run();
  EXPECT_THAT(client.take(), StartsWith("HTTP/1.1 101 "));
}

TEST_F(WarmSwitchTest, ItIsSentOnceMoreAndNoMore) {
  client.send(websocket_request());
  proxy.run();
  proxy.backend(0).close();
  proxy.run();
  ASSERT_EQ(proxy.backends(), 4U);
  proxy.backend(3).close();
  proxy.run();
  EXPECT_EQ(proxy.backends(), 4U);
  EXPECT_THAT(client.take(), StartsWith("HTTP/1.1 502 "));
}

TEST_F(WarmSwitchTest, OnceSomethingCameBackItIsNotRepeated) {
  client.send(websocket_request());
  proxy.run();
  proxy.backend(0).send("HTTP/1.1 1");
  proxy.run();
  proxy.backend(0).abort();
  proxy.run();
  EXPECT_EQ(proxy.backends(), 3U);
  EXPECT_THAT(client.take(), StartsWith("HTTP/1.1 502 "));
}

TEST(WarmSwitch, WhatMayHaveBeenActedUponIsNotRepeated) {
  MemoryProxy proxy({"tcp"});
  proxy.settings->pooling.warm = 1;
  MemoryPeer client = proxy.server.connect();
  client.send("POST /exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 4\r\n\r\nbody");
  proxy.run();
  EXPECT_THAT(proxy.backend(0).take(), HasSubstr("body"));
  proxy.backend(0).close();
  proxy.run();
  EXPECT_EQ(proxy.backends(), 2U);
  EXPECT_THAT(client.take(), StartsWith("HTTP/1.1 502 "));
}

}  // namespace
}  // namespace turnout
