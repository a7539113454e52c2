#include "codec/http/upgrade.h"

#include <gtest/gtest.h>

#include <string>

namespace turnout {
namespace {

std::string parsed(std::initializer_list<std::string_view> values) {
  FieldList fields;
  for (const std::string_view value : values) fields.add("Upgrade", value);
  const auto tokens = parse_upgrade(fields);
  if (!tokens) return "ignored";
  std::string out;
  for (const UpgradeToken& token : *tokens) {
    out.append("[").append(token.name).append("|").append(token.version).append("]");
  }
  return out;
}

TEST(UpgradeGrammar, ListsKeepTheOrderOfTheClient) {
  EXPECT_EQ(parsed({}), "");
  EXPECT_EQ(parsed({"h2c"}), "[h2c|]");
  EXPECT_EQ(parsed({"HTTP/2.0"}), "[HTTP|2.0]");
  EXPECT_EQ(parsed({"foo, h2c"}), "[foo|][h2c|]");
  EXPECT_EQ(parsed({"TLS/1.2,TLS/1.1,TLS/1.0"}), "[TLS|1.2][TLS|1.1][TLS|1.0]");
  EXPECT_EQ(parsed({"a", "b/1, c"}), "[a|][b|1][c|]");
}

TEST(UpgradeGrammar, EmptyMembersAreTolerated) {
  EXPECT_EQ(parsed({" , ,h2c,\t,"}), "[h2c|]");
  EXPECT_EQ(parsed({""}), "");
}

TEST(UpgradeGrammar, AnOfferThatBreaksTheGrammarIsIgnored) {
  for (const std::string_view bad :
       {"h2c/", "/2.0", "HTTP/2/0", "web socket", "h2c;q=1", "\"h2c\"", "h2c\x01", "TLS/1 .2"}) {
    EXPECT_EQ(parsed({bad}), "ignored") << bad;
    EXPECT_EQ(parsed({"websocket", bad}), "ignored") << bad;
  }
}

TEST(SEC_U12, TooManyTokensAreIgnored) {
  std::string many = "t";
  for (std::size_t i = 1; i < upgrade_tokens_max; ++i) many += ",t";
  EXPECT_NE(parsed({many}), "ignored");
  EXPECT_EQ(parsed({many + ",t"}), "ignored");
}

}  // namespace
}  // namespace turnout
