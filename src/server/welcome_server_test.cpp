#include "server/welcome_server.h"

#include <gtest/gtest.h>

#include "config/upstream_server.h"

namespace turnout {
namespace {

TEST(WelcomeServer, ListensOnLoopbackUnlessTheCommandLineSaysOtherwise) {
  const Config config = welcome_config({});
  ASSERT_EQ(config.listeners.size(), 2U);
  EXPECT_EQ(text(config.listeners[0].address), welcome_http);
  EXPECT_EQ(text(config.listeners[1].address), welcome_https);
  EXPECT_EQ(welcome_config({.http = {*parse_address(":0")}, .https = {}, .root = {}}).listeners.size(), 1U);
}

TEST(WelcomeServer, ProxyPassesEverythingOnWithWebSocket) {
  const Config config = proxy_config({}, *parse_upstream_server("http://127.0.0.1:3000", ""));
  EXPECT_EQ(config.listeners.size(), 2U);
  ASSERT_EQ(config.upstreams.size(), 1U);
  ASSERT_EQ(config.upstreams[0].servers.size(), 1U);
  EXPECT_EQ(config.upstreams[0].servers[0].port, 3000);
  ASSERT_EQ(config.routes.size(), 1U);
  EXPECT_EQ(config.routes[0].match.path, "/**");
  ASSERT_TRUE(config.routes[0].proxy);
  EXPECT_EQ(config.routes[0].proxy->to, config.upstreams[0].name);
  EXPECT_EQ(config.routes[0].switch_tokens, std::vector<std::string>{"websocket"});
}

}  // namespace
}  // namespace turnout
