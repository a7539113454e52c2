#include "codec/http1/head_scanner.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/ascii.h"

namespace turnout {
namespace {

using Found = std::expected<std::size_t, HeadError>;

Found scan(std::string_view bytes, const Limits& limits = {}, HeadScanner::Kind kind = HeadScanner::Kind::request) {
  HeadScanner scanner(kind);
  return scanner.feed(as_bytes(bytes), limits);
}

/// The first answer that is not "go on", with one byte more in each call.
Found scan_bytewise(std::string_view bytes, const Limits& limits = {},
                    HeadScanner::Kind kind = HeadScanner::Kind::request) {
  HeadScanner scanner(kind);
  for (std::size_t n = 0; n <= bytes.size(); ++n) {
    const Found found = scanner.feed(as_bytes(bytes.substr(0, n)), limits);
    if (!found || *found != 0) return found;
  }
  return 0;
}

int status_of(const Found& found) {
  return found ? 0 : found.error().status;
}

constexpr std::string_view head = "GET / HTTP/1.1\r\nHost: a.example\r\nX: y\r\n\r\n";

TEST(HeadScanner, FindsTheEndOfTheHead) {
  EXPECT_EQ(scan(head), head.size());
  EXPECT_EQ(scan(std::string(head) + "GET /next"), head.size());
  EXPECT_EQ(scan("GET / HTTP/1.0\r\n\r\n"), 18u);
}

TEST(HeadScanner, AHeadInTwoPiecesIsTheSameWhereverItIsCut) {
  for (std::size_t cut = 0; cut < head.size(); ++cut) {
    HeadScanner scanner(HeadScanner::Kind::request);
    EXPECT_EQ(scanner.feed(as_bytes(head.substr(0, cut)), Limits{}), 0u) << cut;
    EXPECT_EQ(scanner.feed(as_bytes(head), Limits{}), head.size()) << cut;
  }
  EXPECT_EQ(scan_bytewise(head), head.size());
}

TEST(HeadScanner, LooksAtNoByteTwice) {
  // What was scanned is spoiled before the next piece comes: nothing may notice, but for the line that is still open.
  std::string bytes(head);
  HeadScanner scanner(HeadScanner::Kind::request);
  ASSERT_EQ(scanner.feed(as_bytes(std::string_view(bytes).substr(0, 20)), Limits{}), 0u);
  bytes.replace(0, 15, 15, '\n');
  EXPECT_EQ(scanner.feed(as_bytes(bytes), Limits{}), head.size());
}

TEST(HeadScanner, IsReadyForTheNextHeadAfterOne) {
  HeadScanner scanner(HeadScanner::Kind::request);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(scanner.feed(as_bytes(head), Limits{}), head.size());
  EXPECT_FALSE(scanner.feed(as_bytes("\x16"), Limits{}));
  EXPECT_EQ(scanner.feed(as_bytes(head), Limits{}), head.size());
}

TEST(HeadScanner, OneEmptyLineBeforeARequestCounts) {
  EXPECT_EQ(scan("\r\n" + std::string(head)), head.size() + 2);
  EXPECT_EQ(scan_bytewise("\r\n" + std::string(head)), head.size() + 2);
  EXPECT_EQ(scan("\r"), 0u);
  EXPECT_EQ(scan("\r\n"), 0u);
  EXPECT_EQ(status_of(scan("\r\n\r")), 400);
  EXPECT_EQ(status_of(scan("\r\rGET")), 400);
  EXPECT_EQ(status_of(scan("\n")), 400);
}

TEST(HeadScanner, AFirstByteThatNoMethodHasIsRefusedAtOnce) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool may_begin = is_token_char(c) || c == '\r';
    EXPECT_EQ(status_of(scan(std::string_view(&c, 1))), may_begin ? 0 : 400) << byte;
  }
}

// RFC 9931 section 6.1: a ClientHello that was sent in the hope of a switch ends HTTP/1.1 with its first byte.
TEST(HeadScanner, AClientHelloIsRefusedAtOnce) {
  const Found found = scan(std::string_view("\x16\x03\x01\x02\x00", 5));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().status, 400);
  EXPECT_NE(found.error().what.find("TLS"), std::string_view::npos);
}

TEST(HeadScanner, AResponseBeginsWithItsVersion) {
  constexpr auto response = HeadScanner::Kind::response;
  EXPECT_EQ(scan("HTTP/1.1 200 OK\r\n\r\n", {}, response), 19u);
  EXPECT_EQ(scan_bytewise("HTTP/1.1 200 OK\r\n\r\n", {}, response), 19u);
  EXPECT_EQ(status_of(scan("\r\nHTTP/1.1 200 OK\r\n\r\n", {}, response)), 400);
  EXPECT_EQ(status_of(scan("<html>", {}, response)), 400);
}

TEST(SEC_S14, ALineHeadOrNumberOfFieldsBeyondItsLimitIsRefusedAsSoonAsItIsCertain) {
  Limits limits;
  limits.request_line_bytes_max = 20;
  limits.head_bytes_max = 60;
  limits.fields_max = 2;
  const std::string twenty = "GET /123456 HTTP/1.1";
  struct Case {
    std::string bytes;
    int status;
  };
  const Case cases[] = {
      {twenty + "\r\n\r\n", 0},
      {"GET /1234567 HTTP/1.1\r\n\r\n", 414},
      {"GET /1234567890123456", 0},     // 21 bytes: the last may turn out to be the CR
      {"GET /12345678901234567", 414},  // 22
      {std::string(1 << 20, 'A'), 414},
      {twenty + "\r\na: b\r\nc: d\r\n\r\n", 0},
      {twenty + "\r\na: b\r\nc: d\r\ne: f\r\n", 431},
      {twenty + "\r\na: " + std::string(31, 'v') + "\r\n\r\n", 0},    // 60 bytes
      {twenty + "\r\na: " + std::string(32, 'v') + "\r\n\r\n", 431},  // 61
      {twenty + "\r\na: " + std::string(35, 'v'), 431},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(status_of(scan(one.bytes, limits)), one.status) << one.bytes.substr(0, 80);
    EXPECT_EQ(scan_bytewise(one.bytes, limits), scan(one.bytes, limits)) << one.bytes.substr(0, 80);
  }
}

TEST(SEC_S14, TheDefaultsHold) {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(status_of(scan("GET /" + std::string(1 << 20, 'a'))), 414);
  EXPECT_EQ(status_of(scan(start + "X: " + std::string(1 << 20, 'a'))), 431);
  std::string many = start;
  for (int i = 0; i < 99; ++i) many += "A: b\r\n";
  EXPECT_EQ(status_of(scan(many + "\r\n")), 0);
  EXPECT_EQ(status_of(scan(many + "A: b\r\n")), 431);
  for (int i = 0; i < 10'000; ++i) many += "A: b\r\n";
  EXPECT_EQ(status_of(scan(many)), 431);
}

TEST(SEC_S3, ALineFeedAloneIsRefusedBeforeTheHeadIsComplete) {
  for (std::size_t at = 0; at < head.size(); ++at) {
    if (head[at] != '\r') continue;
    std::string spoiled(head);
    spoiled.erase(at, 1);
    EXPECT_EQ(status_of(scan(spoiled)), 400) << at;
    EXPECT_EQ(status_of(scan_bytewise(spoiled)), 400) << at;
  }
}

}  // namespace
}  // namespace turnout
