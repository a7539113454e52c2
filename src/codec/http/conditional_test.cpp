#include "codec/http/conditional.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace turnout {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view before = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view modified = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view after = "Sun, 06 Nov 1994 08:49:38 GMT";
constexpr std::chrono::sys_seconds modified_time{784111777s};
constexpr std::chrono::sys_seconds now = modified_time + 1h;
constexpr Validators current{"\"x\"", modified_time};

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

RequestHead request(const Fields& fields, std::string_view method = "GET") {
  RequestHead head;
  head.method = method;
  for (const auto& [name, value] : fields) head.fields.add(name, value);
  return head;
}

Precondition evaluate(const Fields& fields, std::string_view method = "GET") {
  return evaluate_preconditions(request(fields, method), current, now);
}

constexpr auto holds = Precondition::holds;
constexpr auto not_modified = Precondition::not_modified;
constexpr auto failed = Precondition::failed;

TEST(Conditional, NoneHolds) {
  EXPECT_EQ(evaluate({}), holds);
}

TEST(Conditional, IfMatchComparesStrongly) {
  EXPECT_EQ(evaluate({{"If-Match", "\"x\""}}), holds);
  EXPECT_EQ(evaluate({{"If-Match", "*"}}), holds);
  EXPECT_EQ(evaluate({{"If-Match", "\"a\", \"x\""}}), holds);
  EXPECT_EQ(evaluate({{"If-Match", "\"a\""}, {"If-Match", "\"x\""}}), holds);
  EXPECT_EQ(evaluate({{"If-Match", "\"y\""}}), failed);
  EXPECT_EQ(evaluate({{"If-Match", "W/\"x\""}}), failed);
  EXPECT_EQ(evaluate_preconditions(request({{"If-Match", "W/\"x\""}}), {"W/\"x\"", modified_time}, now), failed);
}

TEST(Conditional, IfNoneMatchComparesWeakly) {
  EXPECT_EQ(evaluate({{"If-None-Match", "\"x\""}}), not_modified);
  EXPECT_EQ(evaluate({{"If-None-Match", "W/\"x\""}}), not_modified);
  EXPECT_EQ(evaluate({{"If-None-Match", "*"}}), not_modified);
  EXPECT_EQ(evaluate({{"If-None-Match", "\"y\""}}), holds);
  EXPECT_EQ(evaluate({{"If-None-Match", ",, \"y\" ,\t\"x\","}}), not_modified);
  EXPECT_EQ(evaluate({{"If-None-Match", "\"x\""}}, "HEAD"), not_modified);
  EXPECT_EQ(evaluate({{"If-None-Match", "\"x\""}}, "PUT"), failed);
}

TEST(Conditional, ATagMayHoldAComma) {
  const Validators comma{"\"a,b\"", modified_time};
  EXPECT_EQ(evaluate_preconditions(request({{"If-None-Match", "\"z\", \"a,b\""}}), comma, now), not_modified);
  EXPECT_EQ(evaluate_preconditions(request({{"If-None-Match", "\"a\", \"b\""}}), comma, now), holds);
}

TEST(Conditional, WhatIsNoTagMatchesNothing) {
  for (const std::string_view text :
       {"x", "\"x", "x\"", "\"", "", "W/x", "w/\"x\"", "\"x\"\"x\"", "\"y\" \"x\"", "W/"}) {
    EXPECT_EQ(evaluate({{"If-None-Match", text}}), holds) << text;
    EXPECT_EQ(evaluate({{"If-Match", text}}), failed) << text;
  }
}

TEST(Conditional, Dates) {
  EXPECT_EQ(evaluate({{"If-Modified-Since", modified}}), not_modified);
  EXPECT_EQ(evaluate({{"If-Modified-Since", after}}), not_modified);
  EXPECT_EQ(evaluate({{"If-Modified-Since", before}}), holds);
  EXPECT_EQ(evaluate({{"If-Modified-Since", after}}, "POST"), holds);
  EXPECT_EQ(evaluate({{"If-Unmodified-Since", modified}}), holds);
  EXPECT_EQ(evaluate({{"If-Unmodified-Since", after}}), holds);
  EXPECT_EQ(evaluate({{"If-Unmodified-Since", before}}), failed);
}

TEST(Conditional, WhatIsNoSingleDateIsIgnored) {
  EXPECT_EQ(evaluate({{"If-Modified-Since", "yesterday"}}), holds);
  EXPECT_EQ(evaluate({{"If-Unmodified-Since", "0"}}), holds);
  EXPECT_EQ(evaluate({{"If-Modified-Since", after}, {"If-Modified-Since", after}}), holds);
}

// RFC 9110 section 13.2.2, steps 1 to 4: tags stand above dates, and If-Match above If-None-Match.
TEST(Conditional, Order) {
  EXPECT_EQ(evaluate({{"If-Match", "\"x\""}, {"If-Unmodified-Since", before}}), holds);
  EXPECT_EQ(evaluate({{"If-Match", "\"y\""}, {"If-None-Match", "\"x\""}}), failed);
  EXPECT_EQ(evaluate({{"If-Match", "\"x\""}, {"If-None-Match", "\"x\""}}), not_modified);
  EXPECT_EQ(evaluate({{"If-Unmodified-Since", before}, {"If-None-Match", "\"x\""}}), failed);
  EXPECT_EQ(evaluate({{"If-None-Match", "\"y\""}, {"If-Modified-Since", after}}), holds);
  EXPECT_EQ(evaluate({{"If-None-Match", "\"x\""}, {"If-Modified-Since", before}}), not_modified);
}

TEST(Conditional, IfRange) {
  const auto check = [](const Fields& fields) { return if_range_holds(request(fields), current, now); };
  EXPECT_TRUE(check({}));
  EXPECT_TRUE(check({{"If-Range", "\"x\""}}));
  EXPECT_FALSE(check({{"If-Range", "\"y\""}}));
  EXPECT_FALSE(check({{"If-Range", "W/\"x\""}}));
  EXPECT_FALSE(check({{"If-Range", "\"x\", \"y\""}}));
  EXPECT_FALSE(check({{"If-Range", "x"}}));
  EXPECT_FALSE(check({{"If-Range", ""}}));
  EXPECT_TRUE(check({{"If-Range", modified}}));
  EXPECT_FALSE(check({{"If-Range", after}})) << "only the same date will do, not a later one";
  EXPECT_FALSE(check({{"If-Range", modified}, {"If-Range", modified}}));
  EXPECT_FALSE(if_range_holds(request({{"If-Range", modified}}), current, modified_time))
      << "within its second a date says too little";
}

}  // namespace
}  // namespace turnout
