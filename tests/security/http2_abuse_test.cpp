// Floods and malformed messages of HTTP/2 against the whole server, played as in a golden transcript. How long the
// connection lives is bounded by the limits of base/limits.h; GOAWAY with code 11 is ENHANCE_YOUR_CALM.
#include <gmock/gmock.h>

#include <string>

#include "tests/support/golden.h"

namespace turnout {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string begin = "h2> preface\nh2> settings\nh2> ack\n";
const std::string calm_down = " code=11";

std::string get(int stream, const std::string& more = "") {
  return "h2> headers " + std::to_string(stream) + " end :method=GET :scheme=http :path=/ :authority=a " + more + '\n';
}

std::string times(int count, const std::string& line) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += line;
  return lines;
}

TEST(SEC_H1, AFloodOfResetStreamsEndsTheConnection) {
  std::string flood = begin;
  for (int stream = 1; stream < 2 * 300; stream += 2)
    flood += get(stream) + "h2> rst " + std::to_string(stream) + " 8\n";
  EXPECT_THAT(play(flood), AllOf(HasSubstr("<h2 GOAWAY"), HasSubstr(calm_down), HasSubstr("= 0 close flood")));
}

TEST(SEC_H1, ABurstOfResetsIsNoFlood) {
  std::string burst = begin;
  for (int stream = 1; stream < 2 * 90; stream += 2)
    burst += get(stream) + "h2> rst " + std::to_string(stream) + " 8\n";
  EXPECT_THAT(play(burst + get(201)),
              AllOf(HasSubstr("<h2 HEADERS stream=201 :status=200"), Not(HasSubstr(calm_down))));
}

TEST(SEC_H2, ResetsOfMalformedRequestsComeFromTheSameBucket) {
  // A field that is not allowed makes each request malformed, and us reset its stream.
  std::string flood = begin;
  for (int stream = 1; stream < 2 * 300; stream += 2) flood += get(stream, "connection=close") + "run\n";
  EXPECT_THAT(play(flood), AllOf(HasSubstr("<h2 RST_STREAM stream=1 "), HasSubstr(calm_down)));
}

TEST(SEC_H3, ContinuationsAreBoundedByNumber) {
  // HEADERS without END_HEADERS, then empty CONTINUATION frames, none of which ends the block.
  const std::string headers = ">> \"\\x00\\x00\\x01\\x01\\x00\\x00\\x00\\x00\\x01\\x82\"\n";
  const std::string continuation = ">> \"\\x00\\x00\\x00\\x09\\x00\\x00\\x00\\x00\\x01\"\n";
  EXPECT_THAT(play(begin + headers + times(20, continuation)), AllOf(HasSubstr("<h2 GOAWAY"), HasSubstr(calm_down)));
}

TEST(SEC_H5, PingsAndSettingsAreBounded) {
  for (const std::string line : {"h2> ping \"12345678\"\n", "h2> settings\n"}) {
    EXPECT_THAT(play(begin + times(2000, line)), HasSubstr(calm_down)) << line;
    EXPECT_THAT(play(begin + times(100, line) + get(1)),
                AllOf(HasSubstr("<h2 HEADERS stream=1 :status=200"), Not(HasSubstr(calm_down))))
        << line;
  }
}

TEST(SEC_H6, AWindowThatStaysShutEndsTheStream) {
  // SETTINGS_INITIAL_WINDOW_SIZE = 0: not a byte of the answer may be sent.
  const std::string played = play(
      "h2> preface\n>> \"\\x00\\x00\\x06\\x04\\x00\\x00\\x00\\x00\\x00\\x00\\x04\\x00\\x00\\x00\\x00\"\nh2> ack\n" +
      get(1) + "wait 31\n");
  EXPECT_THAT(played, AllOf(HasSubstr("<h2 HEADERS stream=1 :status=200"), HasSubstr("<h2 RST_STREAM stream=1 code=8"),
                            Not(HasSubstr("<h2 DATA"))));
}

