#include "config/load_admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_text.h"

namespace turnout {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(LoadAdmin, AServerWithAConfigurationHasAnAdminSocket) {
  const Config config = loaded("");
  ASSERT_TRUE(config.admin);
  EXPECT_EQ(config.admin->socket, "");
  EXPECT_FALSE(config.admin->address);
  EXPECT_FALSE(config.admin->write);
}

TEST(LoadAdmin, ItCanBeSwitchedOff) {
  EXPECT_FALSE(loaded("[admin]\nenabled = false").admin);
}

TEST(LoadAdmin, AllOfItsKeys) {
  const Config config = loaded(R"([admin]
socket = "run/admin.sock"
address = "127.0.0.1:8102"
token_file = "admin.token"
write = true)",
                               "/etc/turnout/t.toml");
  ASSERT_TRUE(config.admin);
  EXPECT_EQ(config.admin->socket, "/etc/turnout/run/admin.sock");
  EXPECT_EQ(config.admin->token_file, "/etc/turnout/admin.token");
  EXPECT_EQ(text(*config.admin->address), "127.0.0.1:8102");
  EXPECT_TRUE(config.admin->write);
}

TEST(SEC_O3, TheAdminAddressIsOfThisMachine) {
  for (const char* address : {"0.0.0.0:8102", ":8102", "192.0.2.1:8102", "[::]:8102", "localhost:8102", "127.0.0.1"}) {
    EXPECT_THAT(problems("[admin]\naddress = \"" + std::string(address) + "\""),
                ElementsAre(HasSubstr("2:11: \"" + std::string(address) + "\" is no loopback address and port")));
  }
}

TEST(LoadAdmin, ATokenIsForAnAddress) {
  EXPECT_THAT(problems("[admin]\ntoken_file = \"t\""), ElementsAre(HasSubstr("\"token_file\" is for \"address\"")));
}

TEST(LoadAdmin, UnknownKeysAreNamed) {
  EXPECT_THAT(problems("[admin]\nwrit = true"), ElementsAre(HasSubstr("did you mean \"write\"")));
}

}  // namespace
}  // namespace turnout
