#include "probe/connect.h"

#include <gtest/gtest.h>

#include "probe/answer.h"
#include "probe/report.h"

namespace turnout::probe {
namespace {

TEST(SEC_O4, WhatAPeerSaysCannotSteerATerminal) {
  EXPECT_EQ(readable("plain\ttext\n"), "plain\ttext\n");
  EXPECT_EQ(readable("gr\xc3\xbc\xc3\x9f"
                     "e \xf0\x9f\x99\x82"),
            "gr\xc3\xbc\xc3\x9f"
            "e \xf0\x9f\x99\x82")
      << "letters of any script stay";
  EXPECT_EQ(readable("\x1b[2J\r\x07"), "\\x1b[2J\\x0d\\x07");
  EXPECT_EQ(readable("\xc2\x9b"
                     "31m"),
            "\\xc2\\x9b31m")
      << "a C1 control in UTF-8";
  EXPECT_EQ(readable("\x9b\xff\xc3"), "\\x9b\\xff\\xc3") << "no UTF-8";
  EXPECT_EQ(readable("a\xe2\x80\xae"
                     "b"),
            "a\\xe2\\x80\\xaeb")
      << "a mark that turns the direction round";
}

TEST(SEC_O4, AReportHoldsNothingThatSteersATerminal) {
  Attempt attempt;
  attempt.ask.token = "websocket";
  attempt.ended = Ended::answered;
  ASSERT_TRUE(take_head("HTTP/1.1 404 \x1b[2J\r\nServer: \x9b\x07\r\nLocation: \x1b]0;x\x07\r\n\r\n", attempt));
  attempt.body = "\x1b[31m\xc2\x9b";
  Facts facts;
  facts.wanted.tokens = {"websocket"};
  facts.attempts = {attempt, attempt};
  facts.attempts.front().ask.purpose = Purpose::plain;
  const std::vector<Finding> findings = diagnose(facts);
  for (const std::string& report :
       {to_text(facts, findings, {.colours = false, .verbose = true}), to_json(facts, findings)}) {
    for (const char c : report) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << report;
  }
}

}  // namespace
}  // namespace turnout::probe
