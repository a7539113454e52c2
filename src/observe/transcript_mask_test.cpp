#include "observe/transcript_mask.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

std::string masked_url(std::string_view text, const TranscriptMask& mask = {}) {
  std::string out;
  mask.append_url(text, out);
  return out;
}

std::string masked_value(std::string_view name, std::string_view value, const TranscriptMask& mask = {}) {
  std::string out;
  mask.append_value(name, value, out);
  return out;
}

TEST(TranscriptMask, WhatIsNoSecretIsShown) {
  for (const std::string_view text : {"/", "*", "/chat", "/chat?room=7&name=ann", "example.com:443", "/a?b",
                                      "/a?b=", "http://example.com/a;v=1/b?q=%20x#top", "//", "/%zz?%zz=%z&a=%"}) {
    EXPECT_EQ(masked_url(text), text);
  }
  EXPECT_EQ(masked_value("User-Agent", "Mozilla/5.0 (X11; rv=3)"), "Mozilla/5.0 (X11; rv=3)");
  EXPECT_EQ(masked_value("Sec-WebSocket-Protocol", "chat, graphql-ws"), "chat, graphql-ws");
  EXPECT_EQ(masked_value("Host", "example.com:8080"), "example.com:8080");
  EXPECT_EQ(masked_value("From", "ann@example.com"), "ann@example.com")
      << "that is an address and no user with a password";
}

TEST(TranscriptMask, SEC_O9_CredentialsAndCookies) {
  for (const std::string_view name :
       {"Authorization", "proxy-authorization", "COOKIE", "Set-Cookie", "Sec-WebSocket-Key", "X-Auth-Token",
        "X-Api-Key", "X-CSRF-Token", "X-Hub-Signature", "X-Client-Secret", "CF-Access-JWT-Assertion", "X-Password"}) {
    EXPECT_EQ(masked_value(name, "abcdefghijklmnopqrstuvwx"), "[masked, 24 bytes]") << name;
  }
  EXPECT_EQ(masked_value("Cookie", "a"), "[masked, 1 byte]");
  EXPECT_EQ(masked_value("Cookie", ""), "");
  EXPECT_EQ(masked_value("X-Anything", "Bearer abc"), "[masked, 10 bytes]");
  EXPECT_EQ(masked_value("X-Anything", "basic YTpi"), "[masked, 10 bytes]");
  EXPECT_EQ(masked_value("X-Anything", "eyJhbGciOiJub25lIn0.e30."), "[masked, 24 bytes]");
}

TEST(TranscriptMask, SEC_O9_QueryParameters) {
  for (const std::string name : {"token",
                                 "access_token",
                                 "id_token",
                                 "refresh_token",
                                 "key",
                                 "api_key",
                                 "apikey",
                                 "password",
                                 "passwd",
                                 "secret",
                                 "code",
                                 "signature",
                                 "sig",
                                 "auth",
                                 "jwt",
                                 "session",
                                 "sid",
                                 "TOKEN",
                                 "accessToken",
                                 "x-amz-signature",
                                 "client_secret",
                                 "t%6fken",
                                 "%74%6F%6b%65%6e",
                                 "user[password]",
                                 "login.token",
                                 "token[]",
                                 "a%5Btoken%5D"}) {
    EXPECT_EQ(masked_url("/a?" + name + "=abc&room=7"), "/a?" + name + "=[masked, 3 bytes]&room=7") << name;
    EXPECT_EQ(masked_url("/a?room=7;" + name + "=abc"), "/a?room=7;" + name + "=[masked, 3 bytes]") << name;
  }
  for (const std::string name : {"tokens", "monkey", "room", "codec", "tok%2", "%"}) {
    EXPECT_EQ(masked_url("/a?" + name + "=abc"), "/a?" + name + "=abc");
  }
  EXPECT_EQ(masked_url("/a?token=a?b/c;d=e,f&x=1"), "/a?token=[masked, 11 bytes]&x=1") << "all that may belong to it";
  EXPECT_EQ(masked_url("/a?token=a&token=bc"), "/a?token=[masked, 1 byte]&token=[masked, 2 bytes]");
  EXPECT_EQ(masked_url("/a#access_token=abc"), "/a#access_token=[masked, 3 bytes]");
  EXPECT_EQ(masked_url("/a;jsessionid=abc/b"), "/a;jsessionid=[masked, 3 bytes]/b");
  EXPECT_EQ(masked_url("/a?v=eyJhbGciOi.x&y=1"), "/a?v=[masked, 12 bytes]&y=1") << "a JWT by whatever name";
  EXPECT_EQ(masked_url("/a?eyJhbGciOi.x"), "/a?[masked, 12 bytes]");
}

TEST(TranscriptMask, SEC_O9_UrlsInsideOfParameters) {
  EXPECT_EQ(masked_url("/in?next=/a?token=abc"), "/in?next=/a?token=[masked, 3 bytes]");
  EXPECT_EQ(masked_url("/in?next=%2Fa%3Ftoken%3Dabc&b=1"), "/in?next=[masked, 18 bytes]&b=1");
  EXPECT_EQ(masked_url("/in?next=https%3A%2F%2Fann:pw%40h%2F"), "/in?next=[masked, 27 bytes]");
  EXPECT_EQ(masked_url("/in?next=%2Fa%3Froom%3D7"), "/in?next=%2Fa%3Froom%3D7");
}

