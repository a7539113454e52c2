#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "codec/http1/request_parser.h"
#include "codec/http1/request_writer.h"
#include "codec/http1/response_parser.h"
#include "codec/http1/response_writer.h"

namespace turnout {
namespace {

constexpr std::string_view date = "Sun, 06 Nov 1994 08:49:37 GMT";

PooledString write(const ResponseHead& head, const HeadTail& tail, bool complete = true) {
  PooledString out = "before";
  EXPECT_EQ(append_response_head(out, head, tail), complete);
  EXPECT_TRUE(out.starts_with("before"));
  return out.substr(6);
}

RequestHead request(std::string_view method, std::string_view target, std::string_view authority) {
  RequestHead head;
  head.method = method;
  head.target = target;
  head.authority = authority;
  return head;
}

TEST(ResponseWriter, StatusFieldsDateLengthConnection) {
  ResponseHead head(200);
  head.fields.add("Content-Type", "text/plain");
  EXPECT_EQ(
      write(head, {.date = date, .content_length = 3, .connection = "close"}),
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 3\r\n"
      "Connection: close\r\n\r\n");
  EXPECT_EQ(write(ResponseHead(404), {.chunked = true}),
            "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(write(ResponseHead(299), {.content_length = UINT64_MAX}),
            "HTTP/1.1 299 \r\nContent-Length: 18446744073709551615\r\n\r\n");
}

TEST(ResponseWriter, TheHeadOfASwitchHasNeitherLengthNorCoding) {
  ResponseHead head(101);
  head.fields.add("Upgrade", "HTTP/2.0");
  EXPECT_EQ(write(head, {.content_length = 5, .connection = "Upgrade"}),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: HTTP/2.0\r\nConnection: Upgrade\r\n\r\n");
  EXPECT_EQ(write(ResponseHead(204), {.chunked = true}), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(ResponseWriter, FieldsThatTheWriterDecidesAreTakenFromNobodyElse) {
  ResponseHead head(200);
  head.fields.add("content-length", "999");
  head.fields.add("Transfer-Encoding", "chunked");
  head.fields.add("CONNECTION", "keep-alive");
  head.fields.add("Date", "Mon, 07 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(write(head, {.date = date, .content_length = 0}),
            "HTTP/1.1 200 OK\r\nDate: Mon, 07 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n");
}

TEST(ResponseWriter, IntoMemoryOfTheCaller) {
  ResponseHead head(200);
  head.fields.add("A", "b");
  const HeadTail tail{.date = date, .content_length = 3};
  std::array<char, 512> room{};
  const WrittenHead written = write_response_head(room, head, tail);
  EXPECT_TRUE(written.complete);
  EXPECT_EQ(std::string_view(room.data(), written.bytes), write(head, tail));
  const std::size_t needed = response_head_bytes_max(head, tail);
  EXPECT_EQ(write_response_head(std::span(room).first(needed), head, tail).bytes, written.bytes);
  EXPECT_EQ(write_response_head(std::span(room).first(needed - 1), head, tail).bytes, 0u);
}

TEST(ResponseWriter, WhateverIsWrittenFitsIntoWhatWasMeasured) {
  for (int status : {100, 101, 204, 431, 505, 999}) {
    ResponseHead head(status);
    head.fields.add(std::string(100, 'n'), std::string(1000, 'v'));
    const HeadTail tail{
        .date = date, .content_length = UINT64_MAX, .connection = "keep-alive, Upgrade, HTTP2-Settings"};
    EXPECT_LE(write(head, tail).size(), response_head_bytes_max(head, tail)) << status;
    const HeadTail chunked{.chunked = true};
    EXPECT_LE(write(head, chunked).size(), response_head_bytes_max(head, chunked)) << status;
  }
}

TEST(SEC_S11, NoFieldCanSplitAResponse) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    ResponseHead in_value(200), in_name(200);
    in_value.fields.add("X", std::string("a") + c + "b");
    in_name.fields.add(std::string("a") + c + "b", "x");
    const bool value_is_safe = c == '\t' || (byte >= 0x20 && byte != 0x7f);
    const PooledString value = write(in_value, {}, value_is_safe);
    const PooledString name = write(in_name, {}, is_token_char(c));
    constexpr std::string_view bare = "HTTP/1.1 200 OK\r\n\r\n";
    EXPECT_EQ(value == bare, !value_is_safe) << byte;
    EXPECT_EQ(name == bare, !is_token_char(c)) << byte;
    for (const PooledString& text : {value, name}) {
      EXPECT_EQ(std::ranges::count(text, '\n'), text == bare ? 2 : 3) << byte;
      EXPECT_TRUE(parse_response(as_bytes(text), Limits{}, "GET")) << byte;
    }
  }
  ResponseHead nameless(200);
  nameless.fields.add("", "x");
  write(nameless, {}, false);
  write(ResponseHead(200), {.date = "x\r\ny"}, false);
  write(ResponseHead(200), {.connection = "close\r\nX: y"}, false);
}

TEST(SEC_S11, AStatusThatIsNoneBecomes500) {
  for (int status : {-1, 0, 99, 1000, 1 << 30}) {
    EXPECT_EQ(write(ResponseHead(status), {}, false), "HTTP/1.1 500 Internal Server Error\r\n\r\n") << status;
  }
}

TEST(RequestWriter, HostComesFirstAndFromTheAuthority) {
  RequestHead head = request("POST", "/echo?a", "example.com:8101");
  head.fields.add("Upgrade", "h2c");
  head.fields.add("HOST", "evil.example");
  head.fields.add("Content-Length", "1");
  PooledString out = "before";
  const WrittenHead written =
      append_request_head(out, head, {.content_length = 7, .connection = "Upgrade, HTTP2-Settings"});
  EXPECT_TRUE(written.complete);
  EXPECT_EQ(out,
            "beforePOST /echo?a HTTP/1.1\r\nHost: example.com:8101\r\nUpgrade: h2c\r\nContent-Length: 7\r\n"
            "Connection: Upgrade, HTTP2-Settings\r\n\r\n");
  EXPECT_EQ(written.bytes, out.size() - 6);
}

TEST(SEC_U9, NoPartOfARequestLineCanSplitIt) {
  PooledString out;
  const auto refused = [&](std::string_view method, std::string_view target, std::string_view authority) {
    return append_request_head(out, request(method, target, authority), {}).bytes == 0 && out.empty();
  };
  for (std::string_view target :
       {"", "/a b", "/a\r\nX: y", "/a\n", "/a\t", "/a HTTP/1.1\r\n", "/\xc3\xa4", "/#a", "/a\x7f"}) {
    EXPECT_TRUE(refused("GET", target, "a")) << target;
  }
  EXPECT_TRUE(refused("GET", std::string_view("/a\0", 3), "a"));
  for (std::string_view method : {"", "G T", "GET\r\n", "GET /"}) EXPECT_TRUE(refused(method, "/", "a")) << method;
  for (std::string_view authority : {"", "a\r\nX: y", "a b", "a,b", "a@b"})
    EXPECT_TRUE(refused("GET", "/", authority)) << authority;
}

TEST(SEC_U9, TheRawTargetGoesOutAsItCameIn) {
  for (std::string_view target : {"/ws%0d%0aX:%20y", "/ws%20HTTP/1.1%0d%0a", "/%00", "/a%2fb"}) {
    const std::string in = "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    const auto parsed = parse_request(as_bytes(in), Limits{}, false);
    ASSERT_TRUE(parsed) << target;
    PooledString out;
    append_request_head(out, parsed->head, {});
    EXPECT_EQ(std::string_view(out), in);
  }
}

TEST(SEC_U9, FieldsThatCannotBeSentSafelyAreLeftOut) {
  RequestHead head = request("GET", "/", "a");
  head.fields.add("Upgrade", "websocket\r\nX: y");
  head.fields.add("Upg rade", "x");
  head.fields.add("A", "b");
  PooledString out;
  const WrittenHead written = append_request_head(out, head, {.connection = "Up\ngrade"});
  EXPECT_FALSE(written.complete);
  EXPECT_EQ(out, "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n");
}

}  // namespace
}  // namespace turnout
