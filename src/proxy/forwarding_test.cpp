#include "proxy/forwarding.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

RequestHead request(std::initializer_list<Field> fields = {}) {
  RequestHead head;
  head.method = "GET";
  head.target = "/app/a?b=1";
  head.authority = "example.com:8080";
  for (const Field field : fields) head.fields.add(field.name, field.value);
  return head;
}

ForwardHop from(std::string_view ip, bool is_trusted = false) {
  return {.client = *parse_ip(ip), .client_is_trusted = is_trusted, .upstream_authority = "backend:9000"};
}

TEST(Forwarding, SaysWhereARequestCameFrom) {
  const RequestHead onward = forward_request(request(), from("192.0.2.1"), {});
  EXPECT_EQ(onward.fields.find("x-forwarded-for"), "192.0.2.1");
  EXPECT_EQ(onward.fields.find("x-forwarded-proto"), "http");
  EXPECT_EQ(onward.fields.find("x-forwarded-host"), "example.com:8080");
  EXPECT_EQ(onward.fields.find("forwarded"), "for=192.0.2.1;proto=http;host=\"example.com:8080\"");
  EXPECT_EQ(onward.fields.find("via"), "1.1 turnout");
}

TEST(Forwarding, AnIpv6NodeIsQuoted) {
  RequestHead head = request();
  head.secure = true;
  head.version = HttpVersion::http2;
  const RequestHead onward = forward_request(head, from("2001:db8::1"), {});
  EXPECT_EQ(onward.fields.find("x-forwarded-for"), "2001:db8::1");
  EXPECT_EQ(onward.fields.find("forwarded"), "for=\"[2001:db8::1]\";proto=https;host=\"example.com:8080\"");
  EXPECT_EQ(onward.fields.find("via"), "2.0 turnout");
}

TEST(SEC_O7, OnlyATrustedProxyMaySayWhoWasBeforeIt) {
  const RequestHead told = request({{"X-Forwarded-For", "203.0.113.7"},
                                    {"X-Forwarded-Proto", "https"},
                                    {"Forwarded", "for=203.0.113.7"},
                                    {"X-Real-IP", "203.0.113.7"},
                                    {"Via", "1.0 far"}});
  const RequestHead untrusted = forward_request(told, from("192.0.2.1"), {});
  EXPECT_EQ(untrusted.fields.find("x-forwarded-for"), "192.0.2.1");
  EXPECT_EQ(untrusted.fields.find("x-forwarded-proto"), "http");
  EXPECT_FALSE(untrusted.fields.has("x-real-ip"));
  EXPECT_EQ(untrusted.fields.find("via"), "1.0 far, 1.1 turnout");
  const RequestHead trusted = forward_request(told, from("192.0.2.1", true), {});
  EXPECT_EQ(trusted.fields.find("x-forwarded-for"), "203.0.113.7, 192.0.2.1");
  EXPECT_EQ(trusted.fields.find("x-forwarded-proto"), "https");
  EXPECT_EQ(trusted.fields.find("forwarded"), "for=203.0.113.7, for=192.0.2.1;proto=http;host=\"example.com:8080\"");
}

TEST(Forwarding, PrefixHostAndFieldsByRule) {
  ForwardRules rules;
  rules.strip_prefix = "/app";
  rules.set = {{"X-Set", "1"}};
  rules.remove = {"X-Removed"};
  const RequestHead onward = forward_request(request({{"X-Removed", "x"}, {"X-Set", "0"}}), from("192.0.2.1"), rules);
  EXPECT_EQ(onward.target, "/a?b=1");
  EXPECT_EQ(onward.authority, "example.com:8080");
  EXPECT_FALSE(onward.fields.has("x-removed"));
  EXPECT_EQ(onward.fields.find("x-set"), "1");
  rules.host = ForwardRules::Host::upstream;
  EXPECT_EQ(forward_request(request(), from("192.0.2.1"), rules).authority, "backend:9000");
  rules.host = ForwardRules::Host::fixed;
  rules.fixed_host = "other";
  EXPECT_EQ(forward_request(request(), from("192.0.2.1"), rules).authority, "other");
}

TEST(Forwarding, OnlyAWholePrefixIsStripped) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"/app", "/"},        {"/app?x", "/?x"},    {"/app/", "/"},        {"/app/b/c", "/b/c"},
      {"/apple", "/apple"}, {"/other", "/other"}, {"/app%2f", "/app%2f"}};
  for (const auto& [before, after] : cases) {
    RequestHead head = request();
    head.target = before;
    ForwardRules rules;
    rules.strip_prefix = "/app";
    EXPECT_EQ(forward_request(head, from("192.0.2.1"), rules).target, after) << before;
  }
}

TEST(Forwarding, TrailersMayBeAskedForThroughUs) {
  const RequestHead onward = forward_request(request({{"TE", "trailers, deflate"}}), from("192.0.2.1"), {});
  EXPECT_EQ(onward.fields.find("te"), "trailers");
  EXPECT_FALSE(forward_request(request({{"TE", "deflate"}}), from("192.0.2.1"), {}).fields.has("te"));
}

TEST(SEC_U8, FieldsOfOneHopOfAnAnswerEndHere) {
  ResponseHead answer(200);
  answer.fields.add("Connection", "X-Secret, close");
  answer.fields.add("X-Secret", "1");
  answer.fields.add("Keep-Alive", "5");
  answer.fields.add("Upgrade", "h2c, websocket");
  answer.fields.add("Set-Cookie", "a=1");
  answer.fields.add("Set-Cookie", "b=2");
  const ResponseHead back = forward_response(answer, {});
  EXPECT_EQ(back.fields.size(), 3u);
  EXPECT_EQ(back.fields.count("set-cookie"), 2u);
  EXPECT_EQ(back.fields.find("upgrade"), "websocket");
  answer.fields.set("Upgrade", "h2, TLS/1.2, HTTP/2.0");
  EXPECT_FALSE(forward_response(answer, {}).fields.has("upgrade"));
}

}  // namespace
}  // namespace turnout
