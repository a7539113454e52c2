#include "codec/http/fields.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace turnout {
namespace {

std::vector<std::string> members_of(std::string_view list) {
  std::vector<std::string> members;
  for_each_member(list, [&](std::string_view member) {
    members.emplace_back(member);
    return true;
  });
  return members;
}

TEST(FieldList, KeepsOrderAndRepeatedFields) {
  FieldList fields;
  fields.add("A", "1");
  fields.add("b", "");
  fields.add("a", "2");
  ASSERT_EQ(fields.size(), 3u);
  EXPECT_EQ(fields[0].name, "A");
  EXPECT_EQ(fields[2].value, "2");
  EXPECT_EQ(fields.find("A"), "1");
  EXPECT_EQ(fields.find("B"), "");
  EXPECT_EQ(fields.find("c"), std::nullopt);
  EXPECT_EQ(fields.count("a"), 2u);
  EXPECT_EQ(fields.count("c"), 0u);
}

TEST(FieldList, SetReplacesEveryFieldOfTheName) {
  FieldList fields;
  fields.add("A", "1");
  fields.add("B", "2");
  fields.add("a", "3");
  fields.set("A", "4");
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[0].name, "B");
  EXPECT_EQ(fields.find("a"), "4");
  fields.remove("b");
  EXPECT_FALSE(fields.has("B"));
}

TEST(FieldList, SurvivesGrowthCopyAndMove) {
  FieldList fields;
  for (int i = 0; i < 1000; ++i)
    fields.add("name-" + std::to_string(i), std::string(20, static_cast<char>('a' + i % 26)));
  const FieldList copy = fields;
  const FieldList moved = std::move(fields);
  for (const FieldList* list : {&copy, &moved}) {
    ASSERT_EQ(list->size(), 1000u);
    EXPECT_EQ(list->find("NAME-999"), std::string(20, static_cast<char>('a' + 999 % 26)));
  }
}

TEST(FieldList, TokensOverAllFieldsOfAName) {
  FieldList fields;
  fields.add("Connection", "keep-alive, , Upgrade");
  fields.add("connection", "HTTP2-Settings");
  EXPECT_TRUE(fields.has_token("CONNECTION", "upgrade"));
  EXPECT_TRUE(fields.has_token("connection", "http2-settings"));
  EXPECT_FALSE(fields.has_token("connection", "keep"));
  EXPECT_FALSE(fields.has_token("connection", ""));
  EXPECT_FALSE(fields.has_token("upgrade", "upgrade"));
}

// RFC 9110 section 5.6.1.2: empty members are tolerated.
TEST(FieldList, MembersOfAList) {
  EXPECT_EQ(members_of("a"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(members_of(" a ,\tb c,, ,d,"), (std::vector<std::string>{"a", "b c", "d"}));
  EXPECT_TRUE(members_of("").empty());
  EXPECT_TRUE(members_of(" , \t,").empty());
  int calls = 0;
  for_each_member("a,b,c", [&](std::string_view) { return ++calls < 2; });
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace turnout
