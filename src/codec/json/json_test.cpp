#include "codec/json/json.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

TEST(JsonString, IsAsciiAlone) {
  EXPECT_EQ(json_string("plain"), R"("plain")");
  EXPECT_EQ(json_string("say \"\\\"\n\x7f"), R"("say \"\\\"\u000a\u007f")");
  EXPECT_EQ(json_string("caf\xc3\xa9 \xe2\x82\xac"), R"("caf\u00e9 \u20ac")");
  EXPECT_EQ(json_string("\xf0\x9f\x9a\x82"), R"("\ud83d\ude82")");
  EXPECT_EQ(json_string("\xe9t\xff"), R"("\u00e9t\u00ff")") << "no UTF-8: taken for Latin-1";
  EXPECT_EQ(json_string("\xc2\x9b"), R"("\u009b")");
}

TEST(JsonObject, JoinsItsMembers) {
  EXPECT_EQ(JsonObject().text("a", "b").number("n", -1).flag("f", true).raw("r", "[]").end(),
            R"({"a":"b","n":-1,"f":true,"r":[]})");
  EXPECT_EQ(JsonObject().end(), "{}");
}

}  // namespace
}  // namespace turnout
