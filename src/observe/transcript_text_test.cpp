#include "observe/transcript_text.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace turnout {
namespace {

TranscriptEntry example() {
  TranscriptEntry entry;
  entry.kept = KeptFor::error;
  entry.time_ms = 1'790'000'000'123;
  entry.tunnel_id = 7;
  entry.client = *parse_address("192.0.2.7:50000");
  entry.listener = *parse_address("[2001:db8::1]:80");
  entry.route = "chat";
  entry.via = Via::h1_upgrade;
  entry.method = "GET";
  entry.authority = "example.com";
  entry.target = "/chat?token=[masked, 6 bytes]";
  entry.fields = {{"Host", "example.com"}, {"Cookie", "[masked, 9 bytes]"}};
  entry.fields_left_out = 3;
  entry.offer = "h2c, websocket";
  entry.token = "websocket";
  entry.token_name = "websocket";
  entry.status = 101;
  entry.outcome = "accepted";
  entry.reason = Why::accepted;
  entry.events = {{.kind = EventKind::entered, .name = "http1"},
                  {.kind = EventKind::refused, .why = Why::websocket_key, .status = 400, .at_ms = 5},
                  {.kind = EventKind::switched, .why = Why::accepted, .bytes = 12, .at_ms = 9, .name = "websocket"}};
  entry.events_left_out = 1;
  entry.upstream = "app/10.0.0.1:80";
  entry.closed = TranscriptEntry::Closed{"client", Why::websocket_frame};
  entry.time_taken_ms = 1500;
  entry.bytes_in = 11;
  entry.bytes_out = 22;
  return entry;
}

TEST(TranscriptText, JsonIsOneLineWithAllThatIsKnown) {
  std::string line;
  append_json(example(), line);
  EXPECT_EQ(
      line,
      R"-({"version":1,"kept":"error","time":"2026-09-21T14:13:20.123Z","tunnel_id":"7","client":"192.0.2.7:50000",)-"
      R"-("listener":"[2001:db8::1]:80","route":"chat","upstream":"app/10.0.0.1:80","via":"h1-upgrade",)-"
      R"-("http_version":"HTTP/1.1","secure":false,"method":"GET","authority":"example.com",)-"
      R"-("target":"/chat?token=[masked, 6 bytes]","fields":[{"name":"Host","value":"example.com"},)-"
      R"-({"name":"Cookie","value":"[masked, 9 bytes]"}],"fields_left_out":3,"offer":"h2c, websocket",)-"
      R"-("token":"websocket","status":101,"outcome":"accepted","reason":"accepted",)-"
      R"-("explanation":"the offer was accepted","events":[{"at_ms":0,"event":"enter","name":"http1"},)-"
      R"-({"at_ms":5,"event":"refuse","status":400,"reason":"websocket-key",)-"
      R"-("explanation":"Sec-WebSocket-Key must be 16 bytes in base64, once (RFC 6455 4.2.1)"},)-"
      R"-({"at_ms":9,"event":"switch","name":"websocket","early_bytes":12,"reason":"accepted",)-"
      R"-("explanation":"the offer was accepted"}],"events_left_out":1,"closed":{"by":"client",)-"
      R"-("reason":"websocket-frame","explanation":"a frame breaks the rules of framing (RFC 6455 5.2)"},)-"
      R"-("time_taken_ms":1500,"bytes_in":11,"bytes_out":22})-"
      "\n");
}

TEST(TranscriptText, WhatIsNotKnownIsNull) {
  std::string line;
  append_json({}, line);
  EXPECT_EQ(line,
            R"({"version":1,"kept":"recent","time":"1970-01-01T00:00:00.000Z","tunnel_id":null,"client":"[::]:0",)"
            R"("listener":"[::]:0","route":null,"upstream":null,"via":null,"http_version":"HTTP/1.1","secure":false,)"
            R"("method":null,"authority":null,"target":null,"fields":[],"fields_left_out":0,"offer":null,"token":null,)"
            R"("status":0,"outcome":null,"reason":null,"explanation":null,"events":[],"events_left_out":0,)"
            R"("closed":null,"time_taken_ms":null,"bytes_in":0,"bytes_out":0})"
            "\n");
}

TEST(TranscriptText, ForAPerson) {
  std::string out;
  append_text(example(), out);
  EXPECT_EQ(out, R"(2026-09-21T14:13:20.123Z  tunnel 7, kept for: error
  from      192.0.2.7:50000 to [2001:db8::1]:80, in cleartext
  route     chat -> app/10.0.0.1:80
  request   GET /chat?token=[masked, 6 bytes] HTTP/1.1
  for       example.com
            Host: example.com
            Cookie: [masked, 9 bytes]
            and 3 more fields
  offered   h2c, websocket (h1-upgrade)
  answer    101, websocket, accepted
  events    0 ms enter http1
            5 ms refuse 400: websocket-key (Sec-WebSocket-Key must be 16 bytes in base64, once (RFC 6455 4.2.1))
            9 ms switch websocket, 12 bytes had come for it
            and 1 more
  closed    by client: websocket-frame (a frame breaks the rules of framing (RFC 6455 5.2))
  took      1500 ms, 11 bytes in, 22 bytes out
)");
}

TEST(TranscriptText, SEC_O4_NoByteOfAClientEndsALineOrReachesATerminal) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  TranscriptEntry entry;
  entry.method = entry.target = entry.authority = entry.offer = entry.token = entry.route = all;
  entry.fields = {{all, all}};
  entry.events = {{.name = all}};
  entry.upstream = all;
  std::string line;
  append_json(entry, line);
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
  EXPECT_EQ(line.back(), '\n');
  EXPECT_TRUE(std::ranges::none_of(line.substr(0, line.size() - 1),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
  TranscriptEntry plain = entry;
  plain.method = plain.target = plain.authority = plain.offer = plain.token = plain.route = plain.upstream = "a";
  plain.fields = {{"a", "a"}};
  plain.events = {{.name = "a"}};
  std::string text;
  std::string plain_text;
  append_text(entry, text);
  append_text(plain, plain_text);
  EXPECT_EQ(std::ranges::count(text, '\n'), std::ranges::count(plain_text, '\n'));
  EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return c == '\n' || (c >= 0x20 && c < 0x7f); }));
}

}  // namespace
}  // namespace turnout
