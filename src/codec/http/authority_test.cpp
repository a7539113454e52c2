#include "codec/http/authority.h"

#include <gtest/gtest.h>

#include <string>

namespace turnout {
namespace {

TEST(Authority, HostAndPort) {
  struct Case {
    std::string_view text, host;
    int port;  // 0: none
  };
  constexpr Case good[] = {
      {"example.com", "example.com", 0},
      {"example.com:8101", "example.com", 8101},
      {"example.com:", "example.com", 0},
      {"example.com.", "example.com.", 0},
      {"127.0.0.1:80", "127.0.0.1", 80},
      {"a_b.internal", "a_b.internal", 0},
      {"caf%C3%A9", "caf%C3%A9", 0},
      {"a:65535", "a", 65535},
      {"a:1", "a", 1},
      {"[::1]", "[::1]", 0},
      {"[::1]:8443", "[::1]", 8443},
      {"[2001:db8::192.0.2.1]:1", "[2001:db8::192.0.2.1]", 1},
  };
  for (const Case& one : good) {
    const auto where = parse_authority(one.text);
    ASSERT_TRUE(where) << one.text;
    EXPECT_EQ(where->host, one.host);
    EXPECT_EQ(where->port.value_or(0), one.port) << one.text;
  }
}

TEST(SEC_S10, WhatIsNoHostAndPort) {
  constexpr std::string_view bad[] = {"",
                                      ":",
                                      ":80",
                                      "a:0",
                                      "a:65536",
                                      "a:99999",
                                      "a:100000",
                                      "a:8x",
                                      "a:-1",
                                      "a:+1",
                                      "a: 80",
                                      "a:80:80",
                                      "a b",
                                      " a",
                                      "a,b",
                                      "a.example, b.example",
                                      "user@a",
                                      "user:password@a",
                                      "a/",
                                      "a/b",
                                      "a?b",
                                      "a#b",
                                      "a\\b",
                                      "a%",
                                      "a%2",
                                      "a%zz",
                                      "a\tb",
                                      "caf\xc3\xa9",
                                      "[",
                                      "[]",
                                      "[::1",
                                      "::1",
                                      "[::1]x",
                                      "[::1]80",
                                      "[:::1]",
                                      "[1.2.3.4]",
                                      "[fe80::1%25eth0]",
                                      "[v1.a]",
                                      "<a>",
                                      "\"a\"",
                                      "a|b"};
  for (std::string_view text : bad) {
    EXPECT_FALSE(parse_authority(text)) << text;
  }
  EXPECT_FALSE(parse_authority(std::string_view("a\0b", 3)));
  EXPECT_FALSE(parse_authority(std::string_view("[::1\0]", 6)));
  EXPECT_FALSE(parse_authority("[" + std::string(1000, ':') + "]"));
}

}  // namespace
}  // namespace turnout
