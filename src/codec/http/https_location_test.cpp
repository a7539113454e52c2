#include "codec/http/https_location.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

std::string location(const char* authority, const char* target, std::uint16_t port = 443) {
  RequestHead request;
  request.authority = authority;
  request.target = target;
  return https_location(request, port);
}

TEST(HttpsLocation, KeepsHostAndTarget) {
  EXPECT_EQ(location("example.com", "/a/b?c=%20d"), "https://example.com/a/b?c=%20d");
  EXPECT_EQ(location("example.com:8101", "/"), "https://example.com/");
  EXPECT_EQ(location("example.com:8101", "/", 8443), "https://example.com:8443/");
  EXPECT_EQ(location("[::1]:8101", "/", 8443), "https://[::1]:8443/");
}

TEST(HttpsLocation, NeedsAHostAndAPath) {
  EXPECT_EQ(location("", "/"), "");
  EXPECT_EQ(location("example.com", "*"), "");
  EXPECT_EQ(location("example.com", "example.com:443"), "");
}

}  // namespace
}  // namespace turnout
