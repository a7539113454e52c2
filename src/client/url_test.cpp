#include "client/url.h"

#include <gtest/gtest.h>

namespace turnout::client {
namespace {

struct Case {
  std::string_view text;
  bool secure;
  std::string_view host;
  std::uint16_t port;
  std::string_view authority;
  std::string_view target;
};

TEST(Url, Forms) {
  const Case cases[] = {
      {"http://example.com", false, "example.com", 80, "example.com", "/"},
      {"http://example.com/", false, "example.com", 80, "example.com", "/"},
      {"HTTP://Example.COM:80/A", false, "example.com", 80, "example.com", "/A"},
      {"http://example.com:8101/a?b=c&d=//e", false, "example.com", 8101, "example.com:8101", "/a?b=c&d=//e"},
      {"http://example.com?q", false, "example.com", 80, "example.com", "/?q"},
      {"http://example.com/a#b?c", false, "example.com", 80, "example.com", "/a"},
      {"http://example.com#b/c", false, "example.com", 80, "example.com", "/"},
      {"https://example.com", true, "example.com", 443, "example.com", "/"},
      {"https://example.com:80", true, "example.com", 80, "example.com:80", "/"},
      {"ws://example.com/chat", false, "example.com", 80, "example.com", "/chat"},
      {"wss://example.com/chat", true, "example.com", 443, "example.com", "/chat"},
      {"http://[::1]:8101/x", false, "::1", 8101, "[::1]:8101", "/x"},
      {"https://[2001:DB8::1]", true, "2001:db8::1", 443, "[2001:db8::1]", "/"},
      {"http://127.0.0.1:8101/%20", false, "127.0.0.1", 8101, "127.0.0.1:8101", "/%20"},
      {"localhost:8101/a", false, "localhost", 8101, "localhost:8101", "/a"},
      {"example.com/?to=http://other.example/", false, "example.com", 80, "example.com", "/?to=http://other.example/"},
      {"http://example.com:/", false, "example.com", 80, "example.com", "/"},
  };
  for (const Case& c : cases) {
    const auto url = parse_url(c.text);
    ASSERT_TRUE(url) << c.text << ": " << url.error();
    EXPECT_EQ(url->secure, c.secure) << c.text;
    EXPECT_EQ(url->host, c.host) << c.text;
    EXPECT_EQ(url->port, c.port) << c.text;
    EXPECT_EQ(url->authority, c.authority) << c.text;
    EXPECT_EQ(url->target, c.target) << c.text;
  }
}

TEST(Url, WhatCannotBeUnderstoodIsToldWithAWayOut) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "no host"},
      {"http://", "no host"},
      {"http:///path", "no host"},
      {"ftp://example.com/", "has to be http, https, ws or wss"},
      {"http://a b/", "the host has to be"},
      {"http://example.com/a b", "percent-encoded"},
      {"http://example.com/a\r\nHost: b", "percent-encoded"},
      {"http://example.com/\xc3\xa4", "percent-encoded"},
      {"http://ex\x1b[2Jample.com/", "the host has to be"},
      {"http://example.com:0/", "1 to 65535"},
      {"http://example.com:65536/", "1 to 65535"},
      {"http://example.com:8x/", "1 to 65535"},
      {"http://[::1/", "[IPv6]"},
      {"http://[fe80::1%25eth0]/", "[IPv6]"},
      {"http://::1/", "[IPv6]"},
      {"http://a,b/", "the host has to be"},
      {"http://a%2eb/", "the host has to be"},
  };
  for (const auto& [text, expected] : cases) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_NE(url.error().find(expected), std::string::npos) << text << ": " << url.error();
    EXPECT_EQ(url.error().find('\x1b'), std::string::npos) << "nothing of it may steer the terminal";
  }
}

TEST(Url, UserInformationIsRefusedAndNotRepeated) {
  const auto url = parse_url("http://alice:secret@example.com/");
  ASSERT_FALSE(url);
  EXPECT_NE(url.error().find("leave it out"), std::string::npos);
  EXPECT_EQ(url.error().find("secret"), std::string::npos);
  EXPECT_TRUE(parse_url("http://example.com/@a")) << "an @ in the path is no user information";
}

TEST(Url, ALongOneIsRefused) {
  EXPECT_TRUE(parse_url("http://a/" + std::string(8000, 'x')));
  EXPECT_FALSE(parse_url("http://a/" + std::string(9000, 'x')));
}

TEST(Url, ItsPlaceHasAPort) {
  EXPECT_EQ(parse_url("http://[::1]/")->place(), "[::1]:80");
  EXPECT_EQ(parse_url("wss://a/")->place(), "a:443");
}

}  // namespace
}  // namespace turnout::client
