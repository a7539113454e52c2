// Laws and classes of attack that are about more than one protocol, on the whole server: each conversation is played
// as in a golden transcript, and what has to hold is looked for in what really happened.
#include <gmock/gmock.h>

#include <string>

#include "tests/support/golden.h"

namespace turnout {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

const std::string h2c_fields = "> Connection: Upgrade, HTTP2-Settings\n> Upgrade: h2c\n> HTTP2-Settings: AAMAAABk\n";
const std::string websocket_fields = "> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n> Sec-WebSocket-Version: 13\n";
const std::string extended_connect =
    "h2> headers 1 :method=CONNECT :protocol=websocket :scheme=http :path=/echo :authority=a "
    "sec-websocket-version=13\n";

TEST(LAW_L8, RequestsInsideH2cAreRoutedAndLoggedAsAnyOther) {
  const std::string played = play("> GET / HTTP/1.1\n> Host: a\n" + h2c_fields +
                                  ">\n"
                                  "h2> preface\nh2> settings\n"
                                  "h2> headers 3 end :method=GET :scheme=http :path=/secure :authority=a\n"
                                  "h2> headers 5 end :method=GET :scheme=http :path=/nowhere :authority=a\n");
  EXPECT_THAT(played,
              AllOf(HasSubstr("<h2 HEADERS stream=3 :status=403"), HasSubstr("<h2 HEADERS stream=5 :status=404"),
                    HasSubstr("@ request GET /secure 403"), HasSubstr("@ request GET /nowhere 404")));
  EXPECT_THAT(played, Not(HasSubstr("secret")));
}

TEST(LAW_L11, AnOfferThatWasPassedOnIsDeclined) {
  for (const std::string sign : {"Via: 1.1 proxy", "Forwarded: for=192.0.2.1", "X-Forwarded-For: 192.0.2.1",
                                 "X-Forwarded-Proto: http", "via: 2.0 edge"}) {
    for (const std::string& offer : {h2c_fields, std::string("> Connection: Upgrade\n> Upgrade: HTTP/2.0\n"),
                                     std::string("> Connection: Upgrade\n> Upgrade: TLS/1.2\n")}) {
      const std::string played = play("> GET / HTTP/1.1\n> Host: a\n> " + sign + '\n' + offer + ">\n");
      EXPECT_THAT(played, AllOf(HasSubstr("< HTTP/1.1 200 OK"), HasSubstr("declined passed-on"))) << sign << offer;
    }
  }
}

TEST(LAW_L11, AWebSocketMayPassProxies) {
  const std::string played =
      play("> GET /echo HTTP/1.1\n> Host: a\n> Via: 1.1 proxy\n> Connection: Upgrade\n> Upgrade: websocket\n" +
           websocket_fields + ">\n");
  EXPECT_THAT(played, HasSubstr("< HTTP/1.1 101 Switching Protocols"));
}

TEST(SEC_U8, OnlyAnUpgradeThatConnectionNamesIsTakenUp) {
  for (const bool nominated : {false, true}) {
    for (const bool offered : {false, true}) {
      for (const std::string version : {"13", "8", "7"}) {
        const std::string played =
            play("> GET /echo HTTP/1.1\n> Host: a\n" + std::string(nominated ? "> Connection: Upgrade\n" : "") +
                 std::string(offered ? "> Upgrade: websocket\n" : "") +
                 "> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n> Sec-WebSocket-Version: " + version + "\n>\n");
        const bool accepted = nominated && offered && version == "13";
        EXPECT_EQ(played.find("< HTTP/1.1 101") != std::string::npos, accepted) << played;
      }
    }
  }
}

TEST(SEC_U8, NamingOtherFieldsInConnectionRemovesNothing) {
  const std::string played = play(
      "> GET / HTTP/1.1\n> Host: a\n> Connection: close, Host, X-Forwarded-For, Via, Upgrade\n> Upgrade: HTTP/2.0\n"
      "> Via: 1.1 proxy\n>\n");
  EXPECT_THAT(played, AllOf(HasSubstr("< HTTP/1.1 200 OK"), HasSubstr("declined passed-on")));
}

TEST(SEC_U14, DataInFrontOfTheAcceptanceBelongsToTheTunnel) {
  const std::string played = play("h2> preface\nh2> settings\n" + extended_connect + "ws 1> text \"early\"\n");
  EXPECT_THAT(played, AllOf(HasSubstr("<h2 HEADERS stream=1 :status=200"), HasSubstr("\\x81\\x05early\"")));
  EXPECT_LT(played.find(":status=200"), played.find("\\x81\\x05early\""));
}

TEST(SEC_U14, OneTunnelEndsAndTheOthersGoOn) {
  const std::string second = std::string(extended_connect).replace(12, 1, "3");
  const std::string played = play("h2> preface\nh2> settings\n" + extended_connect + second +
                                  "run\nh2> rst 1 8\nrun\nws 3> text \"still here\"\n");
  EXPECT_THAT(played, HasSubstr("<h2 DATA stream=3 \"\\x81\\nstill here\""));
  EXPECT_EQ(count(played, "@ open CONNECT /echo 200 websocket"), 2u);
  EXPECT_EQ(count(played, "@ close CONNECT /echo 200 websocket"), 2u);
}

TEST(SEC_U14, WhatIsNotThereIsRefused) {
  const auto ask = [](const std::string& fields) {
    return play("h2> preface\nh2> settings\nh2> headers 1 " + fields + '\n');
  };
  EXPECT_THAT(ask(":method=CONNECT :protocol=made-up :scheme=http :path=/echo :authority=a"),
              HasSubstr("stream=1 :status=501"));
  EXPECT_THAT(ask(":method=CONNECT :protocol=h2c :scheme=http :path=/ :authority=a"), Not(HasSubstr(":status=200")));
  EXPECT_THAT(ask(":method=CONNECT :protocol=websocket :scheme=http :path=/ :authority=a sec-websocket-version=13"),
              Not(HasSubstr("@ open")));
  EXPECT_THAT(ask(":method=CONNECT :authority=169.254.169.254:80"), HasSubstr("stream=1 :status=405"));
  // :scheme and :path belong to it (RFC 8441 section 4), and :protocol to CONNECT alone.
  EXPECT_THAT(ask(":method=CONNECT :protocol=websocket :authority=a"), Not(HasSubstr(":status=200")));
  EXPECT_THAT(ask(":method=GET :protocol=websocket :scheme=http :path=/echo :authority=a sec-websocket-version=13"),
              Not(HasSubstr(":status=200")));
}

TEST(SEC_U17, UpgradeInHttp10IsIgnored) {
  for (const std::string& offer : {h2c_fields, std::string("> Connection: Upgrade\n> Upgrade: HTTP/2.0\n")}) {
    const std::string played = play("> GET / HTTP/1.0\n> Host: a\n" + offer + ">\n");
    EXPECT_THAT(played, AllOf(HasSubstr("200 OK"), HasSubstr("declined http-1.0"), Not(HasSubstr(" 101 "))));
  }
}

TEST(SEC_U17, UpgradeInHttp2IsMalformedAndNeverSent) {
  for (const std::string field : {"upgrade=websocket", "connection=upgrade", "keep-alive=5"}) {
    const std::string played = play(
        "h2> preface\nh2> settings\nh2> headers 1 end :method=GET :scheme=http :path=/ :authority=a " + field + '\n');
    EXPECT_THAT(played, AllOf(HasSubstr("<h2 RST_STREAM stream=1 code=1"), Not(HasSubstr(":status=101")))) << field;
  }
  // The same answer is a 426 with Upgrade in HTTP/1.1.
  const std::string played =
      play("h2> preface\nh2> settings\nh2> headers 1 end :method=GET :scheme=http :path=/echo :authority=a\n");
  EXPECT_THAT(played, Not(HasSubstr("upgrade=websocket")));
}

TEST(SEC_U18, EachKindOfSwitchHappensOnce) {
  // HTTP/2 has no Upgrade; what remains is to ask for it by extended CONNECT, and for a WebSocket in a WebSocket.
  for (const std::string token : {"h2c", "HTTP/2.0", "TLS/1.2", "tcp", "connect"}) {
    const std::string played =
        play("> GET / HTTP/1.1\n> Host: a\n" + h2c_fields + ">\nh2> preface\nh2> settings\nh2> ack\n" +
             "h2> headers 3 :method=CONNECT :protocol=" + token + " :scheme=http :path=/ :authority=a\n");
    EXPECT_THAT(played, Not(HasSubstr("stream=3 :status=200"))) << token;
    EXPECT_EQ(count(played, "@ open"), 1u) << token;
  }
  const std::string nested =
      play("> GET /echo HTTP/1.1\n> Host: a\n> Connection: Upgrade\n> Upgrade: websocket\n" + websocket_fields +
           ">\nrun\n> GET /echo HTTP/1.1\n> Host: a\n> Connection: Upgrade\n> Upgrade: websocket\n" + websocket_fields +
           ">\n");
  EXPECT_EQ(count(nested, "@ open"), 1u);
}

TEST(SEC_U18, AWebSocketInsideOfHttp2InsideOfAnUpgradeIsAllowed) {
  const std::string played =
      play("> GET / HTTP/1.1\n> Host: a\n" + h2c_fields + ">\nh2> preface\nh2> settings\nh2> ack\n" +
           std::string(extended_connect).replace(12, 1, "3") + "ws 3> text \"deep\"\n");
  EXPECT_THAT(played, HasSubstr("<h2 DATA stream=3 \"\\x81\\x04deep\""));
}

}  // namespace
}  // namespace turnout
