#include "proxy/upstream.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "runtime/sim_loop.h"

namespace turnout {
namespace {

using Balance = UpstreamOptions::Balance;
using Health = UpstreamServerState::Health;

constexpr std::int64_t now = 1'790'000'000'000;

UpstreamOptions options(std::vector<std::string> names, Balance balance = Balance::round_robin) {
  UpstreamOptions made;
  made.name = "chat";
  made.balance = balance;
  for (std::string& name : names) made.servers.push_back({.name = name, .host = name, .port = 9000});
  return made;
}

std::string next(const Upstream& upstream, std::int64_t at = now,
                 std::span<const UpstreamServerState* const> tried = {}) {
  const auto lease = upstream.pick(at, tried);
  return lease ? lease->server().name : "none";
}

UpstreamServerState& state(const Upstream& upstream, std::size_t i) {
  return *upstream.servers()[i].state;
}

void fail_often(UpstreamServerState& server, std::int64_t at = now) {
  for (int i = 0; i < 3; ++i) server.failed(at);
}

TEST(Upstream, RoundRobinTakesTurns) {
  const Upstream upstream(options({"a", "b", "c"}));
  std::string order;
  for (int i = 0; i < 6; ++i) order += next(upstream);
  EXPECT_EQ(order, "abcabc");
}

// Among so many not every one is looked at for each request.
TEST(Upstream, ManyServersTakeTurnsAndTheOthersShareWhatOneCannotTake) {
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("s" + std::to_string(i));
  for (const Balance balance : {Balance::round_robin, Balance::random_two}) {
    const Upstream upstream(options(names, balance));
    fail_often(state(upstream, 7));
    state(upstream, 8).set_health(Health::down);
    std::map<std::string, int> share;
    for (int i = 0; i < 10'000; ++i) ++share[next(upstream)];
    EXPECT_EQ(share.size(), 98u);
    EXPECT_EQ(share.count("s7") + share.count("s8") + share.count("none"), 0u);
    for (const auto& [name, count] : share) EXPECT_NEAR(count, 102, 60) << name;
  }
}

TEST(Upstream, ManyServersOfWhichOneIsUp) {
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("s" + std::to_string(i));
  for (const Balance balance : {Balance::round_robin, Balance::random_two, Balance::least_connections}) {
    const Upstream upstream(options(names, balance));
    for (std::size_t i = 0; i < 100; ++i) {
      if (i != 42) state(upstream, i).set_health(Health::down);
    }
    for (int i = 0; i < 300; ++i) EXPECT_EQ(next(upstream), "s42");
    state(upstream, 42).set_health(Health::down);
    EXPECT_EQ(next(upstream), "none");
  }
}

TEST(Upstream, LeastConnectionsCountsWhatIsHeld) {
  const Upstream upstream(options({"a", "b", "c"}, Balance::least_connections));
  std::vector<UpstreamLease> tunnels;
  std::map<std::string, int> share;
  for (int i = 0; i < 30; ++i) {
    tunnels.push_back(*upstream.pick(now));
    ++share[tunnels.back().server().name];
  }
  EXPECT_EQ(share, (std::map<std::string, int>{{"a", 10}, {"b", 10}, {"c", 10}}));

  std::erase_if(tunnels, [](const UpstreamLease& lease) { return lease.server().name == "b"; });
  EXPECT_EQ(state(upstream, 1).open(), 0u);
  for (int i = 0; i < 10; ++i) {
    tunnels.push_back(*upstream.pick(now));
    EXPECT_EQ(tunnels.back().server().name, "b");
  }
}

TEST(Upstream, LeastConnectionsTakesTurnsAmongEquals) {
  const Upstream upstream(options({"a", "b", "c"}, Balance::least_connections));
  std::set<std::string> seen;
  for (int i = 0; i < 3; ++i) seen.insert(next(upstream));
  EXPECT_EQ(seen.size(), 3u);
}

TEST(Upstream, RandomTwoAvoidsTheBusiestAndReachesAllOthers) {
  const Upstream upstream(options({"a", "b", "c", "d"}, Balance::random_two));
  const UpstreamServerState* others[] = {&state(upstream, 1), &state(upstream, 2), &state(upstream, 3)};
  const auto tunnel = upstream.pick(now, others);
  ASSERT_EQ(tunnel->server().name, "a");
  std::map<std::string, int> share;
  for (int i = 0; i < 3000; ++i) ++share[next(upstream)];
  EXPECT_EQ(share["a"], 0);
  for (const char* name : {"b", "c", "d"}) EXPECT_GT(share[name], 700) << name;
}

TEST(Upstream, OneServerIsEnoughForEveryWayToBalance) {
  for (const Balance balance : {Balance::round_robin, Balance::least_connections, Balance::random_two}) {
    const Upstream upstream(options({"only"}, balance));
    EXPECT_EQ(next(upstream), "only");
    EXPECT_EQ(next(upstream), "only");
  }
}

TEST(Upstream, WhatWasTriedIsNotTriedAgain) {
  for (const Balance balance : {Balance::round_robin, Balance::least_connections, Balance::random_two}) {
    const Upstream upstream(options({"a", "b", "c"}, balance));
    std::vector<const UpstreamServerState*> tried;
    std::set<std::string> names;
    for (int i = 0; i < 3; ++i) {
      const auto lease = upstream.pick(now, tried);
      ASSERT_TRUE(lease);
      names.insert(lease->server().name);
      tried.push_back(&lease->state());
    }
    EXPECT_EQ(names.size(), 3u);
    EXPECT_FALSE(upstream.pick(now, tried));
  }
}

TEST(UpstreamLease, GivesItsCountBackOnce) {
  const Upstream upstream(options({"a"}));
  {
    auto one = upstream.pick(now);
    UpstreamLease moved = std::move(*one);
    one.reset();
    EXPECT_EQ(state(upstream, 0).open(), 1u);
    auto two = upstream.pick(now);
    EXPECT_EQ(state(upstream, 0).open(), 2u);
    moved = std::move(*two);
    two.reset();
    EXPECT_EQ(state(upstream, 0).open(), 1u);
  }
  EXPECT_EQ(state(upstream, 0).open(), 0u);
}

TEST(UpstreamLease, OutlivesItsUpstream) {
  auto upstream = std::make_unique<Upstream>(options({"a"}));
  const auto lease = upstream->pick(now);
  upstream.reset();
  EXPECT_EQ(lease->server().name, "a");
  EXPECT_EQ(lease->state().open(), 1u);
}

// ===== passive health =====

TEST(UpstreamFailures, AFewInARowAndAServerIsAvoidedForAWhile) {
  const Upstream upstream(options({"a", "b"}));
  state(upstream, 0).failed(now);
  state(upstream, 0).failed(now);
  EXPECT_FALSE(state(upstream, 0).is_marked(now));
  state(upstream, 0).failed(now);
  EXPECT_TRUE(state(upstream, 0).is_marked(now));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(next(upstream, now + 9'999), "b");
  std::string later;
  for (int i = 0; i < 2; ++i) later += next(upstream, now + 10'000);
  EXPECT_TRUE(later.contains('a')) << later;
}

TEST(UpstreamFailures, ASuccessForgetsThem) {
  const Upstream upstream(options({"a"}));
  state(upstream, 0).failed(now);
  state(upstream, 0).failed(now);
  state(upstream, 0).succeeded();
  state(upstream, 0).failed(now);
  EXPECT_FALSE(state(upstream, 0).is_marked(now));
}

TEST(UpstreamFailures, AfterItsTimeOnlyOneIsSentToSee) {
  const Upstream upstream(options({"a", "b"}));
  fail_often(state(upstream, 0));
  const std::int64_t later = now + 10'000;
  int to_a = 0;
  for (int i = 0; i < 10; ++i) to_a += next(upstream, later) == "a" ? 1 : 0;
  EXPECT_EQ(to_a, 1);
  state(upstream, 0).failed(later + 50);  // the one that saw: one failure is enough now
  EXPECT_TRUE(state(upstream, 0).is_marked(later + 10'000));
  EXPECT_FALSE(state(upstream, 0).is_marked(later + 10'050));
  state(upstream, 0).succeeded();
  EXPECT_FALSE(state(upstream, 0).is_marked(later + 50));
}

TEST(UpstreamFailures, WhereThereIsNoOtherAnAvoidedServerIsTried) {
  const Upstream upstream(options({"a", "b"}));
  fail_often(state(upstream, 0));
  fail_often(state(upstream, 1));
  EXPECT_NE(next(upstream), "none");
  const UpstreamServerState* tried[] = {&state(upstream, 0)};
  EXPECT_EQ(next(upstream, now, tried), "b");
}

TEST(UpstreamFailures, ZeroAvoidsNothing) {
  UpstreamOptions never = options({"a", "b"});
  never.fails_max = 0;
  const Upstream upstream(never);
  fail_often(state(upstream, 0));
  EXPECT_FALSE(state(upstream, 0).is_marked(now));
}

// F20: the clock is the system's, and may be set.
TEST(UpstreamFailures, AClockThatJumpsBackAvoidsNobodyForLong) {
  const Upstream upstream(options({"a", "b"}));
  fail_often(state(upstream, 0));
  EXPECT_FALSE(state(upstream, 0).is_marked(now - 3'600'000));
  EXPECT_FALSE(state(upstream, 0).is_marked(now + 3'600'000));
}

// ===== active health, and what is removed =====

TEST(UpstreamHealth, AServerThatIsDownIsNeverPicked) {
  const Upstream upstream(options({"a", "b"}));
  EXPECT_TRUE(state(upstream, 0).set_health(Health::down));
  EXPECT_FALSE(state(upstream, 0).set_health(Health::down));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(next(upstream), "b");
  state(upstream, 1).set_health(Health::down);
  EXPECT_EQ(next(upstream), "none");
  EXPECT_TRUE(state(upstream, 0).set_health(Health::up));
  EXPECT_EQ(next(upstream), "a");
}

TEST(UpstreamHealth, AServerThatComesUpIsNotAvoidedForWhatWas) {
  const Upstream upstream(options({"a", "b"}));
  fail_often(state(upstream, 0));
  state(upstream, 0).set_health(Health::down);
  state(upstream, 0).set_health(Health::up);
  EXPECT_FALSE(state(upstream, 0).is_marked(now));
}

struct Tunnel {
  Tunnel(UpstreamServerState& server, Worker& worker)
      : watch(std::in_place, server, worker, this, [](void* self, Health health) noexcept {
          auto& tunnel = *static_cast<Tunnel*>(self);
          ++tunnel.calls;
          tunnel.seen = health;
          if (tunnel.neighbour != nullptr) tunnel.neighbour->watch.reset();
          if (tunnel.ends) tunnel.watch.reset();
        }) {}
  std::optional<UpstreamServerState::Watch> watch;
  Tunnel* neighbour = nullptr;  // ends with this one
  bool ends = false;
  int calls = 0;
  Health seen = Health::up;
};

struct UpstreamWatch : ::testing::Test {
  SimLoop loop;
  Upstream upstream{options({"a", "b"})};
  UpstreamServerState& server = state(upstream, 0);
};

TEST_F(UpstreamWatch, ATunnelHearsOnceWhenItsServerTurnsDown) {
  Tunnel one(server, loop);
  Tunnel other(state(upstream, 1), loop);
  server.set_health(Health::down);
  EXPECT_EQ(one.calls, 0);  // from the loop, never from inside of whoever found out
  loop.run();
  EXPECT_EQ(one.calls, 1);
  EXPECT_EQ(one.seen, Health::down);
  server.set_health(Health::removed);
  loop.run();
  EXPECT_EQ(one.calls, 1);
  EXPECT_EQ(other.calls, 0);
}

TEST_F(UpstreamWatch, ATunnelThatOpensTooLateHearsAtOnce) {
  server.set_health(Health::down);
  Tunnel late(server, loop);
  EXPECT_EQ(late.calls, 0);
  loop.run();
  EXPECT_EQ(late.calls, 1);
}

TEST_F(UpstreamWatch, WhatHasEndedHearsNothing) {
  Tunnel one(server, loop);
  Tunnel two(server, loop);
  Tunnel three(server, loop);
  two.watch.reset();
  server.set_health(Health::down);
  three.watch.reset();
  loop.run();
  EXPECT_EQ(one.calls, 1);
  EXPECT_EQ(two.calls, 0);
  EXPECT_EQ(three.calls, 0);
}

TEST_F(UpstreamWatch, WhoHearsMayEndHimselfAndOthers) {
  Tunnel first(server, loop);
  Tunnel second(server, loop);
  Tunnel third(server, loop);
  third.ends = true;         // the last that came is told first
  third.neighbour = &first;  // and one that was still to be told is gone
  server.set_health(Health::down);
  loop.run();
  EXPECT_EQ(third.calls, 1);
  EXPECT_EQ(second.calls, 1);
  EXPECT_EQ(first.calls, 0);
}

TEST_F(UpstreamWatch, AServerThatIsBackBeforeAnybodyHeardEndsNothing) {
  Tunnel one(server, loop);
  server.set_health(Health::down);
  server.set_health(Health::up);
  loop.run();
  EXPECT_EQ(one.calls, 0);
  server.set_health(Health::down);
  loop.run();
  EXPECT_EQ(one.calls, 1);
}

TEST_F(UpstreamWatch, EachWorkerTellsItsOwn) {
  SimLoop other_loop;
  Tunnel here(server, loop);
  Tunnel there(server, other_loop);
  server.set_health(Health::down);
  loop.run();
  EXPECT_EQ(here.calls, 1);
  EXPECT_EQ(there.calls, 0);
  other_loop.run();
  EXPECT_EQ(there.calls, 1);
}

// ===== reload =====

TEST(UpstreamReload, ServersThatStayKeepWhatIsKnownAndTheirTunnels) {
  SimLoop loop;
  const Upstream before(options({"a", "b"}));
  fail_often(state(before, 0));
  const auto lease = before.pick(now);
  ASSERT_EQ(lease->server().name, "b");
  Tunnel stays(state(before, 0), loop);
  Tunnel goes(state(before, 1), loop);

  const Upstream after(options({"c", "a"}), &before);
  before.remove_others(&after);
  loop.run();
  EXPECT_TRUE(state(after, 1).is_marked(now));
  EXPECT_EQ(stays.calls, 0);
  EXPECT_EQ(goes.calls, 1);
  EXPECT_EQ(goes.seen, Health::removed);

  const Upstream again(options({"b"}), &before);  // one that was removed does not come back to life
  EXPECT_NE(&state(again, 0), &state(before, 1));
  EXPECT_TRUE(state(again, 0).is_up());
  EXPECT_FALSE(state(before, 1).set_health(Health::up));

  after.remove_others(nullptr);
  loop.run();
  EXPECT_EQ(stays.calls, 1);
}

TEST(UpstreamReload, WhatIsNoLongerCheckedIsNotDownForEver) {
  UpstreamOptions checked = options({"a"});
  checked.health = HealthCheck{.path = "/healthz", .status = {}};
  const Upstream before(checked);
  state(before, 0).set_health(Health::down);
  EXPECT_FALSE(state(Upstream(checked, &before), 0).is_up());
  EXPECT_TRUE(state(Upstream(options({"a"}), &before), 0).is_up());
}

TEST(UpstreamReload, AServerThatIsListedTwiceCountsTwice) {
  const Upstream before(options({"a", "a"}));
  const Upstream after(options({"a", "a", "a"}), &before);
  EXPECT_EQ(&state(after, 0), &state(before, 0));
  EXPECT_EQ(&state(after, 1), &state(before, 1));
  EXPECT_NE(&state(after, 2), &state(after, 0));
  EXPECT_NE(&state(after, 2), &state(after, 1));
}

}  // namespace
}  // namespace turnout