TEST(TranscriptMask, SEC_O9_UsersAndPasswordsInUrls) {
  EXPECT_EQ(masked_url("http://ann:s3cret@example.com/a"), "http://[masked, 10 bytes]@example.com/a");
  EXPECT_EQ(masked_url("//ann:p@ss@example.com/a"), "//[masked, 8 bytes]@example.com/a");
  EXPECT_EQ(masked_url("ann:s3cret@db.internal:5432"), "[masked, 10 bytes]@db.internal:5432");
  EXPECT_EQ(masked_url("/a?to=http://ann:s3cret@example.com/"), "/a?to=http://[masked, 10 bytes]@example.com/");
  EXPECT_EQ(masked_value("Link", "<https://a:b@h/x>; rel=\"next\""), "<https://[masked, 3 bytes]@h/x>; rel=\"next\"");
  EXPECT_EQ(masked_url("http://example.com/@ann"), "http://example.com/@ann");
}

TEST(TranscriptMask, SEC_O9_FieldsWithUrlsOrParameters) {
  EXPECT_EQ(masked_value("Referer", "https://ann:x@h/a?code=abc#sid=d"),
            "https://[masked, 5 bytes]@h/a?code=[masked, 3 bytes]#sid=[masked, 1 byte]");
  EXPECT_EQ(masked_value("Location", "/b?state=1&id_token=abc"), "/b?state=1&id_token=[masked, 3 bytes]");
  EXPECT_EQ(masked_value("X-Original-URL", "/b?token=abc"), "/b?token=[masked, 3 bytes]");
  EXPECT_EQ(masked_value("Refresh", "5; url=http://h/?token=abc"), "5; url=http://h/?token=[masked, 3 bytes]");
  EXPECT_EQ(masked_value("X-Login", "user=ann, token=ab/cd=="), "user=ann, token=[masked, 7 bytes]");
  EXPECT_EQ(masked_value("X-Login", "token=\"a, b\"; x=1"), "token=[masked, 5 bytes]\"; x=1");
}

TEST(TranscriptMask, SEC_O9_TokensAmongSubprotocols) {
  const std::string_view name = "Sec-WebSocket-Protocol";
  EXPECT_EQ(masked_value(name, "base64url.bearer.authorization.k8s.io.YWJj, v4.channel.k8s.io"),
            "base64url.bearer.authorization.k8s.io.[masked, 4 bytes], v4.channel.k8s.io");
  EXPECT_EQ(masked_value(name, "chat,  " + std::string(65, 'a')), "chat,  [masked, 65 bytes]");
  EXPECT_EQ(masked_value(name, std::string(64, 'a')), std::string(64, 'a'));
  EXPECT_EQ(masked_value(name, "access_token, abc, chat"), "access_token, [masked, 3 bytes], chat");
  EXPECT_EQ(masked_value(name, "Bearer,,abc"), "Bearer,,[masked, 3 bytes]");
  EXPECT_EQ(masked_value(name, "chat, eyJhbGci"), "chat, [masked, 8 bytes]");
}

TEST(TranscriptMask, SEC_O9_WhatThePolicyNames) {
  TranscriptPolicy policy;
  policy.mask_fields = {"x-customer"};
  policy.mask_query = {"ticket", "user.id"};
  const TranscriptMask mask(policy);
  EXPECT_EQ(masked_value("X-Customer", "7", mask), "[masked, 1 byte]");
  EXPECT_EQ(masked_url("/a?Ticket=1&user%2Eid=23", mask), "/a?Ticket=[masked, 1 byte]&user%2Eid=[masked, 2 bytes]");
  EXPECT_EQ(masked_value("Referer", "/a?%54icket=1", mask), "/a?%54icket=[masked, 1 byte]");
  EXPECT_EQ(masked_url("/a?token=1", mask), "/a?token=[masked, 1 byte]") << "besides the others";
}

TEST(TranscriptMask, SEC_O9_WhatIsLongIsCutAndHidesNothingLess) {
  const std::string cut = masked_url("/" + std::string(5000, 'a'));
  EXPECT_EQ(cut, "/" + std::string(TranscriptMask::text_bytes_max - 1, 'a') + "[cut, 5001 bytes]");
  const std::string secret(5000, 's');
  EXPECT_EQ(masked_url("/?token=" + secret), "/?token=[masked, 5000 bytes]");
  EXPECT_EQ(masked_url("http://ann:" + secret + "@h/"), "http://[masked, 5004 bytes]@h/");
  EXPECT_EQ(masked_value("Sec-WebSocket-Protocol", "chat, " + secret), "chat, [masked, 5000 bytes]");
  EXPECT_EQ(masked_url("/?" + std::string(500, 'n') + "=secret"), "/?" + std::string(500, 'n') + "=[masked, 6 bytes]")
      << "a name that long is nobody's";
}

TEST(TranscriptMask, SEC_O9_TheWorkIsLinear) {
  // Each would take minutes if something were looked at again for each of its parts.
  for (const std::string_view part : {"&a=%", ";a=%3d", "?=", "%3Ftoken", "//", "://@", "=", "[", "a.", "&token=\""}) {
    std::string text = "/?";
    while (text.size() < 4 * 1024 * 1024) text += part;
    EXPECT_LE(masked_url(text).size(), TranscriptMask::text_bytes_max + 64) << part;
    EXPECT_LE(masked_value("Sec-WebSocket-Protocol", text).size(), TranscriptMask::text_bytes_max + 64) << part;
    EXPECT_LE(masked_value("Forwarded", text).size(), TranscriptMask::text_bytes_max + 64) << part;
  }
}

}  // namespace
}  // namespace turnout
