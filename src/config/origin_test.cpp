#include "config/origin.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

TEST(Origin, AsBrowsersWriteIt) {
  EXPECT_EQ(parse_origin("https://example.com"), "https://example.com");
  EXPECT_EQ(parse_origin("HTTPS://Example.com:443"), "https://example.com");
  EXPECT_EQ(parse_origin("http://example.com:80"), "http://example.com");
  EXPECT_EQ(parse_origin("http://example.com:443"), "http://example.com:443");
  EXPECT_EQ(parse_origin("https://[::1]:8443"), "https://[::1]:8443");
  EXPECT_EQ(parse_origin("chrome-extension://abcdef"), "chrome-extension://abcdef");
  EXPECT_EQ(parse_origin("null"), "null");
}

TEST(Origin, RefusesWhatNoBrowserSends) {
  for (std::string_view bad :
       {"", "*", "any", "example.com", "https://", "https://example.com/", "https://example.com/a",
        "https://*.example.com", "https://example.com:", "https://example.com:99999", "https://user@example.com",
        "://example.com", "1s://example.com", "https//example.com"}) {
    EXPECT_FALSE(parse_origin(bad)) << bad;
  }
}

}  // namespace
}  // namespace turnout
