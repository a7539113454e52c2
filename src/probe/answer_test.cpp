#include "probe/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/websocket/handshake.h"

namespace turnout::probe {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using Kind = Violation::Kind;

constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";

Attempt answered(std::string_view head, std::string token = "websocket") {
  Attempt attempt;
  attempt.ask.token = std::move(token);
  attempt.key = key;
  attempt.ended = take_head(head, attempt) ? Ended::answered : Ended::not_http;
  attempt.violations = find_violations(attempt);
  return attempt;
}

auto kinds(const Attempt& attempt) {
  std::vector<Kind> list;
  for (const Violation& one : attempt.violations) list.push_back(one.kind);
  return list;
}

TEST(ProbeAnswer, ASound101BreaksNothing) {
  const Attempt done = answered(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  EXPECT_EQ(done.status, 101);
  EXPECT_EQ(done.version, "1.1");
  EXPECT_THAT(done.violations, IsEmpty());
}

TEST(ProbeAnswer, EachRuleThatA101Breaks) {
  EXPECT_THAT(kinds(answered("HTTP/1.1 101 OK\r\nConnection: Upgrade\r\n\r\n", "tcp")),
              ElementsAre(Kind::upgrade_missing));
  EXPECT_THAT(kinds(answered("HTTP/1.1 101 OK\r\nUpgrade: tcp\r\n\r\n", "tcp")), ElementsAre(Kind::connection_missing));
  EXPECT_THAT(kinds(answered("HTTP/1.1 101 OK\r\nUpgrade: udp\r\nConnection: upgrade\r\n\r\n", "tcp")),
              ElementsAre(Kind::token_not_offered));
  EXPECT_THAT(kinds(answered("HTTP/1.1 101 OK\r\nUpgrade: tcp, udp\r\nConnection: upgrade\r\n\r\n", "tcp")),
              ElementsAre(Kind::several_tokens));
  EXPECT_THAT(
      kinds(answered("HTTP/1.1 101 OK\r\nUpgrade: tcp\r\nConnection: upgrade\r\nContent-Length: 0\r\n\r\n", "tcp")),
      ElementsAre(Kind::has_length));
  EXPECT_THAT(kinds(answered("HTTP/1.0 101 OK\r\nUpgrade: tcp\r\nConnection: upgrade\r\n\r\n", "tcp")),
              ElementsAre(Kind::http10));
  EXPECT_THAT(kinds(answered("HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")),
              ElementsAre(Kind::accept_missing));
}

TEST(ProbeAnswer, TheStackOfTlsIsOneProtocol) {
  EXPECT_THAT(
      answered("HTTP/1.1 101 OK\r\nUpgrade: TLS/1.3, HTTP/1.1\r\nConnection: Upgrade\r\n\r\n", "TLS").violations,
      IsEmpty());
}

TEST(ProbeAnswer, WhatIsNoHeadIsNone) {
  EXPECT_EQ(answered("HTTP/1.1\r\n\r\n").ended, Ended::not_http);
  EXPECT_EQ(answered("SSH-2.0-OpenSSH_9.2\r\n\r\n").ended, Ended::not_http);
  EXPECT_EQ(answered("HTTP/1.1 abc\r\n\r\n").ended, Ended::not_http);
  EXPECT_EQ(head_size("HTTP/1.1 200 OK\r\n"), std::nullopt);
  EXPECT_EQ(head_size("HTTP/1.1 200 OK\n\nbody"), 17u);
}

TEST(ProbeAnswer, AnAcceptOfAWrongGuidIsRecognised) {
  EXPECT_EQ(explain_accept(std::string(key), key), "it repeats the key");
  EXPECT_EQ(explain_accept(std::string(key), ""), "it is empty");
  EXPECT_EQ(explain_accept("AAAAAAAAAAAAAAAAAAAAAA==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            "it is the one of the example in RFC 6455");
  EXPECT_EQ(explain_accept(std::string(key), "nothing known"), "");
}

}  // namespace
}  // namespace turnout::probe
