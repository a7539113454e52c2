#include "codec/http/date.h"

#include <gtest/gtest.h>

#include <string>

namespace turnout {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr sys_seconds example{784111777s};
constexpr sys_seconds now = sys_days(std::chrono::July / 1 / 2026) + 12h;

TEST(HttpDate, TheThreeFormsOfTheSameTime) {
  EXPECT_EQ(as_text(format_date(example)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(parse_date("Sun, 06 Nov 1994 08:49:37 GMT", now), example);
  EXPECT_EQ(parse_date("Sunday, 06-Nov-94 08:49:37 GMT", now), example);
  EXPECT_EQ(parse_date("Sun Nov  6 08:49:37 1994", now), example);
}

TEST(HttpDate, BackAndForth) {
  for (sys_seconds time : {sys_seconds(0s), sys_seconds(-1s), sys_seconds(951'782'400s), now,
                           sys_seconds(sys_days(std::chrono::February / 29 / 2024)) + 24h - 1s,
                           sys_seconds(sys_days(std::chrono::December / 31 / 9999))}) {
    const HttpDate text = format_date(time);
    EXPECT_EQ(parse_date(as_text(text), now), time) << as_text(text);
  }
}

TEST(HttpDate, TimesOutsideTheFourDigitsAreBroughtInside) {
  EXPECT_EQ(as_text(format_date(sys_days(std::chrono::January / 1 / 12000))), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(as_text(format_date(sys_days(std::chrono::January / 1 / -5))), "Sat, 01 Jan 0000 00:00:00 GMT");
}

// RFC 9110 section 5.6.7: a year that seems to be more than 50 years ahead is in the past.
TEST(HttpDate, TwoDigitYears) {
  EXPECT_EQ(parse_date("Friday, 03-Jan-76 00:00:00 GMT", now), sys_days(std::chrono::January / 3 / 2076));
  EXPECT_EQ(parse_date("Monday, 03-Jan-77 00:00:00 GMT", now), sys_days(std::chrono::January / 3 / 1977));
}

TEST(HttpDate, WhatIsNoDate) {
  for (std::string_view text : {"",
                                "now",
                                "Sun, 06 Nov 1994 08:49:37",
                                "Sun, 06 Nov 1994 08:49:37 UTC",
                                "Sun, 06 Nov 1994 08:49:37 GMT ",
                                " Sun, 06 Nov 1994 08:49:37 GMT",
                                "Sun, 6 Nov 1994 08:49:37 GMT",
                                "Sun, 06 nov 1994 08:49:37 GMT",
                                "Xyz, 06 Nov 1994 08:49:37 GMT",
                                "Sun, 31 Nov 1994 08:49:37 GMT",
                                "Sun, 00 Nov 1994 08:49:37 GMT",
                                "Wed, 29 Feb 2023 00:00:00 GMT",
                                "Sun, 06 Nov 1994 24:00:00 GMT",
                                "Sun, 06 Nov 1994 08:60:00 GMT",
                                "Sun, 06 Nov 1994 08:49:61 GMT",
                                "Sun, 06 Nov 94 08:49:37 GMT",
                                "Sun, 06 Nov 19940 08:49:37 GMT",
                                "Sun, 06 Nov -994 08:49:37 GMT",
                                "Sun Nov 6 08:49:37 1994",
                                "Sun Nov  6 08:49:37 1994 GMT",
                                "Sunday, 06-Nov-1994 08:49:37 GMT",
                                "784111777"}) {
    EXPECT_FALSE(parse_date(text, now)) << text;
  }
  const std::string whole = "Sun, 06 Nov 1994 08:49:37 GMT";
  for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_FALSE(parse_date(whole.substr(0, n), now)) << n;
}

}  // namespace
}  // namespace turnout
