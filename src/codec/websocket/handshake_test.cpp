#include "codec/websocket/handshake.h"

#include <gtest/gtest.h>

#include <set>

#include "codec/http/base64.h"

namespace turnout::websocket {
namespace {

constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view accept_of_key = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

RequestHead http1_request() {
  RequestHead head;
  head.method = "GET";
  head.target = "/echo";
  head.authority = "example.com";
  head.fields.add("Host", "example.com");
  head.fields.add("Upgrade", "websocket");
  head.fields.add("Connection", "keep-alive, Upgrade");
  head.fields.add("Sec-WebSocket-Key", key);
  head.fields.add("Sec-WebSocket-Version", "13");
  return head;
}

RequestHead http2_request() {
  RequestHead head;
  head.version = HttpVersion::http2;
  head.secure = true;
  head.method = "CONNECT";
  head.protocol = "websocket";
  head.target = "/echo";
  head.authority = "example.com";
  head.fields.add("sec-websocket-version", "13");
  return head;
}

RequestHead with(std::string_view name, std::string_view value) {
  RequestHead head = http1_request();
  head.fields.set(name, value);
  return head;
}

RequestHead with_another(std::string_view name, std::string_view value) {
  RequestHead head = http1_request();
  head.fields.add(name, value);
  return head;
}

RequestHead without(std::string_view name) {
  RequestHead head = http1_request();
  head.fields.remove(name);
  return head;
}

void expect_fault(const RequestHead& head, int status, Why why) {
  const auto result = check_request(head);
  ASSERT_FALSE(result.has_value()) << text(why);
  EXPECT_EQ(result.error().status, status) << text(why);
  EXPECT_EQ(text(result.error().why), text(why));
}

TEST(WebSocketHandshake, TheExampleOfTheSpecification) {
  const auto handshake = check_request(http1_request());
  ASSERT_TRUE(handshake.has_value());
  EXPECT_EQ(handshake->status, 101);
  EXPECT_EQ(handshake->accept, accept_of_key);
  EXPECT_FALSE(handshake->deflate.has_value());
  FieldList fields;
  add_answer_fields(*handshake, "", fields);
  EXPECT_EQ(fields.find("Upgrade"), "websocket");
  EXPECT_EQ(fields.find("Sec-WebSocket-Accept"), accept_of_key);
  EXPECT_EQ(fields.size(), 2U);
}

TEST(WebSocketHandshake, OverHttp2ThereIsNeitherKeyNorAccept) {
  RequestHead head = http2_request();
  head.fields.add("sec-websocket-protocol", "chat");
  head.fields.add("sec-websocket-extensions", "permessage-deflate");
  const auto handshake = check_request(head);
  ASSERT_TRUE(handshake.has_value());
  EXPECT_EQ(handshake->status, 200);
  EXPECT_TRUE(handshake->deflate.has_value());
  FieldList fields;
  add_answer_fields(*handshake, "chat", fields);
  EXPECT_FALSE(fields.has("Upgrade"));
  EXPECT_FALSE(fields.has("Sec-WebSocket-Accept"));
  EXPECT_EQ(fields.find("Sec-WebSocket-Protocol"), "chat");
  EXPECT_EQ(fields.size(), 2U);

  head = http2_request();
  head.protocol = "connect-udp";
  expect_fault(head, 400, Why::unknown_protocol);
  head = http2_request();
  head.method = "GET";
  expect_fault(head, 400, Why::websocket_method);
}

TEST(SEC_W10, VersionsOtherThan13GetToldWhichOneIsSpoken) {
  for (std::string_view version : {"8", "7", "0", "14", "013", "13.0", "13, 8", "x"}) {
    const RequestHead head = with("Sec-WebSocket-Version", version);
    expect_fault(head, 426, Why::websocket_version);
    const FieldList fields = check_request(head).error().fields;
    EXPECT_EQ(fields.find("Sec-WebSocket-Version"), "13");
    EXPECT_EQ(fields.find("Upgrade"), "websocket");
  }
  // An old client has no key of this form either; the version is what it has to hear of.
  RequestHead old = with("Sec-WebSocket-Version", "8");
  old.fields.remove("Sec-WebSocket-Key");
  expect_fault(old, 426, Why::websocket_version);

  expect_fault(without("Sec-WebSocket-Version"), 400, Why::websocket_version);
  expect_fault(with_another("Sec-WebSocket-Version", "13"), 400, Why::websocket_version);

  RequestHead http2 = http2_request();
  http2.fields.set("sec-websocket-version", "12");
  expect_fault(http2, 400, Why::websocket_version);
  const FieldList fields = check_request(http2).error().fields;
  EXPECT_EQ(fields.find("Sec-WebSocket-Version"), "13");
  EXPECT_FALSE(fields.has("Upgrade"));
  http2.fields.remove("sec-websocket-version");
  expect_fault(http2, 400, Why::websocket_version);
}

TEST(SEC_W10, KeysThatAreNot16BytesInBase64) {
  for (std::string_view bad : {
           "",
           "=",
           "dGhlIHNhbXBsZSBub25jZQ=",
           "dGhlIHNhbXBsZSBub25jZQ",
           "dGhlIHNhbXBsZSBub25jZ===",
           "dGhlIHNhbXBsZSBub25jZQA=",
           "dGhlIHNhbXBsZSBub25jZQAA",
           "dGhlIHNhbXBsZSBub25j ZQ==",
           "dGhlIHNhbXBsZSBub25j-_==",
           "dGhlIHNhbXBsZSBub2==ZQ==",
           "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==",
           "\xC3\xA4hlIHNhbXBsZSBub25jZQ==",
           "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
       }) {
    expect_fault(with("Sec-WebSocket-Key", bad), 400, Why::websocket_key);
  }
  expect_fault(without("Sec-WebSocket-Key"), 400, Why::websocket_key);
  expect_fault(with_another("Sec-WebSocket-Key", key), 400, Why::websocket_key);
  // The example key of RFC 6455 section 4.1 has stray bits in its last digit.
  EXPECT_TRUE(check_request(with("Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4PEC==")).has_value());
}

TEST(SEC_W10, TheRestOfTheRequest) {
  RequestHead head = http1_request();
  head.method = "POST";
  expect_fault(head, 400, Why::websocket_method);
  head = http1_request();
  head.version = HttpVersion::http10;
  expect_fault(head, 400, Why::websocket_http_version);
  head = http1_request();
  head.authority = "";
  expect_fault(head, 400, Why::malformed);
  expect_fault(without("Connection"), 400, Why::websocket_connection);
  expect_fault(with("Connection", "keep-alive"), 400, Why::websocket_connection);
  expect_fault(with_another("Content-Length", "1"), 400, Why::websocket_body);
  expect_fault(with_another("Transfer-Encoding", "chunked"), 400, Why::websocket_body);
  EXPECT_TRUE(check_request(with_another("Content-Length", "0")).has_value());
  EXPECT_TRUE(check_request(with("Upgrade", "h2c, WebSocket")).has_value());
  EXPECT_TRUE(check_request(with("Connection", "UPGRADE")).has_value());

  for (const RequestHead& missing : {without("Upgrade"), with("Upgrade", "h2c"), with("Upgrade", "websocket/13")}) {
    expect_fault(missing, 426, Why::upgrade_required);
    const FieldList fields = check_request(missing).error().fields;
    EXPECT_EQ(fields.find("Upgrade"), "websocket");
    EXPECT_EQ(fields.find("Sec-WebSocket-Version"), "13");
  }
}

TEST(SEC_W10, SubprotocolsAreUniqueTokens) {
  RequestHead head = with("Sec-WebSocket-Protocol", "chat,  superchat\t,Chat");
  head.fields.add("Sec-WebSocket-Protocol", "v2.example.com");
  const auto handshake = check_request(head);
  ASSERT_TRUE(handshake.has_value());
  EXPECT_EQ(handshake->subprotocols, (std::vector<std::string>{"chat", "superchat", "Chat", "v2.example.com"}));

  for (std::string_view bad :
       {"", " ", ",", "chat,", ",chat", "chat,,x", "chat, chat", "a b", "a/b", "\"a\"", "a\x80"}) {
    expect_fault(with("Sec-WebSocket-Protocol", bad), 400, Why::websocket_subprotocol);
  }
  head = with("Sec-WebSocket-Protocol", "chat");
  head.fields.add("Sec-WebSocket-Protocol", "chat");
  expect_fault(head, 400, Why::websocket_subprotocol);
}

TEST(SEC_W10, ManySubprotocolsAndParametersTakeNoQuadraticTime) {
  // As much as fits into a request head; the test has no clock, it ends at once or is noticed.
  std::string protocols = "p0";
  for (int i = 1; i < 200'000; ++i) protocols += ",p" + std::to_string(i);
  const auto handshake = check_request(with("Sec-WebSocket-Protocol", protocols));
  ASSERT_TRUE(handshake.has_value());
  EXPECT_EQ(handshake->subprotocols.size(), 200'000U);

  std::string offer = "permessage-deflate";
  for (int i = 0; i < 200'000; ++i) offer += ";x=\"\\a\\b\"";
  const auto declined = check_request(with("Sec-WebSocket-Extensions", offer));
  ASSERT_TRUE(declined.has_value());
  EXPECT_FALSE(declined->deflate.has_value());
}

TEST(SEC_W10, ExtensionsOverSeveralFieldsAreOneList) {
  RequestHead head = with("Sec-WebSocket-Extensions", "x-unknown");
  head.fields.add("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits");
  const auto handshake = check_request(head);
  ASSERT_TRUE(handshake.has_value());
  ASSERT_TRUE(handshake->deflate.has_value());
  EXPECT_EQ(handshake->deflate->client_max_window_bits, 12);
  expect_fault(with("Sec-WebSocket-Extensions", "permessage-deflate;"), 400, Why::websocket_extensions);
  expect_fault(with("Sec-WebSocket-Extensions", ""), 400, Why::websocket_extensions);
}

bool allowed(std::string_view origin, std::string_view authority, bool secure = false,
             const OriginPolicy& policy = {}) {
  RequestHead head = http1_request();
  head.authority = authority;
  head.secure = secure;
  head.fields.add("Origin", origin);
  return origin_allowed(head, policy);
}

TEST(SEC_W1, OnlyTheOwnOriginMayOpenAWebSocket) {
  EXPECT_TRUE(origin_allowed(http1_request(), {}));  // not a page
  EXPECT_TRUE(allowed("http://example.com", "example.com"));
  EXPECT_TRUE(allowed("HTTP://Example.COM", "example.com"));
  EXPECT_TRUE(allowed("http://example.com:80", "example.com"));
  EXPECT_TRUE(allowed("http://example.com", "example.com:80"));
  EXPECT_TRUE(allowed("https://example.com", "example.com:443", true));
  EXPECT_TRUE(allowed("http://localhost:8101", "localhost:8101"));
  EXPECT_TRUE(allowed("https://[::1]:8443", "[::1]:8443", true));

  EXPECT_FALSE(allowed("https://example.com", "example.com"));
  EXPECT_FALSE(allowed("http://example.com", "example.com", true));
  EXPECT_FALSE(allowed("https://example.com:80", "example.com", true));
  EXPECT_FALSE(allowed("http://example.com:8080", "example.com"));
  for (std::string_view origin : {
           "null",
           "",
           "http://",
           "example.com",
           "//example.com",
           "http:example.com",
           "http://evil.example",
           "https://example.com.evil.example",
           "http://example.com.",
           "http://evil.example/http://example.com",
           "http://example.com/",
           "http://example.com@evil.example",
           "http://evil.example#example.com",
           "http://evil.example?example.com",
           "http://example.com, http://evil.example",
           "ws://example.com",
           "http://example.com http://evil.example",
           "http://example.com:99999",
           "http://example.com:80:80",
           "file://",
           "http://example.com\\evil.example",
           "http://example.com%2eevil.example",
       }) {
    EXPECT_FALSE(allowed(origin, "example.com")) << origin;
  }
  RequestHead twice = http1_request();
  twice.fields.add("Origin", "http://example.com");
  twice.fields.add("Origin", "http://example.com");
  EXPECT_FALSE(origin_allowed(twice, {}));
}

TEST(SEC_W1, APolicyCanListOthers) {
  const OriginPolicy listed{.kind = OriginPolicy::Kind::listed,
                            .listed = {"https://good.example", "null", "app://turnout"}};
  EXPECT_TRUE(allowed("https://good.example", "example.com", false, listed));
  EXPECT_TRUE(allowed("https://GOOD.example:443", "example.com", false, listed));
  EXPECT_TRUE(allowed("null", "example.com", false, listed));
  EXPECT_TRUE(allowed("app://turnout", "example.com", false, listed));
  EXPECT_TRUE(allowed("http://example.com", "example.com", false, listed));
  EXPECT_FALSE(allowed("http://good.example", "example.com", false, listed));
  EXPECT_FALSE(allowed("https://good.evil", "example.com", false, listed));
  EXPECT_FALSE(allowed("https://good.example.evil", "example.com", false, listed));
  EXPECT_FALSE(allowed("", "example.com", false, listed));
  const OriginPolicy any{.kind = OriginPolicy::Kind::any, .listed = {}};
  EXPECT_TRUE(allowed("https://evil.example", "example.com", false, any));
  EXPECT_TRUE(allowed("null", "example.com", false, any));
}

ClientOffer offer_of(std::vector<std::string> subprotocols = {}) {
  ClientOffer offer;
  offer.key = key;
  offer.subprotocols = std::move(subprotocols);
  return offer;
}

ResponseHead accepting() {
  ResponseHead answer(101);
  answer.fields.add("Upgrade", "WebSocket");
  answer.fields.add("Connection", "Upgrade");
  answer.fields.add("Sec-WebSocket-Accept", accept_of_key);
  return answer;
}

TEST(WebSocketHandshake, BothSidesMeet) {
  ClientOffer offer = offer_of({"chat", "superchat"});
  offer.key = make_key();
  for (HttpVersion version : {HttpVersion::http11, HttpVersion::http2}) {
    RequestHead head = version == HttpVersion::http2 ? http2_request() : http1_request();
    head.fields = FieldList();
    if (version != HttpVersion::http2) head.fields.add("Connection", "upgrade");
    add_request_fields(offer, version, head.fields);
    const auto server = check_request(head);
    ASSERT_TRUE(server.has_value());
    EXPECT_EQ(server->subprotocols, offer.subprotocols);
    ResponseHead answer(server->status);
    if (version != HttpVersion::http2) answer.fields.add("Connection", "Upgrade");
    add_answer_fields(*server, "superchat", answer.fields);
    const auto client = check_answer(answer, offer, version);
    ASSERT_TRUE(client.has_value());
    EXPECT_EQ(client->subprotocol, "superchat");
    EXPECT_TRUE(client->deflate.has_value());
  }
}

TEST(SEC_W11, KeysAreFresh) {
  std::set<std::string> keys;
  for (int i = 0; i < 1000; ++i) {
    const std::string fresh = make_key();
    const auto decoded = base64_decode(fresh);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->size(), 16U);
    keys.insert(fresh);
  }
  EXPECT_EQ(keys.size(), 1000U);
}

TEST(LAW_L3, AnAcceptanceThatIsNotOneIsRefused) {
  const auto why_of = [](auto change) {
    ResponseHead answer = accepting();
    change(answer);
    const auto result = check_answer(answer, offer_of({"chat"}), HttpVersion::http11);
    return result ? Why::none : result.error();
  };
  EXPECT_EQ(why_of([](ResponseHead&) {}), Why::none);
  EXPECT_EQ(why_of([](ResponseHead& answer) { answer.status = 200; }), Why::websocket_declined);
  EXPECT_EQ(why_of([](ResponseHead& answer) { answer.status = 426; }), Why::websocket_declined);
  for (std::string_view name : {"Upgrade", "Connection", "Sec-WebSocket-Accept"}) {
    EXPECT_EQ(why_of([&](ResponseHead& answer) { answer.fields.remove(name); }), Why::websocket_answer) << name;
  }
  for (const Field field :
       {Field{"Upgrade", "h2c"}, Field{"Upgrade", "websocket, h2c"}, Field{"Connection", "close"},
        Field{"Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOO="}, Field{"Sec-WebSocket-Accept", ""}}) {
    EXPECT_EQ(why_of([&](ResponseHead& answer) { answer.fields.set(field.name, field.value); }), Why::websocket_answer)
        << field.name << field.value;
  }
  for (const Field field : {Field{"Upgrade", "websocket"}, Field{"Sec-WebSocket-Accept", accept_of_key},
                            Field{"Content-Length", "0"}, Field{"Transfer-Encoding", "chunked"}}) {
    EXPECT_EQ(why_of([&](ResponseHead& answer) { answer.fields.add(field.name, field.value); }), Why::websocket_answer)
        << field.name;
  }
  for (std::string_view name : {"", "other", "Chat", "chat, chat"}) {
    EXPECT_EQ(why_of([&](ResponseHead& answer) { answer.fields.add("Sec-WebSocket-Protocol", name); }),
              Why::websocket_subprotocol)
        << name;
  }
  for (std::string_view list : {"", "x-other", "permessage-deflate; bad", "permessage-deflate;"}) {
    EXPECT_EQ(why_of([&](ResponseHead& answer) { answer.fields.add("Sec-WebSocket-Extensions", list); }),
              Why::websocket_extensions)
        << list;
  }
}

TEST(LAW_L3, OverHttp2AnyStatusOf2xxAccepts) {
  EXPECT_TRUE(check_answer(ResponseHead(200), offer_of(), HttpVersion::http2).has_value());
  EXPECT_TRUE(check_answer(ResponseHead(204), offer_of(), HttpVersion::http2).has_value());
  for (int status : {101, 300, 400, 404, 501}) {
    const auto result = check_answer(ResponseHead(status), offer_of(), HttpVersion::http2);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error(), Why::websocket_declined);
  }
}

}  // namespace
}  // namespace turnout::websocket
