#include "codec/http1/request_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace turnout {
namespace {

std::expected<ParsedRequest, HeadError> parse(std::string_view head, bool secure = false) {
  return parse_request(as_bytes(head), Limits{}, secure);
}

/// 200 where the head is accepted.
int status_of(std::string_view head, bool secure = false) {
  const auto request = parse(head, secure);
  return request ? 200 : request.error().status;
}

/// A POST with these lines between Host and the end.
std::string post(std::string_view lines) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

struct Expected {
  std::string_view text;
  int status;
};

TEST(RequestParser, SimpleGet) {
  const auto request = parse("GET /a?b=c HTTP/1.1\r\nHost: Example.COM:8101\r\nAccept:  */* \t\r\n\r\n");
  ASSERT_TRUE(request) << request.error().what;
  EXPECT_EQ(request->head.method, "GET");
  EXPECT_EQ(request->head.target, "/a?b=c");
  EXPECT_EQ(request->head.path(), "/a");
  EXPECT_EQ(request->head.query(), "b=c");
  EXPECT_EQ(request->head.authority, "example.com:8101");
  EXPECT_EQ(request->head.version, HttpVersion::http11);
  EXPECT_FALSE(request->head.secure);
  EXPECT_EQ(request->head.fields.size(), 2u);
  EXPECT_EQ(request->head.fields.find("host"), "Example.COM:8101");
  EXPECT_EQ(request->head.fields.find("accept"), "*/*");
  EXPECT_EQ(request->framing, Framing{});
  EXPECT_TRUE(request->keep_alive);
  EXPECT_FALSE(request->expect_continue);
  EXPECT_EQ(request->head_bytes, 63u);
}

TEST(RequestParser, OutlivesTheBufferItWasReadFrom) {
  std::string buffer = "GET /path/that/is/long/enough/for/the/heap HTTP/1.1\r\nHost: a.example\r\nX: y\r\n\r\n";
  const auto request = parse(buffer);
  buffer.assign(buffer.size(), '#');
  ASSERT_TRUE(request);
  EXPECT_EQ(request->head.target, "/path/that/is/long/enough/for/the/heap");
  EXPECT_EQ(request->head.fields.find("x"), "y");
}

TEST(RequestParser, ALiteralUpgradeRequest) {
  const auto request = parse("GET /index.html HTTP/1.1\r\nHost: example.com\r\nUpgrade: HTTP/2.0\r\n\r\n");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->head.fields.find("upgrade"), "HTTP/2.0");
  EXPECT_FALSE(request->head.fields.has_token("connection", "upgrade"));
}

