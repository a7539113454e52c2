// [[upstream]], and the routes and keys that have to do with them: proxy, connect, allow, deny, limits, redirection.
#include "config/load_upstream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_text.h"
#include "tests/support/temporary_folder.h"

namespace turnout {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr std::string_view app = "[[upstream]]\nname = \"app\"\nservers = [\"http://127.0.0.1:3000\"]\n";

/// Of an upstream that has this line besides its name and a server.
std::vector<std::string> upstream_problems(std::string_view line) {
  return problems(std::string(app) + std::string(line) + "\n");
}

/// Of a route to that upstream with these keys in `proxy`, and for /app/**.
std::vector<std::string> proxy_problems(const std::string& keys, const std::string& more = "") {
  return problems("[[route]]\nmatch = { path = \"/app/**\" }\nproxy = { to = \"app\", " + keys + " }\n" + more +
                  std::string(app));
}

/// Of a route with this line besides its handler.
std::vector<std::string> route_problems(const std::string& line) {
  return problems("[[route]]\n" + line + "\nrespond = {}\n");
}

TEST(ConfigUpstream, AllThatCanBeSaid) {
  const TemporaryFolder folder;
  for (const char* name : {"ca.pem", "client.pem", "client.key"}) folder.write(name, "");
  const std::string file = (folder / "turnout.toml").string();
  const Config config = loaded(R"(
[[upstream]]
name = "chat"
servers = ["http://10.0.0.1:9000", "unix:chat.sock", "h2c://10.0.0.3:9000", "https://10.0.0.4"]
balance = "least-connections"
health = { path = "/healthz?deep=1", interval = "1s", timeout = "500ms", status = 204 }
fails_max = 5
fail_timeout = "30s"
tls = { ca = "ca.pem", certificate = "client.pem", key = "client.key", name = "Chat.internal" }
http2 = true
proxy_protocol = "v2"
keep_alive_idle = "10s"
keep_alive_connections_max = 8

[[upstream]]
name = "docker"
servers = ["unix:/var/run/docker.sock"]
warm = 4
)",
                               file);
  ASSERT_EQ(config.upstreams.size(), 2U);
  const UpstreamConfig& chat = config.upstreams[0];
  EXPECT_EQ(chat.name, "chat");
  ASSERT_EQ(chat.servers.size(), 4U);
  EXPECT_EQ(chat.servers[1].unix_path, (folder / "chat.sock").string());
  EXPECT_EQ(chat.servers[3].position, (SourcePosition{4, 77}));
  EXPECT_EQ(chat.balance, Balance::least_connections);
  ASSERT_TRUE(chat.health);
  EXPECT_EQ(chat.health->path, "/healthz?deep=1");
  EXPECT_EQ(chat.health->interval, Millis(1000));
  EXPECT_EQ(chat.health->timeout, Millis(500));
  EXPECT_EQ(chat.health->status, 204);
  EXPECT_EQ(chat.fails_max, 5U);
  EXPECT_EQ(chat.fail_timeout, Millis(30'000));
  EXPECT_EQ(chat.tls.ca, (folder / "ca.pem").string());
  EXPECT_EQ(chat.tls.certificate, (folder / "client.pem").string());
  EXPECT_EQ(chat.tls.key, (folder / "client.key").string());
  EXPECT_EQ(chat.tls.name, "chat.internal");
  EXPECT_TRUE(chat.tls.verify);
  EXPECT_TRUE(chat.http2);
  EXPECT_EQ(chat.proxy_protocol, SendProxyProtocol::v2);
  EXPECT_EQ(chat.keep_alive_idle, Millis(10'000));
  EXPECT_EQ(chat.keep_alive_connections_max, 8U);
  EXPECT_EQ(chat.position, (SourcePosition{2, 1}));

  const UpstreamConfig& docker = config.upstreams[1];
  EXPECT_EQ(docker.balance, Balance::round_robin);
  EXPECT_FALSE(docker.health);
  EXPECT_EQ(docker.fails_max, 3U);
  EXPECT_EQ(docker.warm, 4U);
  EXPECT_EQ(chat.warm, 0U);
  EXPECT_FALSE(docker.http2);
  EXPECT_EQ(docker.proxy_protocol, SendProxyProtocol::off);
}

TEST(ConfigUpstream, FaultsAreNamedWithARemedy) {
  EXPECT_THAT(problems("[[upstream]]\nservers = [\"http://a\"]\n"),
              ElementsAre(HasSubstr("1:1: an upstream needs its name")));
  EXPECT_THAT(problems("[[upstream]]\nname = \"a b\"\nservers = [\"http://a\"]\n"),
              ElementsAre(HasSubstr("2:8: the name of an upstream has 1 to 64 letters")));
  EXPECT_THAT(problems("[[upstream]]\nname = \"a\"\n"), ElementsAre(HasSubstr("1:1: an upstream needs its servers")));
  EXPECT_THAT(problems("[[upstream]]\nname = \"a\"\nservers = []\n"),
              ElementsAre(HasSubstr("3:11: \"servers\" is empty")));
  EXPECT_THAT(problems("[[upstream]]\nname = \"a\"\nservers = [\"http://a/\", \"a:80\"]\n"),
              ElementsAre(HasSubstr("3:12: \"http://a/\": a server has neither path"),
                          HasSubstr("3:25: \"a:80\": a server begins with http://")));
  EXPECT_THAT(problems("[[upstream]]\nname = \"a\"\nservers = [\"http://a\", \"h2c://A:80\"]\n"),
              ElementsAre("3:24: \"h2c://A:80\" is in this list already"));
  EXPECT_THAT(problems(std::string(app) + std::string(app)),
              ElementsAre("5:8: the upstream in line 1 is named \"app\" already; put their servers into one list"));
  EXPECT_THAT(upstream_problems("balance = \"round robin\""),
              ElementsAre("4:11: \"balance\" is not \"round robin\"; did you mean \"round-robin\"?"));
  EXPECT_THAT(upstream_problems("proxy_protocol = true"), ElementsAre(HasSubstr("is a string, not a boolean")));
  EXPECT_THAT(upstream_problems("fails_max = -1"), ElementsAre(HasSubstr("between 0 and")));
  EXPECT_THAT(upstream_problems("warm = 1001"), ElementsAre(HasSubstr("between 0 and 1000")));
  EXPECT_THAT(upstream_problems("warm = 1\nproxy_protocol = \"v1\""),
              ElementsAre(HasSubstr("4:8: \"warm\" opens connections before there is a client")));
  EXPECT_THAT(upstream_problems("server = 1"), ElementsAre(HasSubstr("did you mean \"servers\"?")));
}

TEST(ConfigUpstream, HealthNeedsAPath) {
  EXPECT_THAT(upstream_problems("health = {}"), ElementsAre(HasSubstr("4:10: health needs what to ask for")));
  EXPECT_THAT(upstream_problems("health = { path = \"healthz\" }"), ElementsAre(HasSubstr("4:19: \"path\"")));
  EXPECT_THAT(upstream_problems("health = { path = \"/a b\" }"), ElementsAre(HasSubstr("\"path\"")));
  EXPECT_THAT(upstream_problems("health = { path = \"/a\\r\\nX: y\" }"), ElementsAre(HasSubstr("\"path\"")));
  EXPECT_THAT(upstream_problems("health = { path = \"/\", interval = \"0s\" }"),
              ElementsAre(HasSubstr("at least 10ms")));
  EXPECT_THAT(upstream_problems("health = { path = \"/\", status = 101 }"),
              ElementsAre(HasSubstr("between 200 and 599")));
  EXPECT_FALSE(loaded(std::string(app) + "health = { path = \"/\" }").upstreams.at(0).health->status);
}

TEST(ConfigUpstream, TlsIsVerifiedUnlessItIsWrittenOut) {
  const auto tls_problems = [](std::string_view tls) {
    return problems("[[upstream]]\nname = \"a\"\nservers = [\"https://a\"]\ntls = " + std::string(tls) + "\n");
  };
  EXPECT_TRUE(loaded("[[upstream]]\nname = \"a\"\nservers = [\"https://a\"]\n").upstreams.at(0).tls.verify);
  EXPECT_FALSE(loaded("[[upstream]]\nname = \"a\"\nservers = [\"https://a\"]\ntls = { verify = false }\n")
                   .upstreams.at(0)
                   .tls.verify);
  EXPECT_THAT(tls_problems("{ verify = \"no\" }"), ElementsAre(HasSubstr("is true or false")));
  EXPECT_THAT(tls_problems("{ verify = false, name = \"a\" }"), ElementsAre(HasSubstr("4:18: verify = false makes")));
  EXPECT_THAT(tls_problems("{ ca = \"/nowhere/ca.pem\" }"),
              ElementsAre(HasSubstr("4:14: cannot read \"/nowhere/ca.pem\" (No such file or directory)")));
  EXPECT_THAT(tls_problems("{ certificate = \"/dev/null\" }"),
              ElementsAre(HasSubstr("4:7: a certificate of our own needs its key"), HasSubstr("Not a regular file")));
  EXPECT_THAT(tls_problems("{ name = \"*.internal\" }"), ElementsAre(HasSubstr("\"name\" is the name in")));
  EXPECT_THAT(upstream_problems("tls = {}"),
              ElementsAre(HasSubstr("4:7: \"tls\" is for servers that begin with https://")));
  EXPECT_THAT(upstream_problems("http2 = true"), ElementsAre(HasSubstr("write h2c://")));
}

TEST(ConfigProxy, AllThatCanBeSaid) {
  const Config config = loaded(R"(
[[route]]
match = { path = "/app/v1/**" }
[route.proxy]
to = "app"
switch = ["websocket", "TCP"]
idle = "10m"
lifetime = "8h"
half_close = "1s"
connect_timeout = "1s"
answer_timeout = "2s"
upgrade_timeout = "3s"
strip_prefix = "/app"
host = "upstream"
set = { X-From = "turnout", X-List = ["a", "b"] }
remove = ["Cookie"]
set_response = { Cache-Control = "no-store" }
remove_response = ["Server"]

[[route]]
proxy = { to = "app", lifetime = "unlimited", host = "app.internal:8080" }
origins = ["https://example.com"]
)" + std::string(app));
  ASSERT_EQ(config.routes.size(), 2U);
  ASSERT_TRUE(config.routes[0].proxy);
  const ProxyConfig& proxy = *config.routes[0].proxy;
  EXPECT_EQ(proxy.to, "app");
  EXPECT_THAT(config.routes[0].switch_tokens, ElementsAre("websocket", "tcp"));
  EXPECT_EQ(config.routes[0].origins.kind, OriginPolicy::Kind::any);
  EXPECT_EQ(proxy.idle, Millis(600'000));
  EXPECT_EQ(proxy.lifetime, Millis(8 * 3'600'000));
  EXPECT_EQ(proxy.half_close, Millis(1000));
  EXPECT_EQ(proxy.connect_timeout, Millis(1000));
  EXPECT_EQ(proxy.answer_timeout, Millis(2000));
  EXPECT_EQ(proxy.upgrade_timeout, Millis(3000));
  EXPECT_EQ(proxy.strip_prefix, "/app");
  EXPECT_EQ(proxy.host, ProxyConfig::Host::upstream);
  EXPECT_THAT(proxy.request.set, ElementsAre(Pair("X-From", "turnout"), Pair("X-List", "a"), Pair("X-List", "b")));
  EXPECT_THAT(proxy.request.remove, ElementsAre("Cookie"));
  EXPECT_THAT(proxy.response.set, ElementsAre(Pair("Cache-Control", "no-store")));
  EXPECT_THAT(proxy.response.remove, ElementsAre("Server"));

  const ProxyConfig& other = *config.routes[1].proxy;
  EXPECT_THAT(config.routes[1].switch_tokens, ElementsAre("websocket"));
  EXPECT_EQ(config.routes[1].origins.kind, OriginPolicy::Kind::listed);
  EXPECT_EQ(other.idle, Millis(3'600'000));
  EXPECT_FALSE(other.lifetime);
  EXPECT_EQ(other.half_close, Millis(30'000));
  EXPECT_EQ(other.host, ProxyConfig::Host::literal);
  EXPECT_EQ(other.host_literal, "app.internal:8080");
}

TEST(ConfigProxy, NamesAnUpstreamThatThereIs) {
  const std::string route = "[[route]]\nproxy = { to = \"ap\" }\n";
  EXPECT_THAT(problems(route + std::string(app)),
              ElementsAre("2:16: there is no upstream \"ap\"; did you mean \"app\"?"));
  EXPECT_THAT(problems(route),
              ElementsAre("2:16: there is no upstream \"ap\"; write [[upstream]] with its name and its servers"));
  EXPECT_THAT(problems("[[route]]\nproxy = {}\n"), ElementsAre(HasSubstr("2:9: proxy needs the name of an upstream")));
  EXPECT_THAT(problems("[[route]]\nproxy = { to = \"app\" }\nrespond = {}\n" + std::string(app)),
              ElementsAre(HasSubstr("this one has 2")));
  EXPECT_THAT(problems(app), ElementsAre()) << "one that no route uses does no harm";
}

TEST(ConfigProxy, WhatTheProtocolWritesIsNotEdited) {
  for (const std::string_view name :
       {"Connection", "content-length", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Keep-Alive",
        "Proxy-Connection", "HTTP2-Settings", "Host", "Sec-WebSocket-Key", "sec-websocket-accept"}) {
    const std::string quoted = "\"" + std::string(name) + "\"";
    for (const std::string& keys : {"set = { " + quoted + " = \"x\" }", "set_response = { " + quoted + " = \"x\" }",
                                    "remove = [" + quoted + "]", "remove_response = [" + quoted + "]"}) {
      EXPECT_THAT(proxy_problems(keys), ElementsAre(HasSubstr(quoted))) << keys;
    }
  }
  EXPECT_EQ(proxy_problems("set = { X = \"a\\r\\nb\" }").size(), 1U);
  EXPECT_EQ(proxy_problems("set = { \"X Y\" = \"a\" }").size(), 1U);
  EXPECT_EQ(proxy_problems("remove = [\"X:\"]").size(), 1U);
}

TEST(ConfigProxy, OtherFaults) {
  EXPECT_THAT(proxy_problems("idle = \"never\""), ElementsAre(HasSubstr("\"idle\" is a duration")));
  EXPECT_THAT(proxy_problems("lifetime = \"forever\""), ElementsAre(HasSubstr("\"lifetime\" is a duration")));
  EXPECT_THAT(proxy_problems("host = \"http://a\""), ElementsAre(HasSubstr("\"host\" is \"keep\"")));
  EXPECT_THAT(proxy_problems("host = \"a\\r\\nb\""), ElementsAre(HasSubstr("\"host\" is \"keep\"")));
  EXPECT_THAT(proxy_problems("strip_prefix = \"app\""), ElementsAre(HasSubstr("is the beginning of a path")));
  EXPECT_THAT(proxy_problems("strip_prefix = \"/\""), ElementsAre(HasSubstr("is the beginning of a path")));
  EXPECT_THAT(proxy_problems("strip_prefix = \"/app/\""), ElementsAre(HasSubstr("is the beginning of a path")));
  EXPECT_THAT(proxy_problems("strip_prefix = \"/*\""), ElementsAre(HasSubstr("is the beginning of a path")));
  EXPECT_THAT(proxy_problems("strip_prefix = \"/ap\""), ElementsAre(HasSubstr("do not all begin with \"/ap\"")));
  EXPECT_THAT(proxy_problems("strip_prefix = \"/app\""), ElementsAre());
  EXPECT_THAT(proxy_problems("idle = \"1s\"", "switch = [\"tcp\"]\n"),
              ElementsAre(HasSubstr("4:10: \"switch\" of a proxy is written inside it")));
}

TEST(LAW_L5, ProxiesCannotListWhatIsBetweenNeighbours) {
  for (const std::string_view token :
       {"h2c", "H2C", "h2", "HTTP/2.0", "http/1.1", "HTTP", "TLS/1.2", "tls", "TLS/1.3"}) {
    EXPECT_THAT(proxy_problems("switch = [\"" + std::string(token) + "\"]"),
                ElementsAre(HasSubstr("\"" + std::string(token) + "\" cannot be a matter of a route")));
  }
}

TEST(ConfigConnect, ListsTargets) {
  const Config config = loaded(
      "[[route]]\nconnect = [\"DB.internal:5432\", \"[::1]:22\"]\nallow = [\"10.0.0.0/8\"]\n"
      "[[route]]\nrespond = {}\n[[route]]\nconnect = [\"a:1\"]\n");
  ASSERT_EQ(config.routes.size(), 3U);
  ASSERT_TRUE(config.routes[0].connect);
  EXPECT_THAT(config.routes[0].connect->targets, ElementsAre(HostPort{"db.internal", 5432}, HostPort{"::1", 22}));
  EXPECT_EQ(config.routes[0].access.allow.size(), 1U);
  EXPECT_FALSE(config.routes[1].connect);
  const auto connect_problems = [](const std::string& lines) { return problems("[[route]]\n" + lines); };
  EXPECT_THAT(connect_problems("connect = []\n"), ElementsAre(HasSubstr("2:11: \"connect\" is empty")));
  EXPECT_THAT(connect_problems("connect = [\"a\"]\n"), ElementsAre(HasSubstr("2:12: \"a\": a target is HOST:PORT")));
  EXPECT_THAT(connect_problems("connect = \"a:1\"\n"), ElementsAre(HasSubstr("is an array of strings")));
  EXPECT_THAT(connect_problems("connect = [\"a:1\"]\nmatch = { host = \"a\" }\n"),
              ElementsAre(HasSubstr("3:9: \"match\" says nothing about CONNECT")));
  EXPECT_THAT(connect_problems("connect = [\"a:1\", \"b:1\"]\n[[route]]\nconnect = [\"c:1\", \"B:1\"]\n"),
              ElementsAre(HasSubstr("3:1: \"b:1\" is a target of the route in line 1 already")));
  EXPECT_THAT(connect_problems("connect = [\"a:1\"]\nswitch = []\n"),
              ElementsAre(HasSubstr("\"switch\" says nothing about CONNECT")));
}

TEST(ConfigAccess, NetworksAndLimitsOfAnyRoute) {
  const Config config = loaded(
      "[[route]]\nrespond = {}\nallow = [\"10.0.0.0/8\", \"2001:db8::/32\"]\ndeny = [\"10.6.6.6\"]\n"
      "limit_per_client = { requests = \"100/s\", upgrades = \"10/m\", tunnels = 50 }\n"
      "limit_per_route = { tunnels = 0 }\n");
  const AccessPolicy& access = config.routes.at(0).access;
  EXPECT_EQ(access.allow.size(), 2U);
  EXPECT_EQ(access.deny.size(), 1U);
  EXPECT_EQ(access.per_client.requests, (Rate{100, Millis(1000)}));
  EXPECT_EQ(access.per_client.upgrades, (Rate{10, Millis(60'000)}));
  EXPECT_EQ(access.per_client.tunnels, 50U);
  EXPECT_EQ(access.per_route, (TrafficLimits{.requests = {}, .upgrades = {}, .tunnels = 0}));
  EXPECT_FALSE(access.is_open());
  EXPECT_TRUE(loaded("[[route]]\nrespond = {}\n").routes.at(0).access.is_open());

  EXPECT_THAT(route_problems("allow = []"), ElementsAre(HasSubstr("2:9: \"allow\" is empty")));
  EXPECT_THAT(route_problems("deny = []"), ElementsAre());
  EXPECT_THAT(route_problems("deny = [\"10.0.0.1/8\"]"),
              ElementsAre(HasSubstr("2:9: \"10.0.0.1/8\" is not a network")));
  EXPECT_THAT(route_problems("limit_per_client = { requests = \"100\" }"),
              ElementsAre(HasSubstr("2:33: \"requests\" is a whole number")));
  EXPECT_THAT(route_problems("limit_per_client = { tunnels = -1 }"),
              ElementsAre(HasSubstr("\"tunnels\" is between 0")));
  EXPECT_THAT(route_problems("limit_per_route = { tunnel = 1 }"), ElementsAre(HasSubstr("did you mean \"tunnels\"?")));
}

TEST(ConfigRedirectToHttps, IsTrueOrAPort) {
  const auto port = [](const std::string& value) {
    return loaded("[[route]]\nrespond = {}\nredirect_to_https = " + value + "\n").routes.at(0).redirect_to_https;
  };
  EXPECT_EQ(port("true"), 443);
  EXPECT_EQ(port("false"), 0);
  EXPECT_EQ(port("8443"), 8443);
  EXPECT_THAT(route_problems("redirect_to_https = 0"), ElementsAre(HasSubstr("between 1 and 65535")));
  EXPECT_THAT(route_problems("redirect_to_https = \"yes\""), ElementsAre(HasSubstr("is true, or the port")));
  EXPECT_THAT(route_problems("redirect_to_https = true\nrequire_tls = true"), ElementsAre(HasSubstr("leave one out")));
}

TEST(ConfigProxyProtocol, NeedsTrustedProxies) {
  const std::string listener = "[[listener]]\naddress = \":80\"\nproxy_protocol = true\n";
  EXPECT_THAT(problems(listener),
              ElementsAre(HasSubstr("3:18: \"proxy_protocol\" is taken from trusted proxies only")));
  EXPECT_TRUE(loaded("trusted_proxies = [\"::1\"]\n" + listener).listeners.at(0).proxy_protocol);
}

}  // namespace
}  // namespace turnout
