#include "protocols/http2/request_builder.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace turnout {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

const Limits limits;

std::expected<RequestHead, Http2Refusal> build(const Fields& fields, bool secure = false) {
  Http2RequestBuilder builder(limits, secure);
  for (const auto& [name, value] : fields) builder.add(name, value);
  return builder.finish();
}

Fields get(const Fields& more = {}, const std::string& path = "/") {
  Fields fields = {{":method", "GET"}, {":scheme", "http"}, {":authority", "example.com"}, {":path", path}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

int status_of(const Fields& fields, bool secure = false) {
  const auto head = build(fields, secure);
  return head ? 200 : head.error().status;
}

TEST(Http2Request, BecomesAHead) {
  const auto head = build({{":method", "POST"},
                           {":scheme", "http"},
                           {":authority", "Example.com:"},
                           {":path", "/a?b"},
                           {"user-agent", "x"},
                           {"content-length", "3"}});
  ASSERT_TRUE(head);
  EXPECT_EQ(head->version, HttpVersion::http2);
  EXPECT_EQ(head->method, "POST");
  EXPECT_EQ(head->authority, "example.com");
  EXPECT_EQ(head->path(), "/a");
  EXPECT_EQ(head->query(), "b");
  EXPECT_EQ(head->fields.size(), 2u);
  EXPECT_EQ(head->fields.find("content-length"), "3");
}

TEST(Http2Request, CrumbsOfACookieAreOneField) {
  const auto head = build(get({{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}}));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->fields.count("cookie"), 1u);
  EXPECT_EQ(head->fields.find("cookie"), "a=1; b=2");
}

TEST(Http2Request, SchemeFitsTheConnection) {
  const Fields https = {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}};
  EXPECT_EQ(status_of(https, true), 200);
  EXPECT_EQ(status_of(https, false), 421);
  EXPECT_EQ(status_of({{":method", "GET"}, {":scheme", "ftp"}, {":authority", "a"}, {":path", "/"}}), 400);
}

TEST(Http2Request, Targets) {
  EXPECT_EQ(status_of(get({}, "/a b")), 400);
  EXPECT_EQ(status_of(get({}, "/a#b")), 400);
  EXPECT_EQ(status_of(get({}, "/\xc3\xa4")), 400);
  EXPECT_EQ(status_of(get({}, "a")), 400);
  EXPECT_EQ(status_of(get({}, "*")), 400);
  EXPECT_EQ(status_of(get({}, "")), 400);
  EXPECT_EQ(status_of(get({}, "http://example.com/")), 400);
  EXPECT_EQ(status_of({{":method", "OPTIONS"}, {":scheme", "http"}, {":authority", "a"}, {":path", "*"}}), 200);
  EXPECT_EQ(status_of(get({}, "/" + std::string(8191 - 4, 'a'))), 200);
  EXPECT_EQ(status_of(get({}, "/" + std::string(9000, 'a'))), 414);
}

TEST(Http2Request, Methods) {
  const auto with_method = [](const std::string& method) {
    return status_of({{":method", method}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}});
  };
  EXPECT_EQ(with_method("PATCH"), 200);
  EXPECT_EQ(with_method("G ET"), 400);
  EXPECT_EQ(with_method(""), 400);
  EXPECT_EQ(with_method(std::string(33, 'A')), 501);
}

TEST(Http2Request, ConnectNamesHostAndPort) {
  const auto connect = [](const std::string& authority) {
    return status_of({{":method", "CONNECT"}, {":authority", authority}});
  };
  EXPECT_EQ(connect("example.com:443"), 200);
  EXPECT_EQ(connect("example.com"), 400);
  EXPECT_EQ(connect("example.com:"), 400);
  EXPECT_EQ(connect("example.com:65536"), 400);
  EXPECT_EQ(connect("user@example.com:443"), 400);
}

TEST(SEC_H9, AuthorityAndHostSayTheSame) {
  EXPECT_EQ(status_of(get({{"host", "example.com"}})), 200);
  EXPECT_EQ(status_of(get({{"host", "EXAMPLE.com:"}})), 200);
  EXPECT_EQ(status_of(get({{"host", "example.org"}})), 400);
  EXPECT_EQ(status_of(get({{"host", "example.com:81"}})), 400);
  EXPECT_EQ(status_of(get({{"host", ""}})), 400);
  const auto head = build({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "a.b"}});
  ASSERT_TRUE(head);
  EXPECT_EQ(head->authority, "a.b");
  EXPECT_FALSE(head->fields.has("host"));
}

TEST(SEC_H9, AnAuthorityIsNeeded) {
  EXPECT_EQ(status_of({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}), 400);
  for (const std::string authority : {"", "a,b", "u@a", "a:0", "a:99999", "[::1", "a b", "a/b"}) {
    EXPECT_EQ(status_of({{":method", "GET"}, {":scheme", "http"}, {":authority", authority}, {":path", "/"}}), 400)
        << authority;
  }
}

TEST(SEC_U13, PriIsNoMethod) {
  EXPECT_EQ(status_of({{":method", "PRI"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}}), 400);
}

TEST(SEC_S13, NamesWithUnderscoresAreLeftOut) {
  const auto head = build(get({{"x_forwarded_for", "1.2.3.4"}, {"x-a", "1"}}));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->fields.size(), 1u);
}

TEST(SEC_U1, Http2SettingsGoesNoFurther) {
  const auto head = build(get({{"http2-settings", "AAMAAABkAAQAoAAAAAIAAAAA"}}));
  ASSERT_TRUE(head);
  EXPECT_TRUE(head->fields.empty());
}

TEST(SEC_H4, EveryDecodedFieldCounts) {
  Fields few = get();
  while (few.size() < limits.fields_max) few.push_back({"cookie", "a"});
  EXPECT_EQ(status_of(few), 200);
  few.push_back({"cookie", "a"});
  EXPECT_EQ(status_of(few), 431);
}

TEST(SEC_H4, NamesAndValuesCountWithTheirOverhead) {
  // Four pseudo-fields of 24 + 43 + 21 bytes and 128 of overhead; the field adds 1 + 32.
  std::size_t used = 0;
  for (const auto& [name, value] : get()) used += name.size() + value.size() + 32;
  const std::size_t left = limits.head_bytes_max - used - 33;
  EXPECT_EQ(status_of(get({{"a", std::string(left, 'x')}})), 200);
  const auto head = build(get({{"a", std::string(left + 1, 'x')}}));
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().status, 431);
  EXPECT_EQ(head.error().why, Why::limit);
}

}  // namespace
}  // namespace turnout
