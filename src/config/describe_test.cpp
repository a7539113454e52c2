#include "config/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_text.h"

namespace turnout {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(SEC_O9, TheConfigurationIsShownWithoutWhatOpensOtherServers) {
  const std::string shown = describe(loaded(R"(
[[upstream]]
name = "app"
servers = ["http://127.0.0.1:9000"]
health = { path = "/up?key=hidden1" }
[[route]]
proxy = { to = "app", set = { Authorization = "Bearer hidden2" }, set_response = { X-Secret = "hidden3" } }
[[route]]
match = { path = "/old" }
redirect = { to = "https://example.com/new?token=hidden4" }
[[route]]
match = { path = "/text" }
respond = { body = "hidden5", fields = { X-Key = "hidden6" } }
)"));
  EXPECT_THAT(shown, Not(HasSubstr("hidden")));
  EXPECT_THAT(shown, HasSubstr(R"("path":"/up?[masked]")"));
  EXPECT_THAT(shown, HasSubstr(R"("set":["Authorization"])"));
  EXPECT_THAT(shown, HasSubstr(R"("to":"https://example.com/new?[masked]")"));
}

TEST(Describe, HasDefaultsAndNames) {
  const std::string shown = describe(loaded("[[route]]\nname = \"chat\"\necho = {}\n[admin]\nwrite = true\n"));
  EXPECT_THAT(shown, HasSubstr(R"("name":"chat")"));
  EXPECT_THAT(shown, HasSubstr(R"("switch_tokens":["websocket"])"));
  EXPECT_THAT(shown, HasSubstr(R"("origins":"same")"));
  EXPECT_THAT(shown, HasSubstr(R"("linger":2000)"));
  EXPECT_THAT(shown, HasSubstr(R"("kept_bytes":262144)"));
  EXPECT_THAT(shown, HasSubstr(R"("write":true)"));
}

}  // namespace
}  // namespace turnout
