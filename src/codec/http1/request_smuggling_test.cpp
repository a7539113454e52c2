// Generated attacks on the request parser, each judged by properties instead of by a list of answers:
// what is accepted has no line ending but CR LF, and means the same after it was written again and read again.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "codec/http1/request_parser.h"
#include "codec/http1/request_writer.h"

namespace turnout {
namespace {

std::expected<ParsedRequest, HeadError> parse(std::string_view head) {
  return parse_request(as_bytes(head), Limits{}, false);
}

/// CR and LF only as a pair, and no other control character than HTAB.
bool has_clean_lines(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return false;
    if (byte == '\n' && (i == 0 || text[i - 1] != '\r')) return false;
    if (byte == 0x7f || (byte < 0x20 && byte != '\r' && byte != '\n' && byte != '\t')) return false;
  }
  return true;
}

PooledString write_again(const ParsedRequest& request) {
  HeadTail tail;
  if (request.framing.kind == BodyKind::length) tail.content_length = request.framing.length;
  tail.chunked = request.framing.kind == BodyKind::chunked;
  PooledString out;
  const WrittenHead written = append_request_head(out, request.head, tail);
  EXPECT_TRUE(written.complete);
  return out;
}

std::vector<std::string> other_fields(const FieldList& fields) {
  std::vector<std::string> all;
  for (Field field : fields) {
    if (is_own_field(field.name) || iequals(field.name, "host")) continue;
    all.push_back(std::string(field.name) + ":" + std::string(field.value));
  }
  return all;
}

::testing::AssertionResult holds(std::string_view head, const ParsedRequest& request) {
  if (!has_clean_lines(head)) return ::testing::AssertionFailure() << "accepted a stray control character";
  if (request.head_bytes != head.size()) return ::testing::AssertionFailure() << "another size";
  if (request.head.authority.empty()) {
    if (request.head.version == HttpVersion::http10) return ::testing::AssertionSuccess();  // cannot be asked in 1.1
    return ::testing::AssertionFailure() << "HTTP/1.1 without a host";
  }
  const PooledString again = write_again(request);
  if (!has_clean_lines(again)) return ::testing::AssertionFailure() << "wrote a stray control character";
  const auto second = parse(again);
  if (!second) return ::testing::AssertionFailure() << "wrote what is refused: " << second.error().what;
  if (second->head.method != request.head.method || second->head.target != request.head.target ||
      second->head.authority != request.head.authority || second->framing != request.framing ||
      other_fields(second->head.fields) != other_fields(request.head.fields)) {
    return ::testing::AssertionFailure() << "means something else when it is written again";
  }
  return ::testing::AssertionSuccess();
}

/// The scanner's answer to the whole, and to one byte more at a time.
std::expected<std::size_t, HeadError> scan(std::string_view bytes, std::size_t step) {
  HeadScanner scanner(HeadScanner::Kind::request);
  for (std::size_t n = step; n < bytes.size(); n += step) {
    const auto found = scanner.feed(as_bytes(bytes.substr(0, n)), Limits{});
    if (!found || *found != 0) return found;
  }
  return scanner.feed(as_bytes(bytes), Limits{});
}

constexpr std::array<std::string_view, 12> seeds = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /a?b=%20 HTTP/1.1\r\nHost: a.b:80\r\nX: y z\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    "GET http://a:81/x HTTP/1.1\r\nHost: a:81\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: [::1]:81\r\n\r\n",
    "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
    "\r\nHEAD /x HTTP/1.1\r\nHost:a\r\nA:\r\nB:  c \r\n\r\n",
    "PUT /\x7e HTTP/1.1\r\nX-Y: \xc3\xa4\r\nHost: a\r\nX-Y: \"q\"\r\n\r\n",
};

