#include "proxy/switch_translation.h"

#include <gtest/gtest.h>

#include "codec/websocket/handshake.h"
#include "proxy/forwarding.h"

namespace turnout {
namespace {

RequestHead websocket_over(HttpVersion version) {
  RequestHead head;
  head.version = version;
  head.method = version == HttpVersion::http2 ? "CONNECT" : "GET";
  if (version == HttpVersion::http2) head.protocol = "websocket";
  head.target = "/chat";
  head.authority = "a";
  head.fields.add("Sec-WebSocket-Version", "13");
  head.fields.add("Sec-WebSocket-Protocol", "chat, other");
  head.fields.add("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits");
  if (version != HttpVersion::http2) head.fields.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  return head;
}

/// What an honest server of that version answers.
ResponseHead accepting(const SwitchRequest& asked) {
  ResponseHead answer(asked.version == HttpVersion::http2 ? 200 : 101);
  if (asked.version == HttpVersion::http11) {
    answer.fields.add("Upgrade", asked.token);
    answer.fields.add("Connection", "keep-alive, Upgrade");
    if (asked.token == "websocket") answer.fields.add("Sec-WebSocket-Accept", websocket::accept_for(asked.key));
  }
  if (asked.token == "websocket") answer.fields.add("Sec-WebSocket-Protocol", "chat");
  return answer;
}

TEST(SwitchTranslation, EveryWayThereAndBack) {
  for (const HttpVersion client : {HttpVersion::http11, HttpVersion::http2}) {
    for (const HttpVersion upstream : {HttpVersion::http11, HttpVersion::http2}) {
      const RequestHead head = websocket_over(client);
      const SwitchRequest asked = switch_request(head, "websocket", upstream);
      EXPECT_EQ(asked.head.target, "/chat");
      EXPECT_EQ(asked.head.fields.find("Sec-WebSocket-Version"), "13");
      if (upstream == HttpVersion::http2) {
        EXPECT_EQ(asked.head.method, "CONNECT");
        EXPECT_EQ(asked.head.protocol, "websocket");
        EXPECT_FALSE(asked.head.fields.has("Sec-WebSocket-Key"));
        EXPECT_FALSE(asked.head.fields.has("Upgrade"));
      } else {
        EXPECT_EQ(asked.head.method, "GET");
        EXPECT_EQ(asked.head.protocol, "");
        EXPECT_EQ(asked.head.fields.find("Upgrade"), "websocket");
        EXPECT_EQ(asked.head.fields.find("Sec-WebSocket-Key"), asked.key);
        EXPECT_EQ(asked.key.size(), 24u);
      }
      const ResponseHead answer = accepting(asked);
      EXPECT_TRUE(is_switch_answer(answer.status, upstream));
      EXPECT_EQ(check_switch_answer(answer, asked), Why::none);
      const FieldList fields = switch_answer_fields(forward_response(answer, {}), asked, head);
      EXPECT_EQ(fields.find("Sec-WebSocket-Protocol"), "chat");
      EXPECT_FALSE(fields.has("Upgrade"));
      if (client == HttpVersion::http2) {
        EXPECT_FALSE(fields.has("Sec-WebSocket-Accept"));
      } else {
        EXPECT_EQ(fields.find("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
      }
    }
  }
}

TEST(SEC_W11, KeysOfOurOwnDiffer) {
  const SwitchRequest one = switch_request(websocket_over(HttpVersion::http2), "websocket", HttpVersion::http11);
  const SwitchRequest two = switch_request(websocket_over(HttpVersion::http2), "websocket", HttpVersion::http11);
  EXPECT_NE(one.key, two.key);
}

TEST(SwitchTranslation, AnyOtherToken) {
  RequestHead head;
  head.version = HttpVersion::http2;
  head.method = "CONNECT";
  head.protocol = "tcp";
  head.target = "/exec";
  const SwitchRequest asked = switch_request(head, "tcp", HttpVersion::http11);
  EXPECT_EQ(asked.head.method, "GET");
  EXPECT_EQ(asked.head.fields.find("Upgrade"), "tcp");
  EXPECT_FALSE(asked.head.fields.has("Sec-WebSocket-Key"));
  EXPECT_EQ(check_switch_answer(accepting(asked), asked), Why::none);
}

TEST(LAW_L3, WhatAnAnswerMayNotSay) {
  const SwitchRequest asked = switch_request(websocket_over(HttpVersion::http11), "websocket", HttpVersion::http11);
  const auto check_with = [&](auto change) {
    ResponseHead answer = accepting(asked);
    change(answer.fields);
    return check_switch_answer(answer, asked);
  };
  EXPECT_EQ(check_with([](FieldList& fields) { fields.set("Upgrade", "h2c"); }), Why::switch_token);
  EXPECT_EQ(check_with([](FieldList& fields) { fields.set("Upgrade", "websocket, x"); }), Why::switch_token);
  EXPECT_EQ(check_with([](FieldList& fields) { fields.add("Upgrade", "websocket"); }), Why::switch_token);
  EXPECT_EQ(check_with([](FieldList& fields) { fields.remove("Connection"); }), Why::switch_token);
  EXPECT_EQ(check_with([](FieldList& fields) { fields.add("Content-Length", "0"); }), Why::switch_with_length);
  EXPECT_EQ(check_with([](FieldList& fields) { fields.add("Transfer-Encoding", "chunked"); }), Why::switch_with_length);
  EXPECT_EQ(check_with([](FieldList& fields) { fields.set("Sec-WebSocket-Accept", "x"); }), Why::websocket_answer);
  EXPECT_EQ(check_with([](FieldList& fields) { fields.set("Sec-WebSocket-Protocol", "Chat"); }), Why::websocket_answer);
  EXPECT_EQ(check_with([](FieldList& fields) { fields.add("Sec-WebSocket-Protocol", "chat"); }), Why::websocket_answer);
  EXPECT_EQ(check_with([](FieldList& fields) { fields.add("Sec-WebSocket-Extensions", "x-other"); }),
            Why::websocket_answer);
  EXPECT_EQ(check_with([](FieldList& fields) { fields.add("Sec-WebSocket-Extensions", "permessage-deflate"); }),
            Why::none);
}

}  // namespace
}  // namespace turnout
