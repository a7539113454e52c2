#include "codec/http1/chunked.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace turnout {
namespace {

using State = ChunkedDecoder::State;

struct Decoded {
  State state = State::more;
  std::string data;
  std::size_t consumed = 0;
  std::string trailers;  // "name:value;" each
  int status = 0;        // of the error

  friend bool operator==(const Decoded&, const Decoded&) = default;
};

void PrintTo(const Decoded& decoded, std::ostream* out) {
  *out << "state " << static_cast<int>(decoded.state) << ", consumed " << decoded.consumed << ", status "
       << decoded.status << ", data " << ::testing::PrintToString(decoded.data) << ", trailers " << decoded.trailers;
}

/// Feeds `coded` in pieces of `first` bytes, then of `step` bytes.
Decoded decode(std::string_view coded, std::size_t first, std::size_t step, const Limits& limits = {}) {
  ChunkedDecoder decoder(limits);
  Decoded result;
  std::size_t piece = first;
  std::string_view rest = coded;
  while (true) {
    const std::string_view given = rest.substr(0, piece);
    const ChunkedDecoder::Step one = decoder.step(as_bytes(given));
    result.state = one.state;
    result.consumed += one.consumed;
    result.data += as_text(one.data);
    rest.remove_prefix(one.consumed);
    if (one.state == State::done || one.state == State::error) break;
    if (one.state == State::data) {
      EXPECT_FALSE(one.data.empty());
      piece = given.size() - one.consumed;
      if (piece != 0) continue;
    } else {
      EXPECT_EQ(one.consumed, given.size());  // "more" has used everything
    }
    if (rest.empty()) break;
    piece = step;
  }
  for (Field field : decoder.trailers()) {
    result.trailers += std::string(field.name) + ":" + std::string(field.value) + ";";
  }
  if (result.state == State::error) {
    result.status = decoder.error().status;
    EXPECT_FALSE(decoder.error().what.empty());
  }
  return result;
}

Decoded decode(std::string_view coded, const Limits& limits = {}) {
  return decode(coded, coded.size(), 1, limits);
}

/// 200 for a body that ended, 0 for one that goes on, or the status of the error.
int status_of(std::string_view coded, const Limits& limits = {}) {
  const Decoded decoded = decode(coded, limits);
  if (decoded.state == State::error) return decoded.status;
  return decoded.state == State::done ? 200 : 0;
}

TEST(Chunked, AWholeBody) {
  const Decoded body = decode("5\r\nhello\r\n1;a=b\r\n \r\n05\r\nworld\r\n0\r\n\r\nGET /");
  EXPECT_EQ(body.state, State::done);
  EXPECT_EQ(body.data, "hello world");
  EXPECT_EQ(body.consumed, 36u);  // what follows is the next message
}

TEST(Chunked, DataIsAViewOfTheInput) {
  const std::string_view coded = "5\r\nhello\r\n";
  ChunkedDecoder decoder{Limits{}};
  const auto step = decoder.step(as_bytes(coded));
  EXPECT_EQ(as_text(step.data).data(), coded.data() + 3);
  EXPECT_EQ(step.consumed, 8u);
  EXPECT_EQ(step.state, State::data);
}

TEST(Chunked, ItEndsOnceAndStaysEnded) {
  ChunkedDecoder decoder{Limits{}};
  EXPECT_EQ(decoder.step(as_bytes("0\r\n\r\n")).state, State::done);
  const auto step = decoder.step(as_bytes("5\r\nhello"));
  EXPECT_EQ(step.state, State::done);
  EXPECT_EQ(step.consumed, 0u);
  EXPECT_EQ(decoder.step({}).state, State::done);
}

TEST(Chunked, AnErrorStays) {
  ChunkedDecoder decoder{Limits{}};
  EXPECT_EQ(decoder.step(as_bytes("x")).state, State::error);
  EXPECT_EQ(decoder.step(as_bytes("0\r\n\r\n")).state, State::error);
  EXPECT_EQ(decoder.step({}).state, State::error);
}

TEST(Chunked, WhereverTheInputIsCutTheResultIsTheSame) {
  for (std::string_view coded :
       {"5\r\nhello\r\n6;x\r\n world\r\n0\r\n\r\n",
        "A;a=\"q\\\"\";b\r\n0123456789\r\n000;z=1\r\nT: u\r\nV:\tw x \r\n\r\nrest", "5\r\nhelloX\r\n0\r\n\r\n",
        "5 \r\nhello\r\n", "0\r\nBad Name: x\r\n\r\n", "0\r\n\n", "1\r\na\n", "4;\nABCD\r\n0\r\n\r\n"}) {
    const Decoded whole = decode(coded);
    for (std::size_t cut = 1; cut < coded.size(); ++cut) {
      EXPECT_EQ(decode(coded, cut, coded.size()), whole) << coded << " cut at " << cut;
      EXPECT_EQ(decode(coded, cut, 1), whole) << coded << " cut at " << cut << ", then single bytes";
    }
  }
}

TEST(SEC_S5, ChunkSizeForms) {
  struct Case {
    std::string_view size;
    int status;  // of a body of one chunk with three bytes
  };
  using namespace std::string_view_literals;
  constexpr Case cases[] = {
      {"3", 200},
      {"03", 200},
      {"0000000000000003", 200},
      {"00000000000000003", 400},
      {"", 400},
      {" 3", 400},
      {"3 ", 400},
      {"\t3", 400},
      {"3\t", 400},
      {"+3", 400},
      {"-3", 400},
      {"0x3", 400},
      {"0X3", 400},
      {"x3", 400},
      {"3h", 400},
      {"3_", 400},
      {"_3", 400},
      {"3.0", 400},
      {"3,3", 400},
      {"3:", 400},
      {"3\0"sv, 400},
      {"\0"
       "3"sv,
       400},
      {"3\x0b", 400},
      {"3\r", 400},
      {"3\n", 400},
      {"\n3", 400},
      {"\r\n3", 400},
      {"\"3\"", 400},
      {"'3", 400},
      {"3=", 400},
      {"g", 400},
      {"\xef\xbc\x93", 400},
      {"3\xa0", 400},
      {"3\x85", 400},
      {"3e0", 0},
      {"8000000000000000", 413},
      {"ffffffffffffffff", 413},
      {"FFFFFFFFFFFFFFFE", 413},
      {"fffffffffffffffff", 400},
      {"10000000000000003", 400},
      {"7fffffffffffffff", 0},
      {"100000003", 0},
      {"3)", 400},
  };
  static_assert(std::size(cases) >= 40);
  for (const Case& one : cases) {
    EXPECT_EQ(status_of(std::string(one.size) + "\r\nabc\r\n0\r\n\r\n"), one.status)
        << ::testing::PrintToString(one.size);
  }
}

TEST(SEC_S5, EveryByteAfterTheFirstDigit) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    ChunkedDecoder decoder{Limits{}};
    const bool goes_on = hex_value(c) >= 0 || c == ';' || c == '\r';
    EXPECT_EQ(decoder.step(as_bytes(std::string("1") + c)).state, goes_on ? State::more : State::error) << byte;
  }
}

