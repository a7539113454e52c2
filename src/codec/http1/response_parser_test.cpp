#include "codec/http1/response_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace turnout {
namespace {

std::expected<ParsedResponse, HeadError> parse(std::string_view head, std::string_view method = "GET") {
  return parse_response(as_bytes(head), Limits{}, method);
}

std::string ok(std::string_view lines) {
  return "HTTP/1.1 200 OK\r\n" + std::string(lines) + "\r\n";
}

TEST(ResponseParser, AResponse) {
  const auto response = parse(ok("Content-Type:  text/plain \r\nContent-Length: 5\r\nX_Y: z\r\n"));
  ASSERT_TRUE(response) << response.error().what;
  EXPECT_EQ(response->head.status, 200);
  EXPECT_EQ(response->version, HttpVersion::http11);
  EXPECT_EQ(response->head.fields.find("content-type"), "text/plain");
  EXPECT_EQ(response->head.fields.find("x_y"), "z");
  EXPECT_EQ(response->framing, (Framing{BodyKind::length, 5}));
  EXPECT_TRUE(response->keep_alive);
  EXPECT_FALSE(response->switches);
  EXPECT_FALSE(response->interim());
  EXPECT_EQ(response->head_bytes, 74u);
}

// RFC 9112 section 6.3, in its order.
TEST(ResponseParser, Framing) {
  struct Case {
    std::string_view method, status, fields;
    BodyKind kind;
    std::uint64_t length;
    bool keep_alive, switches;
  };
  constexpr Case cases[] = {
      {"GET", "200", "Content-Length: 5\r\n", BodyKind::length, 5, true, false},
      {"GET", "200", "Content-Length: 0\r\n", BodyKind::none, 0, true, false},
      {"GET", "200", "Transfer-Encoding: chunked\r\n", BodyKind::chunked, 0, true, false},
      {"GET", "200", "", BodyKind::until_close, 0, false, false},
      {"GET", "404", "Connection: keep-alive\r\n", BodyKind::until_close, 0, false, false},
      {"GET", "200", "Content-Length: 5\r\nConnection: close\r\n", BodyKind::length, 5, false, false},
      {"HEAD", "200", "Content-Length: 5\r\n", BodyKind::none, 0, true, false},
      {"HEAD", "200", "Transfer-Encoding: chunked\r\n", BodyKind::none, 0, true, false},
      {"HEAD", "200", "", BodyKind::none, 0, true, false},
      {"head", "200", "", BodyKind::until_close, 0, false, false},
      {"GET", "304", "Content-Length: 5\r\n", BodyKind::none, 0, true, false},
      {"GET", "204", "", BodyKind::none, 0, true, false},
      {"GET", "204", "Content-Length: 0\r\n", BodyKind::none, 0, true, false},
      {"GET", "100", "", BodyKind::none, 0, true, false},
      {"GET", "103", "Link: </a>\r\n", BodyKind::none, 0, true, false},
      {"GET", "101", "Upgrade: h2c\r\n", BodyKind::none, 0, false, true},
      {"CONNECT", "200", "", BodyKind::none, 0, false, true},
      {"CONNECT", "200", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", BodyKind::none, 0, false, true},
      {"CONNECT", "407", "Content-Length: 5\r\n", BodyKind::length, 5, true, false},
  };
  for (const Case& one : cases) {
    const auto response =
        parse("HTTP/1.1 " + std::string(one.status) + " x\r\n" + std::string(one.fields) + "\r\n", one.method);
    ASSERT_TRUE(response) << one.method << one.status << one.fields;
    EXPECT_EQ(response->framing, (Framing{one.kind, one.length})) << one.method << one.status << one.fields;
    EXPECT_EQ(response->keep_alive, one.keep_alive) << one.method << one.status << one.fields;
    EXPECT_EQ(response->switches, one.switches) << one.method << one.status << one.fields;
    EXPECT_EQ(response->interim(), one.status == "100" || one.status == "103");
  }
  EXPECT_FALSE(parse("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n")->keep_alive);
  EXPECT_TRUE(parse("HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n")->keep_alive);
}

TEST(SEC_S11, StatusLines) {
  for (std::string_view line :
       {"HTTP/1.1 200 OK", "HTTP/1.1 200 ", "HTTP/1.1 200", "HTTP/1.0 599 A b\tc \xc3\xa4", "HTTP/1.1 100 x"}) {
    EXPECT_TRUE(parse(std::string(line) + "\r\nContent-Length: 0\r\n\r\n", "HEAD") ||
                parse(std::string(line) + "\r\n\r\n", "HEAD"))
        << line;
  }
  using namespace std::string_view_literals;
  for (std::string_view line : {"HTTP/1.1  200 OK"sv,
                                "HTTP/1.1 20 OK"sv,
                                "HTTP/1.1 2000 OK"sv,
                                "HTTP/1.1 099 OK"sv,
                                "HTTP/1.1 000 OK"sv,
                                "HTTP/1.1 600 OK"sv,
                                "HTTP/1.1 999 OK"sv,
                                "HTTP/1.1 +20 OK"sv,
                                "HTTP/1.1 -20 OK"sv,
                                "HTTP/1.1 2 0 OK"sv,
                                "HTTP/1.1 0x1 OK"sv,
                                "HTTP/1.1 200OK"sv,
                                "HTTP/1.1 200\tOK"sv,
                                "HTTP/1.1\t200 OK"sv,
                                "HTTP/1.1"sv,
                                "HTTP/1.1 "sv,
                                "HTTP/1.1 OK"sv,
                                "HTTP/2.0 200 OK"sv,
                                "HTTP/1.2 200 OK"sv,
                                "HTTP/0.9 200 OK"sv,
                                "http/1.1 200 OK"sv,
                                "HTTP/11 200 OK"sv,
                                "HTTP/1.1.1 200 OK"sv,
                                " HTTP/1.1 200 OK"sv,
                                "HTTP /1.1 200 OK"sv,
                                "HTTP/1.1 200 O\0K"sv,
                                "HTTP/1.1 200 O\x01K"sv,
                                "HTTP/1.1 200 O\x7fK"sv,
                                "HTTP/1.1 200 O\rK"sv,
                                "HTTP/1.1 200 O\nK"sv,
                                "ICY 200 OK"sv,
                                ""sv,
                                "GET / HTTP/1.1"sv}) {
    EXPECT_FALSE(parse(std::string(line) + "\r\nContent-Length: 0\r\n\r\n")) << line;
  }
}

// The mirror of S1, S2, S6, S8, S12: the same lines that are refused from a client are refused from a server.
TEST(SEC_S11, FieldsAndFraming) {
  using namespace std::string_view_literals;
  constexpr std::string_view bad[] = {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                                      "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                                      "Content-Length: 5\r\nContent-Length: 5\r\n",
                                      "Content-Length: 5\r\nContent-Length: 6\r\n",
                                      "Content-Length:\r\n",
                                      "Content-Length: +5\r\n",
                                      "Content-Length: -5\r\n",
                                      "Content-Length: 5,5\r\n",
                                      "Content-Length: 0x5\r\n",
                                      "Content-Length: 5 5\r\n",
                                      "Content-Length: 18446744073709551616\r\n",
                                      "Content-Length: 9223372036854775808\r\n",
                                      "Content-Length : 5\r\n",
                                      " Content-Length: 5\r\n",
                                      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                                      "Transfer-Encoding: gzip, chunked\r\n",
                                      "Transfer-Encoding: chunked, gzip\r\n",
                                      "Transfer-Encoding: gzip\r\n",
                                      "Transfer-Encoding: identity\r\n",
                                      "Transfer-Encoding: ,chunked\r\n",
                                      "Transfer-Encoding: \"chunked\"\r\n",
                                      "Transfer-Encoding:\r\n",
                                      "Transfer-Encoding: xchunked\r\n",
                                      "Transfer-Encoding: chunked\x0b\r\n",
                                      "X: a\r\n b\r\n",
                                      "X: a\nY: b\r\n",
                                      "X: a\rY: b\r\n",
                                      "X: a\0b\r\n"sv,
                                      "X: a\x7f\r\n",
                                      "X a\r\n",
                                      ": a\r\n",
                                      "X\r\n",
                                      "X(: a\r\n",
                                      "X: a\n",
                                      "\rX: a\r\n",
                                      "X\xc3\xa4: a\r\n"};
  for (std::string_view lines : bad) {
    EXPECT_FALSE(parse(ok(lines))) << lines;
    EXPECT_FALSE(parse(ok("A: b\r\n" + std::string(lines)))) << lines;
    EXPECT_FALSE(parse("HTTP/1.0 200 OK\r\n" + std::string(lines) + "\r\n")) << lines;
  }
  EXPECT_FALSE(parse("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
}

TEST(SEC_S11, AResponseWithoutABodyMayNotClaimOne) {
  for (std::string_view status : {"100", "101", "103", "199", "204"}) {
    for (std::string_view field : {"Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"}) {
      EXPECT_FALSE(parse("HTTP/1.1 " + std::string(status) + " x\r\n" + std::string(field) + "\r\n"))
          << status << field;
    }
  }
  EXPECT_FALSE(parse("HTTP/1.1 101 x\r\nContent-Length: 0\r\n\r\n"));
}

TEST(SEC_S11, Limits) {
  Limits limits;
  limits.fields_max = 2;
  limits.request_line_bytes_max = 20;
  limits.head_bytes_max = 60;
  const auto accepted = [&](std::string_view head) {
    return parse_response(as_bytes(head), limits, "GET").has_value();
  };
  EXPECT_TRUE(accepted("HTTP/1.1 200 1234567\r\na: b\r\nc: d\r\n\r\n"));
  EXPECT_FALSE(accepted("HTTP/1.1 200 12345678\r\na: b\r\nc: d\r\n\r\n"));
  EXPECT_FALSE(accepted("HTTP/1.1 200 1\r\na: b\r\nc: d\r\ne: f\r\n\r\n"));
  EXPECT_FALSE(accepted("HTTP/1.1 200 1\r\na: " + std::string(50, 'b') + "\r\n\r\n"));
}

TEST(SEC_S11, EveryByteAtEveryPosition) {
  constexpr std::array<std::string_view, 4> seeds = {
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nX: y\r\n\r\n",
      "HTTP/1.1 404 \r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
      "HTTP/1.0 304 Not Modified\r\nX-A:\r\nB:  c \r\n\r\n",
  };
  std::size_t accepted = 0;
  for (std::string_view seed : seeds) {
    ASSERT_TRUE(parse(seed)) << seed;
    for (std::size_t n = 0; n < seed.size(); ++n) EXPECT_FALSE(parse(seed.substr(0, n))) << n;
    for (std::size_t at = 0; at < seed.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string probe(seed);
        probe[at] = static_cast<char>(byte);
        const auto response = parse(probe);
        if (!response) continue;
        ++accepted;
        ASSERT_EQ(response->head_bytes, probe.size());
        // Line ends are where they were, and no other control character came in.
        const bool same = probe == seed;
        ASSERT_TRUE(same || byte == '\t' || (byte >= 0x20 && byte != 0x7f)) << ::testing::PrintToString(probe);
        ASSERT_EQ(std::ranges::count(probe, '\r'), std::ranges::count(probe, '\n')) << ::testing::PrintToString(probe);
      }
    }
  }
  EXPECT_GE(accepted, 4u * 256);
}

}  // namespace
}  // namespace turnout
