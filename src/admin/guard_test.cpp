#include "admin/guard.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

RequestHead request(std::string_view authority, std::initializer_list<Field> fields = {}) {
  RequestHead head;
  head.method = "GET";
  head.target = "/metrics";
  head.authority = authority;
  for (const Field field : fields) head.fields.add(field.name, field.value);
  return head;
}

TEST(SEC_O3, OnlyLoopbackHostsAreAnswered) {
  for (const char* host : {"127.0.0.1:8102", "localhost:8102", "LOCALHOST:8102", "[::1]:8102", "127.9.9.9:8102"}) {
    EXPECT_FALSE(object_to_source(request(host), 8102)) << host;
  }
  for (const char* host : {"", "evil.example:8102", "127.0.0.1", "127.0.0.1:80", "localhost.evil.example:8102",
                           "127.0.0.1.evil.example:8102", "10.0.0.1:8102", "[::2]:8102", "localhost:8102:8102"}) {
    EXPECT_TRUE(object_to_source(request(host), 8102)) << host;
  }
}

TEST(SEC_O3, OtherOriginsAreTurnedAway) {
  const std::string_view ours = "127.0.0.1:8102";
  EXPECT_FALSE(object_to_source(request(ours, {{"Origin", "http://127.0.0.1:8102"}}), 8102));
  for (const char* origin : {"http://evil.example", "http://127.0.0.1", "http://127.0.0.1:80", "http://localhost:8102",
                             "https://127.0.0.1:8102", "null", ""}) {
    EXPECT_TRUE(object_to_source(request(ours, {{"Origin", origin}}), 8102)) << origin;
  }
}

TEST(SEC_O3, OtherSitesAreTurnedAwayWhereTheBrowserSaysSo) {
  const std::string_view ours = "127.0.0.1:8102";
  for (const char* site : {"same-origin", "none"}) {
    EXPECT_FALSE(object_to_source(request(ours, {{"Sec-Fetch-Site", site}}), 8102)) << site;
  }
  for (const char* site : {"cross-site", "same-site", "", "unheard-of"}) {
    EXPECT_TRUE(object_to_source(request(ours, {{"Sec-Fetch-Site", site}}), 8102)) << site;
  }
}

TEST(SEC_O3, TheUnixSocketIsForNoWebPage) {
  EXPECT_FALSE(object_to_source(request("turnout"), 0));
  EXPECT_TRUE(object_to_source(request("turnout", {{"Origin", "http://127.0.0.1"}}), 0));
}

TEST(SEC_O3, TheOneTimeUrlIsGoodOnce) {
  AdminCredentials credentials(8102, "");
  const std::string target = credentials.login_target();
  const std::string secret = target.substr(target.find('=') + 1);
  EXPECT_GE(secret.size(), 43u);
  EXPECT_FALSE(credentials.log_in("guess"));
  EXPECT_FALSE(credentials.log_in(""));
  const auto cookie = credentials.log_in(secret);
  ASSERT_TRUE(cookie);
  EXPECT_FALSE(credentials.log_in(secret));
  EXPECT_FALSE(credentials.log_in(""));

  const std::string pair = cookie->substr(0, cookie->find(';'));
  EXPECT_TRUE(credentials.knows(request("", {{"Cookie", pair}})));
  EXPECT_TRUE(credentials.knows(request("", {{"Cookie", "a=b; " + pair + "; c=d"}})));
  EXPECT_FALSE(credentials.knows(request("", {{"Cookie", pair + "x"}})));
  EXPECT_FALSE(credentials.knows(request("", {{"Cookie", pair.substr(0, pair.find('=') + 1)}})));
  EXPECT_FALSE(AdminCredentials(8102, "").knows(request("", {{"Cookie", pair}})));
  EXPECT_FALSE(credentials.knows(request("")));
}

TEST(SEC_O3, ABearerTokenHasToBeTheOneThatWasGiven) {
  const AdminCredentials credentials(8102, "0123456789abcdef0123456789abcdef");
  EXPECT_TRUE(credentials.knows(request("", {{"Authorization", "Bearer 0123456789abcdef0123456789abcdef"}})));
  EXPECT_TRUE(credentials.knows(request("", {{"authorization", "bearer 0123456789abcdef0123456789abcdef"}})));
  for (const char* value : {"Bearer", "Bearer ", "Bearer 0123", "Basic 0123456789abcdef0123456789abcdef", ""}) {
    EXPECT_FALSE(credentials.knows(request("", {{"Authorization", value}}))) << value;
  }
  EXPECT_FALSE(AdminCredentials(8102, "").knows(request("", {{"Authorization", "Bearer "}})));
}

TEST(AdminSecret, IsAnotherOneEachTime) {
  EXPECT_NE(new_secret(), new_secret());
}

}  // namespace
}  // namespace turnout
