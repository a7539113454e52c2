#include "codec/http/host.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

TEST(Host, PortAndFinalDotDoNotCount) {
  EXPECT_EQ(host_of("example.com"), "example.com");
  EXPECT_EQ(host_of("example.com:8080"), "example.com");
  EXPECT_EQ(host_of("example.com."), "example.com");
  EXPECT_EQ(host_of("example.com.:8080"), "example.com");
  EXPECT_EQ(host_of("[::1]:8101"), "[::1]");
  EXPECT_EQ(host_of("[::1]"), "[::1]");
  EXPECT_EQ(host_of(""), "");
  EXPECT_EQ(host_of("."), ".");
}

TEST(Host, PatternsAreLowerCase) {
  EXPECT_EQ(parse_host_pattern("Example.COM"), "example.com");
  EXPECT_EQ(parse_host_pattern("*.Example.com"), "*.example.com");
  EXPECT_EQ(parse_host_pattern("localhost"), "localhost");
  EXPECT_EQ(parse_host_pattern("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(parse_host_pattern("[::1]"), "[::1]");
  EXPECT_EQ(parse_host_pattern("xn--bcher-kva.example"), "xn--bcher-kva.example");
}

TEST(Host, RefusesWhatNoRequestCanHave) {
  for (std::string_view bad : {"", "*", "*.", "*example.com", "a.*.com", "**.example.com", "example.com:80",
                               "http://example.com", "example.com/", "example.com.", ".example.com", "a..b",
                               "b\xc3\xbc"
                               "cher.example",
                               "a b", "[::1", "[example]", "[::1]:80", "::1"}) {
    EXPECT_FALSE(parse_host_pattern(bad)) << bad;
  }
  EXPECT_FALSE(parse_host_pattern(std::string(64, 'a') + ".com"));
  std::string long_name = "a";
  for (int i = 0; i < 130; ++i) long_name += ".a";
  EXPECT_FALSE(parse_host_pattern(long_name));
}

}  // namespace
}  // namespace turnout
