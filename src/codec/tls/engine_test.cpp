#include "codec/tls/engine.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>

#include "tests/support/tls_pair.h"

namespace turnout {
namespace {

/// Every version, so that a test says what holds for both.
class EngineOfEveryVersion : public ::testing::TestWithParam<TlsVersion> {
 protected:
  TlsConnect connect(std::string host = "localhost") const { return {std::move(host), GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(Tls, EngineOfEveryVersion, ::testing::Values(TlsVersion::tls_1_2, TlsVersion::tls_1_3),
                         [](const auto& info) { return info.param == TlsVersion::tls_1_2 ? "Tls12" : "Tls13"; });

std::string pattern_bytes(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 31 + i / 251);
  return out;
}

TEST_P(EngineOfEveryVersion, HandshakeWithInputSplitAtEveryPiece) {
  const auto server = test_server_context();
  const auto client = test_client_context({"http/1.1"});
  for (std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, ~std::size_t{0}}) {
    TlsPair pair(server, client, connect());
    ASSERT_TRUE(pair.handshake(piece)) << piece;
    EXPECT_EQ(pair.server.info().version, GetParam());
    EXPECT_EQ(pair.server.info().alpn, "http/1.1");
    EXPECT_EQ(pair.client.info().alpn, "http/1.1");
    EXPECT_EQ(pair.server.info().server_name, "localhost");
    EXPECT_FALSE(pair.server.info().cipher.empty());
    EXPECT_FALSE(pair.server.info().resumed);
    EXPECT_EQ(pair.server.why(), Why::none);
    EXPECT_EQ(ERR_peek_error(), 0u);
  }
}

TEST_P(EngineOfEveryVersion, EveryBytePositionOfAClientHelloMayEndAPiece) {
  const auto server = test_server_context();
  const auto client_context = test_client_context({"h2"});
  TlsEngine client(client_context, connect());
  Bytes nothing;
  ASSERT_EQ(client.handshake(nothing).status, TlsStatus::want_read);
  const std::string hello(as_text(client.output()));
  for (std::size_t cut = 0; cut <= hello.size(); ++cut) {
    TlsEngine engine(server);
    Bytes first = as_bytes(hello).first(cut);
    ASSERT_EQ(engine.handshake(first).status, TlsStatus::want_read) << cut;
    EXPECT_TRUE(first.empty());
    EXPECT_EQ(engine.output().empty(), cut != hello.size()) << cut;
    Bytes second = as_bytes(hello).subspan(cut);
    ASSERT_EQ(engine.handshake(second).status, TlsStatus::want_read) << cut;
    EXPECT_FALSE(engine.output().empty()) << cut;
  }
}

TEST_P(EngineOfEveryVersion, CarriesBytesBothWaysInAnyPieces) {
  TlsPair pair(test_server_context(), test_client_context(), connect());
  ASSERT_TRUE(pair.handshake());
  const std::string up = pattern_bytes(40'000);
  const std::string down = pattern_bytes(50'000);
  ASSERT_EQ(pair.client.write(as_bytes(up)).n, up.size());
  ASSERT_EQ(pair.server.write(as_bytes(down)).n, down.size());
  EXPECT_EQ(pair.server_reads(1), up);
  EXPECT_EQ(pair.client_reads(777), down);
  EXPECT_EQ(pair.last.status, TlsStatus::want_read);
}

TEST_P(EngineOfEveryVersion, CloseNotifyEndsOneDirectionOnly) {
  TlsPair pair(test_server_context(), test_client_context(), connect());
  ASSERT_TRUE(pair.handshake());
  pair.client.write(as_bytes("last words"));
  EXPECT_EQ(pair.client.close_notify().status, TlsStatus::done);
  EXPECT_EQ(pair.server_reads(), "last words");
  EXPECT_EQ(pair.last.status, TlsStatus::end);
  EXPECT_EQ(pair.server.why(), Why::none);

  ASSERT_EQ(pair.server.write(as_bytes("the answer")).n, 10u);
  EXPECT_EQ(pair.server.close_notify().status, TlsStatus::done);
  EXPECT_EQ(pair.client_reads(), "the answer");
  EXPECT_EQ(pair.last.status, TlsStatus::end);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST_P(EngineOfEveryVersion, CloseNotifyTwiceIsSentOnce) {
  TlsPair pair(test_server_context(), test_client_context(), connect());
  ASSERT_TRUE(pair.handshake());
  pair.server_reads();
  pair.server.close_notify();
  const std::size_t size = pair.server.output().size();
  pair.server.close_notify();
  EXPECT_EQ(pair.server.output().size(), size);
}

TEST_P(EngineOfEveryVersion, WhatFollowsCloseNotifyIsNotTaken) {
  TlsPair pair(test_server_context(), test_client_context(), connect());
  ASSERT_TRUE(pair.handshake());
  pair.client.close_notify();
  pair.to_server.take_output(pair.client);
  pair.to_server.bytes += "trailing";
  EXPECT_EQ(pair.server_reads(), "");
  EXPECT_EQ(pair.last.status, TlsStatus::end);
  EXPECT_EQ(pair.to_server.bytes, "trailing");
}

// A bulk writer is held at the limit, and nothing is lost when it goes on.
TEST_P(EngineOfEveryVersion, OutputIsBoundedAndFreedWhenTaken) {
  TlsPair pair(test_server_context(), test_client_context(), connect());
  ASSERT_TRUE(pair.handshake());
  const std::string down = pattern_bytes(1'000'000);
  std::string got;
  std::size_t sent = 0;
  while (sent < down.size()) {
    const TlsStep step = pair.server.write(as_bytes(down).subspan(sent));
    ASSERT_EQ(step.status, TlsStatus::done);
    sent += step.n;
    EXPECT_LE(pair.server.output().size(), TlsEngine::output_bytes_max + 17 * 1024);
    EXPECT_EQ(pair.server.write(as_bytes("x")).status,
              pair.server.output().size() >= TlsEngine::output_bytes_max ? TlsStatus::want_write : TlsStatus::done);
    if (sent < down.size()) got += pair.client_reads();
  }
  got += pair.client_reads();
  EXPECT_TRUE(pair.server.output().empty());
  EXPECT_EQ(pair.server.output().data(), nullptr);
  // The single bytes that probed the limit came through only where it was not reached.
  EXPECT_EQ(got.substr(0, down.size() - 100), down.substr(0, down.size() - 100));
}

TEST_P(EngineOfEveryVersion, PartialTakingOfOutput) {
  TlsPair pair(test_server_context(), test_client_context(), connect());
  ASSERT_TRUE(pair.handshake());
  pair.client.write(as_bytes("one"));
  while (!pair.client.output().empty()) {
    pair.to_server.bytes += as_text(pair.client.output().first(1));
    pair.client.output_taken(1);
    if (pair.to_server.bytes.size() == 5) pair.client.write(as_bytes("two"));
  }
  EXPECT_EQ(pair.server_reads(), "onetwo");
}

TEST(TlsEngine, VersionCapOfAnUpgrade) {
  const auto server = test_server_context();
  TlsPair pair(server, test_client_context(), {.host = "localhost"},
               {.upgraded = true, .version_max = TlsVersion::tls_1_2});
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.info().version, TlsVersion::tls_1_2);
}

TEST(TlsEngine, OldVersionsAreRefused) {
  for (int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    TlsPair pair(test_server_context(), test_client_context());
    SSL_set_security_level(pair.client.native(), 0);
    SSL_set_min_proto_version(pair.client.native(), version);
    SSL_set_max_proto_version(pair.client.native(), version);
    SSL_set_cipher_list(pair.client.native(), "ALL:@SECLEVEL=0");
    EXPECT_FALSE(pair.handshake());
    EXPECT_EQ(pair.server.failure(), "unsupported protocol");
    EXPECT_EQ(pair.server.why(), Why::tls_failed);
  }
}

TEST(TlsEngine, SuitesWithoutForwardSecrecyOrAeadAreRefused) {
  for (const char* suite : {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA"}) {
    TlsPair pair(test_server_context(), test_client_context(), {"localhost", TlsVersion::tls_1_2});
    ASSERT_EQ(SSL_set_cipher_list(pair.client.native(), suite), 1) << suite;
    EXPECT_FALSE(pair.handshake()) << suite;
    EXPECT_EQ(pair.server.failure(), "no shared cipher") << suite;
  }
}

TEST(TlsEngine, NeitherCompressionNorEarlyDataIsOffered) {
  TlsPair pair(test_server_context(), test_client_context());
  ASSERT_TRUE(pair.handshake());
  pair.client_reads();  // the tickets
  EXPECT_EQ(SSL_get_current_compression(pair.server.native()), nullptr);
  EXPECT_EQ(SSL_SESSION_get_max_early_data(SSL_get0_session(pair.client.native())), 0u);
}

TEST(TlsEngine, AlpnFollowsTheServersPreference) {
  TlsPair pair(test_server_context(), test_client_context({"http/1.1", "h2"}));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.info().alpn, "h2");
}

TEST(TlsEngine, NoAlpnIsFine) {
  TlsPair pair(test_server_context(), test_client_context());
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.info().alpn, "");
}

// RFC 9112 section 9.8: without close_notify the end may be an attacker's.
TEST(TlsEngine, EndDuringTheHandshake) {
  TlsEngine client(test_client_context(), {.host = "localhost"});
  Bytes nothing;
  client.handshake(nothing);
  const std::string hello(as_text(client.output()));
  for (std::size_t cut : {std::size_t{0}, std::size_t{1}, hello.size() / 2, hello.size()}) {
    TlsEngine server(test_server_context());
    Bytes input = as_bytes(hello).first(cut);
    server.input_ended();
    const TlsStep step = server.handshake(input);
    EXPECT_EQ(step.status, TlsStatus::truncated) << cut;
    EXPECT_EQ(server.why(), Why::tls_failed) << cut;
    EXPECT_EQ(ERR_peek_error(), 0u);
  }
}

TEST(TlsEngine, AlteredRecordIsAnErrorWithAnAlert) {
  for (TlsVersion version : {TlsVersion::tls_1_2, TlsVersion::tls_1_3}) {
    TlsPair pair(test_server_context(), test_client_context(), {"localhost", version});
    ASSERT_TRUE(pair.handshake());
    pair.client.write(as_bytes("first"));
    EXPECT_EQ(pair.server_reads(), "first");
    pair.client.write(as_bytes("second"));
    pair.to_server.take_output(pair.client);
    pair.to_server.bytes.back() ^= 1;
    EXPECT_EQ(pair.server_reads(), "");
    EXPECT_EQ(pair.last.status, TlsStatus::failed);
    EXPECT_EQ(pair.server.why(), Why::tls_failed);
    EXPECT_FALSE(pair.to_client.bytes.empty());
    pair.client.write(as_bytes("third"));
    EXPECT_EQ(pair.server_reads(), "");
    EXPECT_EQ(ERR_peek_error(), 0u);
  }
}

TEST(TlsEngine, GarbageInsteadOfAClientHello) {
  const struct {
    std::string_view bytes;
    std::string_view failure;
  } cases[] = {
      {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "http request"},
      {"POST /x HTTP/1.1\r\n\r\n", "http request"},
      {"CONNECT a:1 HTTP/1.1\r\n\r\n", "https proxy request"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "wrong version number"},
      {"SSH-2.0-OpenSSH_9.2\r\n", "wrong version number"},
      {std::string_view("\0\0\0\0\0\0\0\0\0\0\0", 11), "wrong version number"},
      {std::string_view("\x16\x03\x01\xff\xff\x01\x00\xff\xff", 9), "packet length too long"},
      {std::string_view("\x17\x03\x03\x00\x01x\x17\x03\x03\x00\x01x", 12), "unexpected message"},
  };
  for (const auto& each : cases) {
    TlsEngine server(test_server_context());
    Bytes input = as_bytes(each.bytes);
    TlsStep step = server.handshake(input);
    ASSERT_EQ(step.status, TlsStatus::failed) << each.bytes;
    EXPECT_EQ(server.failure(), each.failure) << each.bytes;
    EXPECT_EQ(server.why(), Why::tls_failed);
    EXPECT_EQ(ERR_peek_error(), 0u);
    step = server.handshake(input);
    EXPECT_EQ(step.status, TlsStatus::failed);
  }
}

// ===== memory =====

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TURNOUT_MEMORY_IS_NOT_MEASURABLE
#endif
#endif

#ifndef TURNOUT_MEMORY_IS_NOT_MEASURABLE
TEST_P(EngineOfEveryVersion, MemoryOfAnIdleConnection) {
  constexpr std::size_t connections = 100;
  const auto server = test_server_context();
  const auto client = test_client_context();
  std::vector<std::unique_ptr<TlsPair>> pairs;
  auto used = [] { return mallinfo2().uordblks; };
  std::string request(6000, 'x');
  std::array<std::size_t, 2> server_bytes{};
  for (int round = 0; round < 2; ++round) {
    pairs.clear();
    for (std::size_t i = 0; i < connections; ++i) {
      pairs.push_back(std::make_unique<TlsPair>(server, client, connect()));
      ASSERT_TRUE(pairs.back()->handshake());
      pairs.back()->client_reads();
      if (round == 0) continue;
      pairs.back()->client.write(as_bytes(request));
      ASSERT_EQ(pairs.back()->server_reads().size(), request.size());
      pairs.back()->server.write(as_bytes(request));
      ASSERT_EQ(pairs.back()->client_reads().size(), request.size());
    }
    const std::size_t before = used();
    for (auto& pair : pairs) pair->server_engine.reset();
    server_bytes[static_cast<std::size_t>(round)] = (before - used()) / connections;
  }
  RecordProperty("idle_bytes", static_cast<int>(server_bytes[0]));
  RecordProperty("idle_bytes_after_a_request", static_cast<int>(server_bytes[1]));
  std::printf("idle TLS connection: %zu bytes, after a request %zu\n", server_bytes[0], server_bytes[1]);
  EXPECT_LT(server_bytes[0], 16u * 1024);
  EXPECT_LT(server_bytes[1], server_bytes[0] + 256);
}
#endif

}  // namespace
}  // namespace turnout
