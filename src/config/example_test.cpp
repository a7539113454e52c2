// The commented example stays true: it loads as it is and with every comment taken off, and what it says the defaults
// are, they are.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include "config/load.h"

namespace turnout {
namespace {

std::string example() {
  std::ifstream file(TURNOUT_SOURCE_DIR "/examples/turnout.toml");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// With every setting that is commented out in force.
std::string uncommented() {
  const std::regex setting(
      "^# ([a-z_]+ = "
      ".*|\\[\\[(?:listener|upstream|route)\\]\\]|\\[route\\.proxy\\]|\\[admin\\]|\\[\\[transcripts\\.keep\\]\\]|  \\{ "
      "certificate.*|\\])$");
  std::istringstream lines(example());
  std::string out;
  for (std::string line; std::getline(lines, line);) out += std::regex_replace(line, setting, "$1") + "\n";
  return out;
}

TEST(Example, Loads) {
  const auto config = load_config(TURNOUT_SOURCE_DIR "/examples/turnout.toml");
  if (!config) {
    for (const Diagnostic& problem : config.error()) ADD_FAILURE() << text(problem);
    return;
  }
  EXPECT_EQ(config->listeners.size(), 1U);
  EXPECT_EQ(config->routes.size(), 5U);
  EXPECT_EQ(config->limits, Limits());
  EXPECT_EQ(config->transcripts, TranscriptPolicy());
}

TEST(Example, LoadsWithEveryCommentTakenOffAndNamesTheDefaults) {
  std::string folder = (std::filesystem::temp_directory_path() / "turnout-example-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  for (const char* name : {"example.com", "example.org", "upgrade", "client"}) {
    std::ofstream(folder + "/" + name + ".pem");
    std::ofstream(folder + "/" + name + ".key");
  }
  std::ofstream(folder + "/internal-ca.pem");
  const auto config = parse_config(uncommented(), folder + "/turnout.toml");
  std::filesystem::remove_all(folder);
  if (!config) {
    for (const Diagnostic& problem : config.error()) ADD_FAILURE() << text(problem);
    return;
  }
  ASSERT_EQ(config->listeners.size(), 4U);
  EXPECT_EQ(config->listeners[2].tls.size(), 2U);
  EXPECT_TRUE(config->listeners[2].is_https());
  EXPECT_EQ(config->listeners[3].tls_upgrade, TlsUpgrade::compatible);
  EXPECT_FALSE(config->listeners[0].lenient_upgrade);
  EXPECT_EQ(config->trusted_proxies.size(), 2U);
  EXPECT_EQ(config->workers, Config().workers);
  EXPECT_EQ(config->websocket.compression, WebSocketConfig().compression);
  EXPECT_EQ(config->websocket.compression_level, WebSocketConfig().compression_level);
  EXPECT_EQ(config->limits, Limits());
  EXPECT_FALSE(config->listeners[0].proxy_protocol);
  ASSERT_EQ(config->upstreams.size(), 1U);
  const UpstreamConfig& upstream = config->upstreams[0];
  EXPECT_EQ(upstream.balance, UpstreamConfig().balance);
  EXPECT_EQ(upstream.health->interval, HealthConfig().interval);
  EXPECT_EQ(upstream.health->timeout, HealthConfig().timeout);
  EXPECT_EQ(upstream.fails_max, UpstreamConfig().fails_max);
  EXPECT_EQ(upstream.fail_timeout, UpstreamConfig().fail_timeout);
  EXPECT_EQ(upstream.http2, UpstreamConfig().http2);
  EXPECT_EQ(upstream.tls.verify, UpstreamTlsConfig().verify);
  EXPECT_EQ(upstream.proxy_protocol, UpstreamConfig().proxy_protocol);
  EXPECT_EQ(upstream.keep_alive_idle, UpstreamConfig().keep_alive_idle);
  EXPECT_EQ(upstream.keep_alive_connections_max, UpstreamConfig().keep_alive_connections_max);
  EXPECT_EQ(upstream.warm, UpstreamConfig().warm);
  EXPECT_EQ(config->transcripts.file, folder + "/transcripts.jsonl");
  EXPECT_EQ(config->transcripts.kept_bytes, TranscriptPolicy().kept_bytes);
  EXPECT_EQ(config->transcripts.recent_bytes, TranscriptPolicy().recent_bytes);
  EXPECT_EQ(config->transcripts.mask_fields.size(), 1U);
  EXPECT_EQ(config->transcripts.mask_query.size(), 1U);
  ASSERT_EQ(config->transcripts.keep.size(), 1U);
  EXPECT_EQ(config->transcripts.keep[0].statuses.size(), 2U);
  ASSERT_TRUE(config->admin);
  EXPECT_EQ(config->admin->write, AdminConfig().write);
  EXPECT_EQ(text(*config->admin->address), "127.0.0.1:8102");
  EXPECT_EQ(config->routes[4].name, "/echo");
  ASSERT_EQ(config->routes.size(), 8U);
  EXPECT_EQ(config->routes[7].connect->targets.size(), 2U);
  const RouteConfig& route = config->routes[6];
  ASSERT_TRUE(route.proxy);
  EXPECT_EQ(route.switch_tokens, std::vector<std::string>{"websocket"});
  EXPECT_EQ(route.proxy->idle, ProxyConfig().idle);
  EXPECT_EQ(route.proxy->lifetime, ProxyConfig().lifetime);
  EXPECT_EQ(route.proxy->half_close, ProxyConfig().half_close);
  EXPECT_EQ(route.proxy->connect_timeout, ProxyConfig().connect_timeout);
  EXPECT_EQ(route.proxy->answer_timeout, ProxyConfig().answer_timeout);
  EXPECT_EQ(route.proxy->upgrade_timeout, ProxyConfig().upgrade_timeout);
  EXPECT_EQ(route.proxy->host, ProxyConfig().host);
}

TEST(Example, NamesEveryLimit) {
  const auto config = parse_config("[limits]\nxyzzyxyzzy = 1\n", "f", {.listeners_required = false});
  ASSERT_FALSE(config);
  const std::string& message = config.error().at(0).message;  // "unknown key ...; known here: a, b, c"
  const std::string marker = "known here: ";
  ASSERT_NE(message.find(marker), std::string::npos) << message;
  std::istringstream names(message.substr(message.find(marker) + marker.size()));
  std::size_t count = 0;
  for (std::string name; names >> name; ++count) {
    if (name.ends_with(',')) name.pop_back();
    EXPECT_NE(example().find("\n# " + name + " = "), std::string::npos) << name;
  }
  EXPECT_GT(count, 20U);
}

}  // namespace
}  // namespace turnout
