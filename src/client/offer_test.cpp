#include "client/offer.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace turnout::client {
namespace {

ResponseHead answer(std::initializer_list<Field> fields) {
  ResponseHead head(101);
  for (const Field field : fields) head.fields.add(field.name, field.value);
  return head;
}

std::string verdict(std::string_view offer, std::initializer_list<Field> fields) {
  const auto token = check_switch(answer(fields), *parse_offer(offer));
  return token ? *token : "no: " + token.error();
}

TEST(ClientOffer, TokensInAnyLetterCase) {
  EXPECT_EQ(parse_offer("http/2.0")->tokens, "HTTP/2.0");
  EXPECT_EQ(parse_offer("H2C")->tokens, "h2c");
  EXPECT_EQ(parse_offer("tls")->tokens, "TLS/1.3, TLS/1.2");
  EXPECT_EQ(parse_offer("TLS/1.2")->tokens, "TLS/1.2");
  EXPECT_EQ(parse_offer("WebSocket")->tokens, "websocket");
  for (const std::string_view text : {"", "h2", "HTTP/2", "HTTP", "TLS/1.0", "websocket ", "h2c\r\nA: b"}) {
    EXPECT_FALSE(parse_offer(text)) << text;
  }
}

TEST(LAW_L3, AValidSwitchNamesOneTokenOfTheOffer) {
  EXPECT_EQ(verdict("HTTP/2.0", {{"Upgrade", "HTTP/2.0"}, {"Connection", "Upgrade"}}), "HTTP/2.0");
  EXPECT_EQ(verdict("h2c", {{"upgrade", "H2C"}, {"connection", "keep-alive, UPGRADE"}}), "h2c");
  EXPECT_EQ(verdict("TLS", {{"Upgrade", "TLS/1.2, HTTP/1.1"}, {"Connection", "Upgrade"}}), "TLS/1.2");
  EXPECT_EQ(verdict("TLS", {{"Upgrade", "TLS/1.3"}, {"Upgrade", "HTTP/1.1"}, {"Connection", "Upgrade"}}), "TLS/1.3");
  EXPECT_EQ(verdict("TLS", {{"Upgrade", "tls/1.3"}, {"Connection", "Upgrade"}}), "TLS/1.3");
  EXPECT_EQ(verdict("websocket", {{"Upgrade", "WebSocket"}, {"Connection", "Upgrade"}}), "websocket");
}

TEST(LAW_L3, AnyOtherSwitchIsRefused) {
  const Field connection{"Connection", "Upgrade"};
  EXPECT_EQ(verdict("h2c", {connection}), "no: it has no Upgrade field");
  EXPECT_EQ(verdict("h2c", {{"Upgrade", "h2c"}}), "no: its Connection field does not say upgrade");
  EXPECT_EQ(verdict("h2c", {{"Upgrade", "h2c"}, {"Connection", "upgraded"}}),
            "no: its Connection field does not say upgrade");
  EXPECT_EQ(verdict("h2c", {{"Upgrade", "websocket"}, connection}), "no: it names websocket, but h2c was offered");
  EXPECT_EQ(verdict("HTTP/2.0", {{"Upgrade", "h2c"}, connection}), "no: it names h2c, but HTTP/2.0 was offered");
  EXPECT_EQ(verdict("HTTP/2.0", {{"Upgrade", "HTTP"}, connection}), "no: it names HTTP, but HTTP/2.0 was offered");
  EXPECT_EQ(verdict("h2c", {{"Upgrade", "h2c, websocket"}, connection}), "no: it names more than one protocol");
  EXPECT_EQ(verdict("h2c", {{"Upgrade", "h2c"}, {"Upgrade", "h2c"}, connection}),
            "no: it names more than one protocol");
  EXPECT_EQ(verdict("h2c", {{"Upgrade", "h2c, HTTP/1.1"}, connection}), "no: it names more than one protocol")
      << "only TLS has something on top of it";
  EXPECT_EQ(verdict("TLS", {{"Upgrade", "HTTP/1.1, TLS/1.2"}, connection}), "no: it names more than one protocol");
  EXPECT_EQ(verdict("TLS", {{"Upgrade", "TLS/1.2, HTTP/2.0"}, connection}), "no: it names more than one protocol");
  EXPECT_EQ(verdict("TLS", {{"Upgrade", "TLS/1.0, HTTP/1.1"}, connection}),
            "no: it names TLS/1.0, but TLS/1.3, TLS/1.2 was offered");
  EXPECT_EQ(verdict("h2c", {{"Upgrade", ""}, connection}), "no: its Upgrade field is not a list of protocols");
  EXPECT_EQ(verdict("h2c", {{"Upgrade", "h 2c"}, connection}), "no: its Upgrade field is not a list of protocols");
  EXPECT_EQ(verdict("h2c", {{"Upgrade", "h2c"}, connection, {"Content-Length", "0"}}), "no: it has a Content-Length");
  EXPECT_EQ(verdict("h2c", {{"Upgrade", "h2c"}, connection, {"Transfer-Encoding", "chunked"}}),
            "no: it has a Transfer-Encoding");
}

}  // namespace
}  // namespace turnout::client