TEST(SEC_H7, AnEmptyOrInvalidNameMakesTheRequestMalformed) {
  // A literal field without indexing whose name has no bytes (RFC 7541 section 6.2.2), behind :method GET, :scheme
  // http, :path / and :authority a.
  const std::string empty_name =
      ">> \"\\x00\\x00\\x09\\x01\\x05\\x00\\x00\\x00\\x01\\x82\\x86\\x84\\x41\\x01a\\x00\\x00\\x00\"\n";
  EXPECT_THAT(play(begin + empty_name), Not(HasSubstr(":status=200")));
  for (const std::string field : {"Upper=1", "sp:ce=1", "a(b=1", ":made-up=1"}) {
    const std::string played = play(begin + get(1, field));
    EXPECT_THAT(played, AllOf(HasSubstr("<h2 RST_STREAM stream=1 code=1"), Not(HasSubstr(":status=200")))) << field;
  }
}

TEST(SEC_H8, TheBodyIsAsLongAsItsLengthSays) {
  const std::string post = "h2> headers 1 :method=POST :scheme=http :path=/echo :authority=a content-length=5\n";
  EXPECT_THAT(play(begin + post + "h2> data 1 end \"12345\"\n"), HasSubstr("<h2 DATA stream=1 \"12345\""));
  for (const std::string body : {"end \"1234\"", "end \"123456\"", "end \"\""}) {
    const std::string played = play(begin + post + "h2> data 1 " + body + '\n');
    EXPECT_THAT(played, AllOf(HasSubstr("<h2 RST_STREAM stream=1 code=1"), Not(HasSubstr("end\n@")))) << body;
  }
}

TEST(SEC_H8, WhatWouldMeanSomethingInHttp1IsMalformed) {
  for (const std::string field : {"transfer-encoding=chunked", "connection=close", "proxy-connection=close", "te=gzip",
                                  "content-length=1,2", "content-length=-1"}) {
    EXPECT_THAT(play(begin + get(1, field)), Not(HasSubstr(":status=200"))) << field;
  }
  // CR, LF and NUL in a value: a literal field "x", value "a" + byte + "b".
  for (const std::string byte : {"\\r", "\\n", "\\x00"}) {
    const std::string field =
        ">> \"\\x00\\x00\\x0d\\x01\\x05\\x00\\x00\\x00\\x01\\x82\\x86\\x84\\x41\\x01a\\x00\\x01x\\x03a" + byte +
        "b\"\n";
    EXPECT_THAT(play(begin + field), Not(HasSubstr(":status=200"))) << byte;
  }
}

TEST(SEC_H12, StreamsThatAreNotTheClientsEndTheConnection) {
  for (const std::string& second : {get(2), get(0)}) {
    EXPECT_THAT(play(begin + get(3) + second), AllOf(HasSubstr("<h2 GOAWAY"), HasSubstr("code=1"))) << second;
  }
}

TEST(SEC_H12, StreamsThatGoBackGetNoAnswerAndLargeJumpsDo) {
  EXPECT_THAT(play(begin + get(3) + get(1)), Not(HasSubstr("<h2 HEADERS stream=1 ")));
  EXPECT_THAT(play(begin + get(0x7fffffff)), HasSubstr("<h2 HEADERS stream=2147483647 :status=200"));
}

TEST(SEC_H12, OneStreamMoreThanWasAllowedEndsTheConnection) {
  const auto post = [](int count) {
    std::string many = begin;
    for (int stream = 1; stream < 2 * count; stream += 2) {
      many += "h2> headers " + std::to_string(stream) + " :method=POST :scheme=http :path=/echo :authority=a\n";
    }
    return play(many);
  };
  EXPECT_THAT(post(100), Not(HasSubstr("<h2 GOAWAY")));
  EXPECT_THAT(post(101), HasSubstr("<h2 GOAWAY last=199 code=1"));
}

}  // namespace
}  // namespace turnout