TEST(SEC_S3, EveryByteAtEveryPositionOfTwelveRequests) {
  std::size_t probes = 0, accepted = 0;
  for (std::string_view seed : seeds) {
    ASSERT_TRUE(parse(seed)) << seed;
    for (std::size_t at = 0; at < seed.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string probe(seed);
        probe[at] = static_cast<char>(byte);
        ++probes;
        const auto request = parse(probe);
        if (!request) {
          ASSERT_GE(request.error().status, 400);
          ASSERT_FALSE(request.error().what.empty());
          continue;
        }
        ++accepted;
        ASSERT_TRUE(holds(probe, *request)) << ::testing::PrintToString(probe);
      }
    }
  }
  EXPECT_GE(probes, 120'000u);
  EXPECT_GE(accepted, 12u * 256);  // or the oracle had nothing to judge
}

TEST(SEC_S3, EveryByteInsertedAndEveryByteLeftOut) {
  for (std::string_view seed : seeds) {
    for (std::size_t at = 0; at <= seed.size(); ++at) {
      for (char c : std::string_view("\r\n\0\t :,;_\x0b\x85", 11)) {
        std::string probe(seed);
        probe.insert(at, 1, c);
        if (const auto request = parse(probe)) {
          ASSERT_TRUE(holds(probe, *request)) << ::testing::PrintToString(probe);
        }
      }
      if (at == seed.size()) continue;
      std::string probe(seed);
      probe.erase(at, 1);
      if (const auto request = parse(probe)) {
        ASSERT_TRUE(holds(probe, *request)) << ::testing::PrintToString(probe);
      }
    }
  }
}

TEST(SEC_S3, TheScannerGivesOneAnswerHoweverTheBytesArrive) {
  for (std::string_view seed : seeds) {
    for (std::size_t at = 0; at < seed.size(); ++at) {
      for (char c : std::string_view("\r\n\0 x\x16", 6)) {
        std::string probe(seed);
        probe[at] = c;
        const auto whole = scan(probe, probe.size());
        ASSERT_EQ(scan(probe, 1), whole) << ::testing::PrintToString(probe);
        ASSERT_EQ(scan(probe, 7), whole) << ::testing::PrintToString(probe);
        // What it refuses, the parser would refuse as well; what it finds is what the parser takes.
        if (!whole) {
          ASSERT_FALSE(parse(probe)) << ::testing::PrintToString(probe);
        } else if (*whole != probe.size()) {
          ASSERT_FALSE(parse(probe)) << ::testing::PrintToString(probe);
        }
      }
    }
  }
}

// --- Class S2: Transfer-Encoding that one hop sees and another does not --------------------------------------------

/// What a careless reader makes of a field name: letters only, without case.
std::string letters_of(std::string_view name) {
  std::string letters;
  for (char c : name) {
    if (lower(c) >= 'a' && lower(c) <= 'z') letters.push_back(lower(c));
  }
  return letters;
}

