#include "codec/http1/request_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace turnout {
namespace {

std::expected<ParsedRequest, HeadError> parse(std::string_view head, bool secure = false) {
  return parse_request(as_bytes(head), Limits{}, secure);
}

int status_of(std::string_view head, bool secure = false) {
  const auto request = parse(head, secure);
  return request ? 200 : request.error().status;
}

TEST(RequestParser, SimpleGet) {
  const auto request = parse("GET /a?b=c HTTP/1.1\r\nHost: Example.COM:8101\r\nAccept:  */* \t\r\n\r\n");
  ASSERT_TRUE(request) << request.error().what;
  EXPECT_EQ(request->head.method, "GET");
  EXPECT_EQ(request->head.target, "/a?b=c");
  EXPECT_EQ(request->head.path(), "/a");
  EXPECT_EQ(request->head.query(), "b=c");
  EXPECT_EQ(request->head.authority, "example.com:8101");
  EXPECT_EQ(request->head.version, HttpVersion::http11);
  EXPECT_FALSE(request->head.secure);
  EXPECT_EQ(request->head.fields.size(), 2u);
  EXPECT_EQ(request->head.fields.find("host"), "Example.COM:8101");
  EXPECT_EQ(request->head.fields.find("accept"), "*/*");
  EXPECT_EQ(request->framing, Framing{});
  EXPECT_TRUE(request->keep_alive);
  EXPECT_FALSE(request->expect_continue);
  EXPECT_EQ(request->head_bytes, 63u);
}

TEST(RequestParser, OutlivesTheBufferItWasReadFrom) {
  std::string buffer = "GET /path/that/is/long/enough/for/the/heap HTTP/1.1\r\nHost: a.example\r\nX: y\r\n\r\n";
  const auto request = parse(buffer);
  buffer.assign(buffer.size(), '#');
  ASSERT_TRUE(request);
  EXPECT_EQ(request->head.target, "/path/that/is/long/enough/for/the/heap");
  EXPECT_EQ(request->head.fields.find("x"), "y");
}

TEST(RequestParser, OneEmptyLineMayStandBeforeTheRequestLine) {
  EXPECT_EQ(status_of("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
  EXPECT_EQ(status_of("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

}  // namespace
}  // namespace turnout
