#include "config/upstream_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turnout {
namespace {

using testing::HasSubstr;
using Speaks = UpstreamServerConfig::Speaks;

UpstreamServerConfig server(std::string_view text, const std::string& folder = "") {
  auto parsed = parse_upstream_server(text, folder);
  if (parsed) return std::move(*parsed);
  ADD_FAILURE() << text << ": " << parsed.error();
  return {};
}

TEST(UpstreamServer, SaysWhatIsSpokenThere) {
  const UpstreamServerConfig http = server("http://10.0.0.1:9000");
  EXPECT_EQ(http.speaks, Speaks::http1);
  EXPECT_FALSE(http.tls);
  EXPECT_FALSE(http.is_unix());
  EXPECT_EQ(http.text, "http://10.0.0.1:9000");
  EXPECT_EQ(http.host, "10.0.0.1");
  EXPECT_EQ(http.port, 9000);
  const UpstreamServerConfig h2c = server("h2c://10.0.0.1:9000");
  EXPECT_EQ(h2c.speaks, Speaks::http2);
  EXPECT_FALSE(h2c.tls);
  const UpstreamServerConfig https = server("HTTPS://App.Internal");
  EXPECT_EQ(https.speaks, Speaks::http1);
  EXPECT_TRUE(https.tls);
  EXPECT_EQ(https.host, "app.internal");
  EXPECT_EQ(https.port, 443);
  EXPECT_EQ(server("http://localhost").port, 80);
  EXPECT_EQ(server("h2c://localhost").port, 80);
}

TEST(UpstreamServer, HostsAreNamesOrAddresses) {
  EXPECT_EQ(server("http://[2001:DB8::1]:81").host, "2001:db8::1");
  EXPECT_EQ(server("http://[2001:DB8::1]:81").port, 81);
  EXPECT_EQ(server("http://app_1.my-host").host, "app_1.my-host");
  for (const std::string_view bad :
       {"http://",        "http://:80",     "http://10.0.0.256",    "http://10.1",  "http://10",
        "http://a..b",    "http://a.",      "http://*.example.com", "http://a:",    "http://a:0",
        "http://a:65536", "http://a:80:80", "http://::1",           "http://[::1",  "http://[::g]",
        "http://a b",     "http://a,b",     "http://a%41",          "http://a\r\n", "http://\xc3\xa4"}) {
    EXPECT_FALSE(parse_upstream_server(bad, "")) << bad;
  }
}

TEST(UpstreamServer, UnixSocketsAreBelowTheFolder) {
  EXPECT_EQ(server("unix:/run/chat.sock", "/etc").unix_path, "/run/chat.sock");
  EXPECT_EQ(server("unix:chat.sock", "/etc/turnout").unix_path, "/etc/turnout/chat.sock");
  EXPECT_EQ(server("unix:///run/chat.sock").unix_path, "/run/chat.sock");
  EXPECT_EQ(server("unix:../a.sock", "/etc/turnout").unix_path, "/etc/a.sock");
  const UpstreamServerConfig unix_server = server("unix:/run/chat.sock");
  EXPECT_TRUE(unix_server.is_unix());
  EXPECT_EQ(unix_server.speaks, Speaks::http1);
  EXPECT_EQ(unix_server.text, "unix:/run/chat.sock");
  EXPECT_TRUE(parse_upstream_server("unix:/" + std::string(106, 'a'), ""));
  EXPECT_FALSE(parse_upstream_server("unix:/" + std::string(107, 'a'), "")) << "as long as sun_path with its zero";
  EXPECT_FALSE(parse_upstream_server("unix:", ""));
  EXPECT_FALSE(parse_upstream_server(std::string_view("unix:/a\0b", 9), ""));
}

TEST(UpstreamServer, FaultsNameTheRemedy) {
  const auto fault = [](std::string_view text) {
    const auto parsed = parse_upstream_server(text, "");
    return parsed ? "none" : parsed.error();
  };
  EXPECT_THAT(fault("127.0.0.1:3000"), HasSubstr("begins with http://"));
  EXPECT_THAT(fault("ftp://a"), HasSubstr("begins with http://"));
  EXPECT_THAT(fault(""), HasSubstr("begins with http://"));
  EXPECT_THAT(fault("ws://a"), HasSubstr("write http://"));
  EXPECT_THAT(fault("wss://a"), HasSubstr("write https://"));
  EXPECT_THAT(fault("h2://a"), HasSubstr("http2 = true"));
  EXPECT_THAT(fault("http://a/"), HasSubstr("not even a final '/'"));
  EXPECT_THAT(fault("http://a/b"), HasSubstr("strip_prefix"));
  EXPECT_THAT(fault("http://a?b"), HasSubstr("query"));
  EXPECT_THAT(fault("http://a#b"), HasSubstr("query"));
  EXPECT_THAT(fault("http://me:secret@a"), HasSubstr("Authorization"));
  EXPECT_THAT(fault("http://10.1"), HasSubstr("not an IPv4 address"));
}

TEST(UpstreamServer, TargetsHaveHostAndPort) {
  EXPECT_EQ(parse_host_port("DB.example.com:5432"), (HostPort{"db.example.com", 5432}));
  EXPECT_EQ(parse_host_port("[::1]:22"), (HostPort{"::1", 22}));
  EXPECT_EQ(parse_host_port("192.0.2.1:22"), (HostPort{"192.0.2.1", 22}));
  for (const std::string_view bad : {"", "a", "a:", ":22", "a:0", "a:65536", "*:22", "*.example.com:22", "::1:22",
                                     "http://a:22", "a:22/", "u@a:22", "10.1:22"}) {
    EXPECT_FALSE(parse_host_port(bad)) << bad;
  }
}

}  // namespace
}  // namespace turnout
