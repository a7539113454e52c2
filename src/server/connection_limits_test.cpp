#include "server/connection_limits.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

Limits small() {
  Limits limits;
  limits.connections_per_client_max = 2;
  limits.handshakes_per_client_max = 1;
  return limits;
}

TEST(SEC_D4, ConnectionsOfAClientAreLimited) {
  ConnectionLimits limits(small(), {});
  const Address client = *parse_ip("192.0.2.1");
  auto first = limits.admit(client, false);
  auto second = limits.admit(client, false);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(limits.admit(client, false));
  EXPECT_TRUE(limits.admit(*parse_ip("192.0.2.2"), false)) << "another client has its own";
  second.reset();
  EXPECT_TRUE(limits.admit(client, false)) << "its place came back, and the one that was refused has kept none";
}

TEST(SEC_D4, HandshakesOfAClientAreLimitedUntilTheyAreDone) {
  ConnectionLimits limits(small(), {});
  const Address client = *parse_ip("2001:db8::1");
  auto first = limits.admit(client, true);
  ASSERT_TRUE(first);
  EXPECT_FALSE(limits.admit(*parse_ip("2001:db8::2"), true)) << "the same /64";
  first->handshake = ClientCounts::Place();
  auto second = limits.admit(client, true);
  EXPECT_TRUE(second) << "a refused one has kept neither place";
  EXPECT_FALSE(limits.admit(client, false));
}

TEST(SEC_D4, LoopbackAndTrustedProxiesConnectAsOftenAsTheyLike) {
  ConnectionLimits limits(small(), {*parse_network("10.0.0.0/8")});
  std::vector<std::optional<ConnectionLimits::Places>> open;
  for (const char* exempt : {"127.0.0.1", "::1", "10.0.0.1"}) {
    for (int i = 0; i < 5; ++i) {
      open.push_back(limits.admit(*parse_ip(exempt), true));
      EXPECT_TRUE(open.back()) << exempt;
    }
  }
}

}  // namespace
}  // namespace turnout
