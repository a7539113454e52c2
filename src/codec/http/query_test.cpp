#include "codec/http/query.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

TEST(QueryParameters, AreDecoded) {
  const auto query = QueryParameters::parse("route=%2Fchat+room&force=1&&token=", {"route", "force", "token"});
  ASSERT_TRUE(query);
  EXPECT_EQ(query->find("route"), "/chat room");
  EXPECT_EQ(query->find("token"), "");
  EXPECT_TRUE(query->is_set("force"));
  EXPECT_FALSE(query->is_set("token"));
  EXPECT_EQ(query->find("id"), std::nullopt);
  EXPECT_TRUE(QueryParameters::parse("", {"route"}));
}

TEST(QueryParameters, AFlagMayBeSwitchedOff) {
  EXPECT_FALSE(QueryParameters::parse("force=0", {"force"})->is_set("force"));
  EXPECT_FALSE(QueryParameters::parse("force=false", {"force"})->is_set("force"));
}

// A filter that is misspelt would otherwise be no filter, and "close" would close everything.
TEST(QueryParameters, WhatIsNotKnownIsAnError) {
  const auto query = QueryParameters::parse("rout=chat", {"route", "id"});
  ASSERT_FALSE(query);
  EXPECT_EQ(query.error(), "the query has a parameter that is not known here; there are: route, id");
}

TEST(QueryParameters, TwiceIsAnError) {
  EXPECT_EQ(QueryParameters::parse("id=1&id=2", {"id"}).error(), "the query has \"id\" twice");
}

TEST(QueryParameters, BrokenEscapesAreErrors) {
  for (const char* query : {"id=%", "id=%4", "id=%4g", "%zz=1"}) {
    EXPECT_FALSE(QueryParameters::parse(query, {"id"})) << query;
  }
}

}  // namespace
}  // namespace turnout