TEST(SEC_S5, DataIsExactlyAsLongAsItsSize) {
  EXPECT_EQ(status_of("3\r\nabcd\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(status_of("3\r\nab\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(status_of("3\r\nabc0\r\n\r\n"), 400);
  EXPECT_EQ(status_of("3\r\nabc\n0\r\n\r\n"), 400);
  EXPECT_EQ(status_of("3\r\nabc\r0\r\n\r\n"), 400);
  EXPECT_EQ(status_of("3\r\nabc\r\n\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(status_of("3\nabc\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(status_of("3\r\nabc\r\n"), 0);
  EXPECT_EQ(status_of("3\r\n\r\n\r\r\n0\r\n\r\n"), 200);  // line ends inside the data are data
}

TEST(SEC_S4, ChunkExtensions) {
  struct Case {
    std::string_view extension;
    int status;
  };
  using namespace std::string_view_literals;
  constexpr Case cases[] = {
      {";a", 200},
      {";a=b", 200},
      {";a=b;c;d=e", 200},
      {";a=\"\"", 200},
      {";a=\"b c\t;,=\xc3\xa4\"", 200},
      {";a=\"\\\"\\\\\"", 200},
      {";a=\"b\";c", 200},
      {";", 400},
      {";;", 400},
      {";a;", 400},
      {";=b", 400},
      {";a=", 400},
      {";a==b", 400},
      {";a=b=c", 400},
      {"; a", 400},
      {" ;a", 400},
      {";a ", 400},
      {";a =b", 400},
      {";a= b", 400},
      {";a=\"b", 400},
      {";a=b\"", 400},
      {";a=\"b\"c", 400},
      {";a=\"\\", 400},
      {";a\n", 400},
      {";\n", 400},
      {";a\rb", 400},
      {";a=\"\r\n\"", 400},
      {";a=\"\\\r\n\"", 400},
      {";a=\"\n\"", 400},
      {";a\0"sv, 400},
      {";a=\"\0\""sv, 400},
      {";a=\"\x7f\"", 400},
      {";(", 400},
      {";a=,", 400},
      {",a", 400},
      {";a=\xc3\xa4", 400},
      {";\xc3\xa4", 400},
  };
  for (const Case& one : cases) {
    const std::string coded = "3" + std::string(one.extension) + "\r\nabc\r\n0\r\n\r\n";
    EXPECT_EQ(status_of(coded), one.status) << one.extension;
    EXPECT_EQ(status_of("0" + std::string(one.extension) + "\r\n\r\n"), one.status) << one.extension;
  }
  // The form behind CVE-2025-55315: one hop ends the line at LF, the other does not.
  EXPECT_EQ(status_of("4;\nABCD\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(status_of("2;\nxx\r\n44\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n"), 400);
}

TEST(SEC_S4, ExtensionsAreBoundedOverTheWholeBody) {
  EXPECT_EQ(status_of("1;" + std::string(4095, 'a') + "\r\nx\r\n0\r\n\r\n"), 200);
  EXPECT_EQ(status_of("1;" + std::string(4096, 'a') + "\r\nx\r\n0\r\n\r\n"), 413);
  EXPECT_EQ(status_of("1;" + std::string(64 * 1024, 'a')), 413);
  EXPECT_EQ(status_of("1;a=\"" + std::string(64 * 1024, 'a')), 413);
  EXPECT_EQ(status_of("1;a=\"" + std::string(64 * 1024, '\\')), 413);
  std::string many;
  for (int i = 0; i < 1024; ++i) many += "1;abc\r\nx\r\n";  // four bytes each, with the semicolon
  EXPECT_EQ(status_of(many + "0\r\n\r\n"), 200);
  EXPECT_EQ(status_of(many + "1;a\r\nx\r\n0\r\n\r\n"), 413);
}

TEST(SEC_S7, Trailers) {
  const Decoded body = decode("0\r\nX-Checksum:  abc \r\nServer-Timing: a\r\nX-Checksum: d\r\n\r\n");
  EXPECT_EQ(body.state, State::done);
  EXPECT_EQ(body.trailers, "X-Checksum:abc;Server-Timing:a;X-Checksum:d;");
}

TEST(SEC_S7, TrailersThatWouldSteerSomethingAreDiscarded) {
  for (std::string_view name : {"Content-Length",
                                "Transfer-Encoding",
                                "Host",
                                "Connection",
                                "Upgrade",
                                "TE",
                                "Trailer",
                                "Expect",
                                "Authorization",
                                "Proxy-Authorization",
                                "Cookie",
                                "Set-Cookie",
                                "Content-Type",
                                "Content-Encoding",
                                "Content-Range",
                                "Range",
                                "Via",
                                "If-Match",
                                "Cache-Control",
                                "Max-Forwards",
                                "Forwarded",
                                "X-Forwarded-For",
                                "x-forwarded-host",
                                "HTTP2-Settings",
                                "Sec-WebSocket-Key",
                                "Origin",
                                "X_Real_IP",
                                "KEEP-ALIVE",
                                "Location"}) {
    const Decoded body = decode("0\r\nA: b\r\n" + std::string(name) + ": 1\r\n\r\n");
    EXPECT_EQ(body.state, State::done) << name;
    EXPECT_EQ(body.trailers, "A:b;") << name;
  }
}

TEST(SEC_S7, TrailersAreAsStrictAsFields) {
  using namespace std::string_view_literals;
  for (std::string_view line :
       {"X : y\r\n"sv, ": y\r\n"sv, " X: y\r\n"sv, "X: y\n"sv, "X: a\r\n b\r\n"sv, "X: a\0\r\n"sv, "X\r\n"sv,
        "X: a\rb\r\n"sv, "\n"sv, "\rX: y\r\n"sv, "GET / HTTP/1.1\r\n"sv}) {
    EXPECT_EQ(status_of("0\r\n" + std::string(line) + "\r\n"), 400) << line;
  }
}

TEST(SEC_S7, TrailersAreBounded) {
  EXPECT_EQ(status_of("0\r\nX: " + std::string(8 * 1024 - 7, 'y') + "\r\n\r\n"), 200);
  EXPECT_EQ(status_of("0\r\nX: " + std::string(8 * 1024 - 6, 'y') + "\r\n\r\n"), 431);
  EXPECT_EQ(status_of("0\r\n" + std::string(1 << 20, 'y')), 431);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "A: b\r\n";
  EXPECT_EQ(status_of("0\r\n" + many + "\r\n"), 200);
  EXPECT_EQ(status_of("0\r\n" + many + "A: b\r\n\r\n"), 431);
}

TEST(SEC_S3, EveryByteAtEveryPositionOfAChunkedBody) {
  constexpr std::string_view coded = "3;a=\"b\"\r\nabc\r\n0\r\nT: u\r\n\r\n";
  const Decoded sound = decode(coded);
  ASSERT_EQ(sound.state, State::done);
  for (std::size_t at = 0; at < coded.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string probe(coded);
      probe[at] = static_cast<char>(byte);
      const Decoded whole = decode(probe);
      ASSERT_EQ(decode(probe, 1, 1), whole) << ::testing::PrintToString(probe);
      if (whole.state != State::done) continue;
      // A body that is accepted ended where its last empty line is, and only its data may hold strange bytes.
      ASSERT_TRUE(std::string_view(probe).substr(0, whole.consumed).ends_with("\r\n\r\n"))
          << ::testing::PrintToString(probe);
      const bool control = byte < 0x20 || byte == 0x7f;
      const bool in_data = at >= 9 && at < 12;
      ASSERT_TRUE(!control || in_data || byte == '\t' || probe == coded) << ::testing::PrintToString(probe);
    }
  }
}

TEST(ChunkedWriter, WhatIsWrittenIsRead) {
  PooledString out;
  std::array<char, chunk_head_bytes_max> head;
  for (std::size_t size : {1u, 15u, 16u, 255u, 256u, 65536u}) {
    out.append(write_chunk_head(head, size)).append(size, 'x').append(chunk_end);
  }
  FieldList trailers;
  trailers.add("X-Checksum", "abc");
  EXPECT_TRUE(append_last_chunk(out, trailers));
  const Decoded body = decode(out);
  EXPECT_EQ(body.state, State::done);
  EXPECT_EQ(body.data.size(), 1u + 15 + 16 + 255 + 256 + 65536);
  EXPECT_EQ(body.trailers, "X-Checksum:abc;");
  EXPECT_EQ(body.consumed, out.size());
}

TEST(ChunkedWriter, TheLargestSizeFits) {
  std::array<char, chunk_head_bytes_max> head;
  EXPECT_EQ(write_chunk_head(head, UINT64_MAX), "ffffffffffffffff\r\n");
  EXPECT_EQ(write_chunk_head(head, 0x1a2b), "1a2b\r\n");
}

TEST(SEC_S11, ATrailerCannotSplitTheBody) {
  FieldList trailers;
  trailers.add("A", "b\r\n\r\nHTTP/1.1 200 OK");
  trailers.add("C\r\nD", "e");
  trailers.add("Content-Length", "5");
  trailers.add("F", "g");
  PooledString out;
  EXPECT_FALSE(append_last_chunk(out, trailers));
  EXPECT_EQ(out, "0\r\nF: g\r\n\r\n");
}

}  // namespace
}  // namespace turnout