std::vector<std::string> transfer_encoding_mutants() {
  std::vector<std::string> mutants;
  // Any byte at any seam of the line: before the name, in it, around the colon, in and behind the value, in the CR LF.
  struct Seam {
    std::string_view before, after;
  };
  constexpr Seam seams[] = {
      {"", "Transfer-Encoding: chunked\r\n"},       {"T", "ransfer-Encoding: chunked\r\n"},
      {"Transfer", "-Encoding: chunked\r\n"},       {"Transfer", "Encoding: chunked\r\n"},
      {"Transfer-Encoding", ": chunked\r\n"},       {"Transfer-Encoding", " chunked\r\n"},
      {"Transfer-Encoding:", " chunked\r\n"},       {"Transfer-Encoding:", "chunked\r\n"},
      {"Transfer-Encoding: ", "chunked\r\n"},       {"Transfer-Encoding: chu", "nked\r\n"},
      {"Transfer-Encoding: chunked", "\r\n"},       {"Transfer-Encoding: chunked\r", "\n"},
      {"Transfer-Encoding: chunked", "\n"},         {"X: y", "Transfer-Encoding: chunked\r\n"},
      {"X: y", "\nTransfer-Encoding: chunked\r\n"}, {"X: y\r", "Transfer-Encoding: chunked\r\n"},
  };
  for (const Seam& seam : seams) {
    for (int byte = 0; byte < 256; ++byte) {
      mutants.push_back(std::string(seam.before) + static_cast<char>(byte) + std::string(seam.after));
    }
  }
  // Names, separators, values and line ends that were used against one server or another, each with each.
  constexpr std::string_view names[] = {"Transfer-Encoding",  "transfer-encoding",    "TRANSFER-ENCODING",
                                        "tRANSFER-eNCODING",  "Transfer_Encoding",    "Transfer Encoding",
                                        "Transfer--Encoding", "\"Transfer-Encoding\""};
  constexpr std::string_view separators[] = {":", ": ", " : ", "\t:\t", ":\r\n ", ":\r\n\t", ":\n", ": \t", "::"};
  constexpr std::string_view values[] = {
      "chunked",           "Chunked",         "\"chunked\"",  "'chunked'",    "chunked, identity",
      "identity, chunked", "chunked,chunked", "chunked, cow", "cow, chunked", "chunked;x=y",
      "chunked;",          "xchunked",        "chunkedx",     "chunk",        "",
      "identity"};
  constexpr std::string_view ends[] = {"\r\n", "\n", "\r", " \r\n", "\r\n \r\n"};
  for (std::string_view name : names) {
    for (std::string_view separator : separators) {
      for (std::string_view value : values) {
        for (std::string_view end : ends) {
          std::string line(name);
          line.append(separator).append(value).append(end);
          mutants.push_back(line);
        }
      }
    }
  }
  // Two fields.
  for (std::string_view one : values) {
    for (std::string_view two : values) {
      mutants.push_back("Transfer-Encoding: " + std::string(one) + "\r\nTransfer-Encoding: " + std::string(two) +
                        "\r\n");
      mutants.push_back("Transfer-Encoding: " + std::string(one) + "\r\nTransfer-encoding : " + std::string(two) +
                        "\r\n");
    }
  }
  return mutants;
}

TEST(SEC_S2, NoSpellingOfTransferEncodingPassesBesideContentLength) {
  const auto mutants = transfer_encoding_mutants();
  EXPECT_GE(mutants.size(), 1768u);
  const std::string length = "Content-Length: 6\r\n";
  const std::string start = "POST / HTTP/1.1\r\nHost: a\r\n";
  std::size_t accepted = 0;
  for (const std::string& mutant : mutants) {
    for (const std::string& probe : {start + length + mutant + "\r\n", start + mutant + length + "\r\n"}) {
      const auto request = parse(probe);
      if (!request) {
        EXPECT_TRUE(request.error().status == 400 || request.error().status == 501) << ::testing::PrintToString(probe);
        continue;
      }
      ++accepted;
      ASSERT_TRUE(holds(probe, *request)) << ::testing::PrintToString(probe);
      ASSERT_EQ(request->framing, (Framing{BodyKind::length, 6})) << ::testing::PrintToString(probe);
      for (Field field : request->head.fields) {
        // A name of other letters is another field for everybody; the same letters may only be parted by a token
        // character that no reader folds away.
        ASSERT_FALSE(iequals(field.name, "transfer-encoding")) << ::testing::PrintToString(probe);
        if (letters_of(field.name) != "transferencoding") continue;
        ASSERT_TRUE(is_token(field.name)) << ::testing::PrintToString(probe);
        ASSERT_EQ(field.name.find('_'), std::string_view::npos) << ::testing::PrintToString(probe);
      }
    }
  }
  EXPECT_GE(accepted, 100u);  // other tokens, other letters: these are not Transfer-Encoding
}

TEST(SEC_S2, AloneItIsChunkedOrRefused) {
  const std::string start = "POST / HTTP/1.1\r\nHost: a\r\n";
  for (const std::string& mutant : transfer_encoding_mutants()) {
    const std::string probe = start + mutant + "\r\n";
    const auto request = parse(probe);
    if (!request) continue;
    ASSERT_TRUE(holds(probe, *request)) << ::testing::PrintToString(probe);
    const auto coding = request->head.fields.find("transfer-encoding");
    ASSERT_EQ(request->framing.kind, coding ? BodyKind::chunked : BodyKind::none) << ::testing::PrintToString(probe);
    if (coding) {
      ASSERT_TRUE(iequals(*coding, "chunked")) << ::testing::PrintToString(probe);
    }
  }
}

}  // namespace
}  // namespace turnout