TEST(RequestParser, OneEmptyLineMayStandBeforeTheRequestLine) {
  const auto request = parse("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->head_bytes, 29u);
  EXPECT_EQ(status_of("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

TEST(RequestParser, EveryPartOfAHeadIsRefusedForItself) {
  constexpr std::string_view head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  ASSERT_EQ(status_of(head), 200);
  for (std::size_t n = 0; n < head.size(); ++n) EXPECT_EQ(status_of(head.substr(0, n)), 400) << n;
  EXPECT_EQ(status_of(std::string(head) + "G"), 400);
}

TEST(RequestParser, Persistence) {
  struct Case {
    std::string_view version, connection;
    bool keep_alive;
  };
  constexpr Case cases[] = {
      {"1.1", "", true},
      {"1.1", "Connection: close\r\n", false},
      {"1.1", "Connection: Upgrade, CLOSE\r\n", false},
      {"1.1", "Connection: keep-alive\r\nConnection: close\r\n", false},
      {"1.1", "Connection: closed\r\n", true},
      {"1.0", "", false},
      {"1.0", "Connection: keep-alive\r\n", true},
      {"1.0", "Connection: Keep-Alive, close\r\n", false},
      {"1.0", "Connection: x\r\nConnection: , Keep-Alive\r\n", true},
  };
  for (const Case& one : cases) {
    const auto request =
        parse("GET / HTTP/" + std::string(one.version) + "\r\nHost: a\r\n" + std::string(one.connection) + "\r\n");
    ASSERT_TRUE(request) << one.connection;
    EXPECT_EQ(request->keep_alive, one.keep_alive) << one.version << one.connection;
  }
}

TEST(RequestParser, MethodsAreTokensOfThirtyTwoBytesAtMost) {
  const std::string rest = " / HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(parse("get" + rest)->head.method, "get");  // another method than GET (RFC 9110 section 9.1)
  EXPECT_EQ(status_of("M-SEARCH" + rest), 200);
  EXPECT_EQ(status_of(std::string(32, 'M') + rest), 200);
  EXPECT_EQ(status_of(std::string(33, 'M') + rest), 501);
  for (std::string_view method : {"", "G(T", "G\tT", "GET:", "\"GET\"", "G\xc3\x89T", "GET,GET", "G/T", "{GET}"}) {
    EXPECT_EQ(status_of(std::string(method) + rest), 400) << method;
  }
}

TEST(SEC_U13, ThePrefaceOfHttp2IsNeverARequest) {
  EXPECT_EQ(status_of("PRI * HTTP/2.0\r\n\r\n"), 400);
  EXPECT_EQ(status_of("PRI * HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("PRI / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

TEST(SEC_S12, VersionsAndTheRequestLine) {
  constexpr Expected cases[] = {
      {"GET / HTTP/1.1", 200},
      {"GET / HTTP/1.0", 200},
      {"GET / HTTP/1.2", 505},
      {"GET / HTTP/1.9", 505},
      {"GET / HTTP/0.9", 505},
      {"GET / HTTP/2.0", 505},
      {"GET / HTTP/3.0", 505},
      {"GET / HTTP/9.9", 505},
      {"GET / HTTP/2", 400},
      {"GET / HTTP/1.10", 400},
      {"GET / HTTP/1.01", 400},
      {"GET / HTTP/01.1", 400},
      {"GET / HTTP/1,1", 400},
      {"GET / HTTP/11", 400},
      {"GET / HTTP/1.", 400},
      {"GET / HTTP/.1", 400},
      {"GET / HTTP/1.1.1", 400},
      {"GET / http/1.1", 400},
      {"GET / HTTPS/1.1", 400},
      {"GET / HTCPCP/1.0", 400},
      {"GET / HTTP/1.1 ", 400},
      {"GET / HTTP/ 1.1", 400},
      {"GET /  HTTP/1.1", 400},
      {"GET  / HTTP/1.1", 400},
      {" GET / HTTP/1.1", 400},
      {"GET\t/ HTTP/1.1", 400},
      {"GET /\tHTTP/1.1", 400},
      {"GET / HTTP/1.1\t", 400},
      {"GET /", 400},
      {"GET / ", 400},
      {"GET", 400},
      {"GET ", 400},
      {"GET HTTP/1.1", 400},
      {"GET /\x0bHTTP/1.1", 400},
      {"GET / x HTTP/1.1", 400},
      {"GET / HTTP/1.1 HTTP/1.1", 400},
      {"GET / HTTP/1.\xb2", 400},
      {"GET / HTTP/-1.1", 400},
      {"GET / HTTP/1.1;x", 400},
  };
  for (const Expected& one : cases) {
    EXPECT_EQ(status_of(std::string(one.text) + "\r\nHost: a\r\n\r\n"), one.status) << one.text;
  }
}

TEST(SEC_S12, Http10NeedsNoHostAndKnowsNoTransferCodingAndNoExpectation) {
  EXPECT_EQ(status_of("GET / HTTP/1.0\r\n\r\n"), 200);
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  const auto request = parse("POST / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(request);
  EXPECT_FALSE(request->expect_continue);
  EXPECT_EQ(request->framing, (Framing{BodyKind::length, 3}));
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nExpect: something\r\n\r\n"), 200);
}

TEST(SEC_S6, ContentLength) {
  struct Case {
    std::string_view value;
    int status;
    std::uint64_t length;
  };
  constexpr Case cases[] = {
      {"0", 200, 0},
      {"5", 200, 5},
      {"  5\t", 200, 5},
      {"0005", 200, 5},
      {"9223372036854775807", 200, 9'223'372'036'854'775'807u},
      {"9223372036854775808", 413, 0},
      {"9999999999999999999", 413, 0},
      {"10000000000000000000", 400, 0},
      {"18446744073709551616", 400, 0},
      {"00000000000000000005", 400, 0},
      {"", 400, 0},
      {" ", 400, 0},
      {"+5", 400, 0},
      {"-5", 400, 0},
      {"-0", 400, 0},
      {"5,5", 400, 0},
      {"5, 5", 400, 0},
      {",5", 400, 0},
      {"5,", 400, 0},
      {"5 5", 400, 0},
      {"5;", 400, 0},
      {"0x5", 400, 0},
      {"5.0", 400, 0},
      {"5e0", 400, 0},
      {"5_0", 400, 0},
      {"\"5\"", 400, 0},
      {"a", 400, 0},
      {"\xd9\xa5", 400, 0},  // a digit, but not one of ASCII
      {"5\x0b", 400, 0},
  };
  for (const Case& one : cases) {
    const auto request = parse(post("Content-Length: " + std::string(one.value) + "\r\n"));
    ASSERT_EQ(request ? 200 : request.error().status, one.status) << one.value;
    if (request) {
      const BodyKind kind = one.length == 0 ? BodyKind::none : BodyKind::length;
      EXPECT_EQ(request->framing, (Framing{kind, one.length})) << one.value;
    }
  }
}

TEST(SEC_S6, ContentLengthComesOnce) {
  EXPECT_EQ(status_of(post("Content-Length: 5\r\nContent-Length: 6\r\n")), 400);
  EXPECT_EQ(status_of(post("Content-Length: 5\r\nContent-Length: 5\r\n")), 400);
  EXPECT_EQ(status_of(post("Content-Length: 0\r\ncontent-length: 0\r\n")), 400);
  EXPECT_EQ(status_of(post("CONTENT-LENGTH: 5\r\nX: y\r\nContent-Length: 5\r\n")), 400);
  EXPECT_EQ(status_of(post("Content-Length : 5\r\n")), 400);
  EXPECT_EQ(parse(post("Content-Length: 5\r\nContent-Length: 5\r\n")).error().why, Why::ambiguous_framing);
}

TEST(SEC_S1, ContentLengthAndTransferEncodingNeverTogether) {
  for (std::string_view length : {"0", "5", "6"}) {
    const std::string a = "Content-Length: " + std::string(length) + "\r\n";
    const std::string b = "Transfer-Encoding: chunked\r\n";
    for (const std::string& lines : {a + b, b + a, a + "X: y\r\n" + b, b + "X: y\r\n" + a}) {
      const auto request = parse(post(lines));
      ASSERT_FALSE(request) << lines;
      EXPECT_EQ(request.error().status, 400);
      EXPECT_EQ(request.error().why, Why::ambiguous_framing);
    }
  }
}

TEST(SEC_S2, TransferEncodingIsChunkedAlone) {
  constexpr Expected cases[] = {
      {"chunked", 200},
      {"Chunked", 200},
      {" \tCHUNKED \t", 200},
      {"gzip, chunked", 501},
      {"identity, chunked", 501},
      {"x-made-up,chunked", 501},
      {"", 400},
      {"gzip", 400},  // RFC 9112 section 6.3: chunked is not the last
      {"identity", 400},
      {"chunked, gzip", 400},
      {"chunked, chunked", 400},
      {"chunked,", 400},
      {",chunked", 400},
      {"chunked;", 400},
      {"chunked;q=1", 400},
      {"\"chunked\"", 400},
      {"'chunked'", 400},
      {"chunked chunked", 400},
      {"xchunked", 400},
      {"chunkedx", 400},
      {"chunke", 400},
      {"c\xe4hunked", 400},
      {"chunked\x0b", 400},
      {"\x0b"
       "chunked",
       400},
      {"chunked\xa0", 400},
      {"chun\tked", 400},
  };
  for (const Expected& one : cases) {
    EXPECT_EQ(status_of(post("Transfer-Encoding: " + std::string(one.text) + "\r\n")), one.status) << one.text;
  }
  EXPECT_EQ(parse(post("tRANSFER-eNCODING: chunked\r\n"))->framing.kind, BodyKind::chunked);
  EXPECT_EQ(status_of(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(status_of(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n")), 400);
  EXPECT_EQ(status_of(post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n")), 400);
}

TEST(SEC_S3, LinesEndInCrLfAndAreNotFolded) {
  using namespace std::string_view_literals;
  constexpr std::string_view lines[] = {
      "X: y\n"sv,
      "X: y\r"sv,
      "X: y\r\r\n"sv,
      "X: a\rb\r\n"sv,
      "X: a\nb\r\n"sv,
      "X: a\0b\r\n"sv,
      "X: a\x01"
      "b\r\n"sv,
      "X: a\x7f\r\n"sv,
      "X: a\r\n b\r\n"sv,
      "X: a\r\n\tb\r\n"sv,
      " X: a\r\n"sv,
      "\tX: a\r\n"sv,
      "X: a\r\n \r\n"sv,
      "X: a\x0b\r\n"sv,
      "X: a\x1b[2J\r\n"sv,
      "X: y\r\n\rX"sv,
      "\rX: y\r\n"sv,
  };
  for (std::string_view line : lines) EXPECT_EQ(status_of(post(line)), 400) << line;
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\rHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\n\r"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\n\rX"), 400);
}

TEST(SEC_S3, EveryByteInsideAValueAtEveryOffset) {
  // Long enough for whole vectors, and for what is left behind them.
  for (std::size_t size : {1u, 15u, 16u, 17u, 33u, 47u}) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string value(size, 'v');
        value[at] = static_cast<char>(byte);
        const bool allowed = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
        const auto request = parse("GET / HTTP/1.1\r\nHost: a\r\nX: " + value + "\r\n\r\n");
        ASSERT_EQ(request.has_value(), allowed) << size << ' ' << at << ' ' << byte;
        if (request) {
          ASSERT_EQ(request->head.fields.find("x"), trim(value));
        }
      }
    }
  }
}

TEST(SEC_S8, FieldNames) {
  constexpr Expected cases[] = {
      {"X: y", 200},
      {"x!#$%&'*+-.^`|~9: y", 200},
      {"X:", 200},
      {"X:y", 200},
      {"X: a:b", 200},
      {": y", 400},
      {" : y", 400},
      {"X : y", 400},
      {"X\t: y", 400},
      {"X y: z", 400},
      {"X", 400},
      {"X y", 400},
      {"X(: y", 400},
      {"X,Y: z", 400},
      {"X;: y", 400},
      {"X=y", 400},
      {"X\xc3\xa4: y", 400},
      {"X\x7f: y", 400},
      {"X\x01: y", 400},
      {"\"X\": y", 400},
      {"X/Y: z", 400},
      {"[X]: y", 400},
      {"X@: y", 400},
      {"{X}: y", 400},
      {"X\\: y", 400},
      {"X?: y", 400},
      {"<X>: y", 400},
      {"\x0bX: y", 400},
      {"\xef\xbb\xbfX: y", 400},
      {"Content-Length\x0b: 5", 400},
      {"Transfer-Encoding\xa0: chunked", 400},
  };
  for (const Expected& one : cases) {
    EXPECT_EQ(status_of(post(std::string(one.text) + "\r\n")), one.status) << one.text;
  }
  EXPECT_EQ(parse(post("X : y\r\n")).error().what, "a space stands before the colon of a field");
}

TEST(SEC_S8, EveryByteInsideANameAtEveryOffset) {
  // Long enough for whole vectors, and for what is left behind them.
  for (std::size_t size : {1u, 2u, 15u, 16u, 17u, 33u}) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        if (byte == ':' || byte == '_') continue;  // ends the name; drops the field
        std::string name(size, 'n');
        name[at] = static_cast<char>(byte);
        const auto request = parse("GET / HTTP/1.1\r\nHost: a\r\n" + name + ":v\r\n\r\n");
        ASSERT_EQ(request.has_value(), is_token_char(name[at])) << size << ' ' << at << ' ' << byte;
        if (request) {
          ASSERT_EQ(request->head.fields[1].name, name);
        }
      }
    }
  }
}

TEST(SEC_S13, NamesWithAnUnderscoreAreDropped) {
  const auto request =
      parse(post("X_Forwarded_For: 1.2.3.4\r\nX-Real: y\r\n_: z\r\nContent_Length: 7\r\n"
                 "Transfer_Encoding: chunked\r\n"));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->head.fields.size(), 2u);
  EXPECT_EQ(request->head.fields.find("x-real"), "y");
  EXPECT_EQ(request->framing, Framing{});
  // They count all the same, and have to be in order.
  EXPECT_EQ(status_of(post("X_Y : z\r\n")), 400);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "A_B: c\r\n";
  EXPECT_EQ(status_of(post(many)), 431);
}

TEST(SEC_S9, Expectations) {
  const auto request = parse(post("Expect: 100-Continue\r\nContent-Length: 5\r\n"));
  ASSERT_TRUE(request);
  EXPECT_TRUE(request->expect_continue);
  EXPECT_EQ(request->framing, (Framing{BodyKind::length, 5}));
  for (std::string_view value : {"", "x", "100-continue, x", "100-continue;q=1", "200-ok", "y 100-continue"}) {
    EXPECT_EQ(status_of(post("Expect: " + std::string(value) + "\r\n")), 417) << value;
  }
  EXPECT_EQ(status_of(post("Expect: 100-continue\r\nExpect: x\r\n")), 417);
}

TEST(SEC_S9, ABodyIsThereWhateverTheMethod) {
  for (std::string_view method : {"GET", "HEAD", "OPTIONS", "DELETE", "TRACE", "X"}) {
    const auto request = parse(std::string(method) + " / HTTP/1.1\r\nHost: a\r\nContent-Length: 44\r\n\r\n");
    ASSERT_TRUE(request) << method;
    EXPECT_EQ(request->framing, (Framing{BodyKind::length, 44})) << method;
  }
}

TEST(SEC_S10, HostIsThereOnceAndIsAHost) {
  constexpr Expected cases[] = {
      {"", 400},
      {"Host: a\r\n", 200},
      {"Host:a\r\n", 200},
      {"HOST: a:80\r\n", 200},
      {"Host: [::1]:8101\r\n", 200},
      {"Host: a:\r\n", 200},
      {"Host: a\r\nHost: a\r\n", 400},
      {"Host: a\r\nhost: b\r\n", 400},
      {"Host:\r\n", 400},
      {"Host: a, b\r\n", 400},
      {"Host: a b\r\n", 400},
      {"Host: user@a\r\n", 400},
      {"Host: a:x\r\n", 400},
      {"Host: a:65536\r\n", 400},
      {"Host: a/b\r\n", 400},
      {"Host: http://a\r\n", 400},
      {"Host: a#b\r\n", 400},
      {"Host: a\xc3\xa4\r\n", 400},
      {"Host : a\r\n", 400},
      {"H_ost: a\r\n", 400},
  };
  for (const Expected& one : cases) {
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\n" + std::string(one.text) + "\r\n"), one.status) << one.text;
  }
  EXPECT_EQ(status_of("GET / HTTP/1.0\r\nHost: a, b\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: A.Example:\r\n\r\n")->head.authority, "a.example");
}

TEST(SEC_S10, RequestTargets) {
  struct Case {
    std::string_view method, target;
    int status;
    std::string_view taken;  // head.target
  };
  constexpr Case cases[] = {
      {"GET", "/", 200, "/"},
      {"GET", "/a/../b?c=%20", 200, "/a/../b?c=%20"},
      {"GET", "//b.example/x", 200, "//b.example/x"},
      {"GET", "/%00%0d%0a", 200, "/%00%0d%0a"},  // raw here; whoever decodes it refuses it
      {"GET", "/{a}|\"b\"^`\\<>", 200, "/{a}|\"b\"^`\\<>"},
      {"GET", "/#x", 400, ""},
      {"GET", "/a#", 400, ""},
      {"GET", "/\xc3\xa4", 400, ""},
      {"GET", "/\x7f", 400, ""},
      {"GET", "/\x01", 400, ""},
      {"GET", "/a\rb", 400, ""},
      {"GET", "a", 400, ""},
      {"GET", "a/b", 400, ""},
      {"GET", "?a", 400, ""},
      {"GET", "*", 400, ""},
      {"OPTIONS", "*", 200, "*"},
      {"OPTIONS", "**", 400, ""},
      {"OPTIONS", "*/", 400, ""},
      {"options", "*", 400, ""},
      {"GET", "http://host", 200, "/"},
      {"GET", "http://host/", 200, "/"},
      {"GET", "HTTP://HOST/x", 200, "/x"},
      {"GET", "http://host?q=/", 200, "/?q=/"},
      {"GET", "http://host/x?y=http://z/", 200, "/x?y=http://z/"},
      {"OPTIONS", "http://host", 200, "*"},
      {"OPTIONS", "http://host/", 200, "/"},
      {"GET", "https://host/", 421, ""},
      {"GET", "http://other/", 400, ""},
      {"GET", "http://host:80/", 400, ""},
      {"GET", "http://host@other/", 400, ""},
      {"GET", "http://other@host/", 400, ""},
      {"GET", "http:///", 400, ""},
      {"GET", "http://", 400, ""},
      {"GET", "http:/host/", 400, ""},
      {"GET", "http:host", 400, ""},
      {"GET", "http://host\\@other/", 400, ""},
      {"GET", "http://host#/", 400, ""},
      {"GET", "ftp://host/", 400, ""},
      {"GET", "://host/", 400, ""},
      {"GET", "host:80", 400, ""},
      {"CONNECT", "host:443", 400, ""},  // Host says "host"
      {"CONNECT", "/", 400, ""},
      {"CONNECT", "*", 400, ""},
      {"CONNECT", "http://host/", 400, ""},
  };
  for (const Case& one : cases) {
    const auto request =
        parse(std::string(one.method) + " " + std::string(one.target) + " HTTP/1.1\r\nHost: Host\r\n\r\n");
    ASSERT_EQ(request ? 200 : request.error().status, one.status) << one.method << ' ' << one.target;
    if (request) {
      EXPECT_EQ(request->head.target, one.taken) << one.target;
      EXPECT_EQ(request->head.authority, "host") << one.target;
    }
  }
  EXPECT_EQ(status_of("GET https://host/ HTTP/1.1\r\nHost: host\r\n\r\n", true), 200);
  const auto old = parse("GET http://Host:81/x HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(old);
  EXPECT_EQ(old->head.authority, "host:81");
}

TEST(SEC_U15, TheTargetOfConnectIsHostAndPort) {
  const auto connect = [](std::string_view target) {
    return parse("CONNECT " + std::string(target) + " HTTP/1.1\r\nHost: " + std::string(target) + "\r\n\r\n");
  };
  const auto request = connect("Backend.example:443");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->head.target, "Backend.example:443");
  EXPECT_EQ(request->head.authority, "backend.example:443");
  EXPECT_TRUE(connect("[::1]:1"));
  EXPECT_TRUE(connect("169.254.169.254:65535"));
  for (std::string_view target : {"x", "x:", "x:0", "x:65536", "x:http", "user@x:80", "x:80#", "x:80/", "x:80?", ":80",
                                  "::1:80", "x:-1", "x:+80", "x:80:80", "*:80,y:80"}) {
    const auto refused = connect(target);
    ASSERT_FALSE(refused) << target;
    EXPECT_EQ(refused.error().status, 400) << target;
  }
}

TEST(SEC_S14, LimitsHoldInTheParserToo) {
  Limits limits;
  limits.fields_max = 3;
  limits.request_line_bytes_max = 20;
  limits.head_bytes_max = 80;
  const auto status = [&](std::string_view head) {
    const auto request = parse_request(as_bytes(head), limits, false);
    return request ? 200 : request.error().status;
  };
  EXPECT_EQ(status("GET /123456 HTTP/1.1\r\nHost: a\r\nb: c\r\nd: e\r\n\r\n"), 200);
  EXPECT_EQ(status("GET /123456 HTTP/1.1\r\nHost: a\r\nb: c\r\nd: e\r\nf: g\r\n\r\n"), 431);
  EXPECT_EQ(status("GET /1234567 HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(50, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(status_of(post("X: " + std::string(16 * 1024, 'x') + "\r\n")), 431);
}

TEST(SEC_S15, ExtremeLimitsAndLengthsDoNotWrap) {
  Limits limits;
  limits.head_bytes_max = limits.request_line_bytes_max = limits.fields_max = SIZE_MAX;
  const std::string head = "GET /" + std::string(100'000, 'a') +
                           " HTTP/1.1\r\nHost: a\r\nX: " + std::string(100'000, 'x') +
                           "\r\nContent-Length: 9223372036854775807\r\n\r\n";
  HeadScanner scanner(HeadScanner::Kind::request);
  EXPECT_EQ(scanner.feed(as_bytes(head), limits), head.size());
  const auto request = parse_request(as_bytes(head), limits, false);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->head.target.size(), 100'001u);
  EXPECT_EQ(request->head.fields.find("x")->size(), 100'000u);
  limits.head_bytes_max = limits.request_line_bytes_max = limits.fields_max = 0;
  EXPECT_FALSE(scanner.feed(as_bytes(head), limits));
  EXPECT_FALSE(parse_request(as_bytes(head), limits, false));
}

}  // namespace
}  // namespace turnout
