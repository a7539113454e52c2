#include "codec/tls/engine.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>

#include "codec/tls/self_signed.h"
#include "tests/support/tls_pair.h"

namespace turnout {
namespace {

std::shared_ptr<const TlsContext> context_of(std::vector<TlsCertificate> certificates,
                                             std::string listener = "0.0.0.0:443",
                                             std::shared_ptr<TicketKeys> keys = nullptr, bool strict_names = false) {
  TlsOptions options;
  options.listener = std::move(listener);
  options.certificates = std::move(certificates);
  options.alpn = {"h2", "http/1.1"};
  options.ticket_keys = std::move(keys);
  options.strict_names = strict_names;
  return TlsContext::make(std::move(options)).value();
}

/// Every version, so that a test says what holds for both.
class EveryVersion : public ::testing::TestWithParam<TlsVersion> {
 protected:
  TlsConnect connect(std::string host = "localhost") const { return {std::move(host), GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(Tls, EveryVersion, ::testing::Values(TlsVersion::tls_1_2, TlsVersion::tls_1_3),
                         [](const auto& info) { return info.param == TlsVersion::tls_1_2 ? "Tls12" : "Tls13"; });

std::string pattern_bytes(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 31 + i / 251);
  return out;
}

TEST_P(EveryVersion, HandshakeWithInputSplitAtEveryPiece) {
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

TEST_P(EveryVersion, EveryBytePositionOfAClientHelloMayEndAPiece) {
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

TEST_P(EveryVersion, CarriesBytesBothWaysInAnyPieces) {
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

TEST_P(EveryVersion, CloseNotifyEndsOneDirectionOnly) {
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

TEST_P(EveryVersion, CloseNotifyTwiceIsSentOnce) {
  TlsPair pair(test_server_context(), test_client_context(), connect());
  ASSERT_TRUE(pair.handshake());
  pair.server_reads();
  pair.server.close_notify();
  const std::size_t size = pair.server.output().size();
  pair.server.close_notify();
  EXPECT_EQ(pair.server.output().size(), size);
}

TEST_P(EveryVersion, WhatFollowsCloseNotifyIsNotTaken) {
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
TEST_P(EveryVersion, OutputIsBoundedAndFreedWhenTaken) {
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

TEST_P(EveryVersion, PartialTakingOfOutput) {
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

TEST(SEC_T4, NoCommonProtocolIsAnAlert) {
  for (const char* offered : {"smtp", "h2c", "http/1.0", "H2"}) {
    TlsPair pair(test_server_context(), test_client_context({offered}));
    EXPECT_FALSE(pair.handshake()) << offered;
    EXPECT_EQ(pair.server.why(), Why::no_application_protocol) << offered;
    EXPECT_EQ(pair.client.why(), Why::no_application_protocol) << offered;
    EXPECT_EQ(ERR_peek_error(), 0u);
  }
  // A listener that speaks nothing by ALPN takes no offer.
  TlsPair none(test_server_context({}), test_client_context({"h2"}));
  EXPECT_FALSE(none.handshake());
}

TEST(SEC_T2, AnUpgradedHandshakeRefusesAClientOfHttps) {
  const auto server = test_server_context({"http/1.1"});
  for (std::vector<std::string> alpn : {std::vector<std::string>{"h2", "http/1.1"}, {"http/1.1"}, {"x", "h2"}}) {
    TlsPair pair(server, test_client_context(alpn), {.host = "localhost"}, {.upgraded = true});
    EXPECT_FALSE(pair.handshake());
    EXPECT_EQ(pair.server.why(), Why::tls_alpn_in_upgrade);
    EXPECT_EQ(pair.client.failure(), "tlsv1 alert access denied");
  }
  TlsPair printer(server, test_client_context(), {.host = "localhost"}, {.upgraded = true});
  EXPECT_TRUE(printer.handshake());
  TlsPair https(server, test_client_context({"http/1.1"}));
  EXPECT_TRUE(https.handshake());
}

// RFC 9112 section 9.8: without close_notify the end may be an attacker's.
TEST(SEC_T9, EndWithoutCloseNotifyIsTruncation) {
  for (TlsVersion version : {TlsVersion::tls_1_2, TlsVersion::tls_1_3}) {
    TlsPair pair(test_server_context(), test_client_context(), {"localhost", version});
    ASSERT_TRUE(pair.handshake());
    pair.client.write(as_bytes("whole"));
    pair.server.input_ended();
    EXPECT_EQ(pair.server_reads(), "whole");
    EXPECT_EQ(pair.last.status, TlsStatus::truncated);
    EXPECT_EQ(pair.server.why(), Why::tls_truncated);
    EXPECT_EQ(pair.server.write(as_bytes("x")).status, TlsStatus::truncated);
    EXPECT_EQ(ERR_peek_error(), 0u);
  }
}

TEST(SEC_T9, RecordCutAtEveryByteDeliversNothingOfIt) {
  TlsPair pair(test_server_context(), test_client_context());
  ASSERT_TRUE(pair.handshake());
  pair.client.write(as_bytes("secret"));
  const std::size_t size = pair.client.output().size();
  for (std::size_t cut = 0; cut < size; ++cut) {
    TlsPair one(test_server_context(), test_client_context());
    ASSERT_TRUE(one.handshake());
    one.client.write(as_bytes("secret"));
    one.to_server.take_output(one.client);
    one.to_server.bytes.resize(cut);
    one.server.input_ended();
    EXPECT_EQ(one.server_reads(), "") << cut;
    EXPECT_EQ(one.last.status, TlsStatus::truncated) << cut;
  }
}

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

TEST(SEC_T1, PlaintextInFrontOfTheHandshakeNeverSurfaces) {
  TlsEngine client(test_client_context(), {.host = "localhost"});
  Bytes nothing;
  client.handshake(nothing);
  const std::string injected = "GET /inject HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string all = injected + std::string(as_text(client.output()));
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    TlsEngine server(test_server_context(), {.upgraded = true});
    Bytes first = as_bytes(all).first(cut);
    TlsStep step = server.handshake(first);
    if (step.status == TlsStatus::want_read) {
      Bytes second = as_bytes(all).subspan(cut);
      step = server.handshake(second);
    }
    ASSERT_EQ(step.status, TlsStatus::failed) << cut;
    std::array<std::byte, 64> plain;
    EXPECT_EQ(server.read(first, plain, Millis(1)).n, 0u);
    EXPECT_FALSE(server.established());
  }
}

TEST(SEC_T1, PlaintextAfterTheServersHandshakeNeverSurfacesAtTheClient) {
  TlsPair pair(test_server_context(), test_client_context());
  ASSERT_TRUE(pair.handshake());
  pair.to_client.take_output(pair.server);
  pair.to_client.bytes += "HTTP/1.1 200 OK\r\n\r\n";
  EXPECT_EQ(pair.client_reads(), "");
  EXPECT_EQ(pair.last.status, TlsStatus::failed);
}

TEST(SEC_T3, RenegotiationIsRefused) {
  TlsPair pair(test_server_context(), test_client_context(), {"localhost", TlsVersion::tls_1_2});
  ASSERT_TRUE(pair.handshake());
  SSL_clear_options(pair.client.native(), SSL_OP_NO_RENEGOTIATION);
  ASSERT_EQ(SSL_renegotiate(pair.client.native()), 1);
  SSL_do_handshake(pair.client.native());
  ERR_clear_error();
  EXPECT_EQ(pair.server_reads(), "");
  EXPECT_EQ(pair.last.status, TlsStatus::want_read);
  EXPECT_FALSE(pair.to_client.bytes.empty());  // the alert no_renegotiation
  EXPECT_EQ(SSL_num_renegotiations(pair.server.native()), 0);
}

TEST(SEC_T3, RequestsToRenegotiateAreCounted) {
  TlsPair pair(test_server_context(), test_client_context(), {"localhost", TlsVersion::tls_1_2});
  ASSERT_TRUE(pair.handshake());
  SSL_clear_options(pair.server.native(), SSL_OP_NO_RENEGOTIATION);
  auto ask = [&pair] {
    SSL_renegotiate(pair.server.native());
    SSL_do_handshake(pair.server.native());
    pair.server.write(as_bytes("x"));
  };
  for (std::uint32_t i = 0; i < TlsEngine::late_messages_per_minute_max; ++i) ask();
  EXPECT_EQ(pair.client_reads().size(), TlsEngine::late_messages_per_minute_max);
  EXPECT_EQ(pair.last.status, TlsStatus::want_read);
  ask();
  EXPECT_EQ(pair.client_reads(), "");
  EXPECT_EQ(pair.client.why(), Why::flood);
}

TEST(SEC_T3, KeyUpdatesAreCounted) {
  TlsPair pair(test_server_context(), test_client_context());
  ASSERT_TRUE(pair.handshake());
  auto updates = [&pair](std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      ASSERT_EQ(SSL_key_update(pair.client.native(), SSL_KEY_UPDATE_REQUESTED), 1);
      ASSERT_EQ(SSL_do_handshake(pair.client.native()), 1);
      pair.client.write(as_bytes("x"));
    }
  };
  updates(TlsEngine::late_messages_per_minute_max);
  EXPECT_EQ(pair.server_reads().size(), TlsEngine::late_messages_per_minute_max);
  EXPECT_EQ(pair.last.status, TlsStatus::want_read);

  // A minute later there is room for as many again; one more is a flood.
  pair.now += Millis(60'000);
  updates(TlsEngine::late_messages_per_minute_max);
  EXPECT_EQ(pair.server_reads().size(), TlsEngine::late_messages_per_minute_max);
  updates(2);
  EXPECT_LE(pair.server_reads().size(), 1u);
  EXPECT_EQ(pair.last.status, TlsStatus::failed);
  EXPECT_EQ(pair.server.why(), Why::flood);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(SEC_T3, ABurstOfKeyUpdatesIsCutShort) {
  TlsPair pair(test_server_context(), test_client_context());
  ASSERT_TRUE(pair.handshake());
  for (int i = 0; i < 1000; ++i) {
    SSL_key_update(pair.client.native(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(pair.client.native());
  }
  pair.to_server.take_output(pair.client);
  const std::size_t sent = pair.to_server.bytes.size();
  EXPECT_EQ(pair.server_reads(), "");
  EXPECT_EQ(pair.server.why(), Why::flood);
  EXPECT_GT(pair.to_server.bytes.size(), sent * 9 / 10);  // the rest was not looked at
}

// ===== certificates by name =====

class ByName : public ::testing::Test {
 protected:
  TlsCertificate first_ = test_certificate({"first.example"});
  TlsCertificate wild_ = test_certificate({"*.example.com"});
  TlsCertificate exact_ = test_certificate({"www.example.com"});
  std::shared_ptr<const TlsContext> context_ = context_of({first_, wild_, exact_});

  std::string shown(const std::string& name, std::size_t piece = ~std::size_t{0}) {
    TlsPair pair(context_, test_client_context());
    SSL_ctrl(pair.client.native(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             name.empty() ? nullptr : const_cast<char*>(name.c_str()));
    if (!pair.handshake(piece)) return std::string(pair.server.failure());
    server_name_ = pair.server.info().server_name;
    return pair.client.peer_certificate()->fingerprint();
  }
  std::string server_name_;
};

TEST_F(ByName, ExactBeforeWildcardBeforeTheFirst) {
  EXPECT_EQ(shown("www.example.com"), exact_.fingerprint());
  EXPECT_EQ(shown("other.example.com"), wild_.fingerprint());
  EXPECT_EQ(shown("first.example"), first_.fingerprint());
  EXPECT_EQ(shown("nobody.example"), first_.fingerprint());
  EXPECT_EQ(shown("example.com"), first_.fingerprint());
  EXPECT_EQ(shown("a.b.example.com"), first_.fingerprint());
  EXPECT_EQ(shown(""), first_.fingerprint());
  EXPECT_EQ(server_name_, "");
  EXPECT_EQ(&context_->certificate_for("WWW.example.com."), &context_->certificates()[2]);
}

TEST_F(ByName, SEC_T7_LetterCaseAndFinalDotDoNotMatter) {
  EXPECT_EQ(shown("WwW.eXample.COM"), exact_.fingerprint());
  EXPECT_EQ(server_name_, "www.example.com");
  EXPECT_EQ(shown("www.example.com."), exact_.fingerprint());
  EXPECT_EQ(shown("OTHER.example.com"), wild_.fingerprint());
}

TEST_F(ByName, SEC_T7_TheNameIsSeenHoweverTheClientHelloIsCut) {
  EXPECT_EQ(shown("www.example.com", 1), exact_.fingerprint());

  // One byte of handshake in each record.
  TlsPair pair(context_, test_client_context(), {.host = "www.example.com"});
  Bytes nothing;
  pair.client.handshake(nothing);
  const std::string hello(as_text(pair.client.output()));
  std::string fragmented;
  for (char c : hello.substr(5)) fragmented += std::string("\x16\x03\x01\x00\x01", 5) + c;
  pair.client.output_taken(hello.size());
  Bytes input = as_bytes(fragmented);
  EXPECT_EQ(pair.server.handshake(input).status, TlsStatus::want_read);
  pair.to_client.take_output(pair.server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.info().server_name, "www.example.com");
  EXPECT_EQ(pair.client.peer_certificate()->fingerprint(), exact_.fingerprint());
}

TEST_F(ByName, SEC_T7_WhatIsNoHostNameIsNotKept) {
  for (const char* name : {"a b", "a\nb", "\x1b[31m", "*.example.com", "a%0ab"}) {
    EXPECT_EQ(shown(name), first_.fingerprint()) << name;
    EXPECT_EQ(server_name_, "") << name;
  }
}

TEST_F(ByName, SEC_T4_StrictNamesRefuseAnUnknownOne) {
  context_ = context_of({first_, wild_}, "l", nullptr, true);
  EXPECT_EQ(shown("a.example.com"), wild_.fingerprint());
  EXPECT_NE(shown("nobody.example"), first_.fingerprint());
  EXPECT_NE(shown(""), first_.fingerprint());
}

// ===== resumption =====

using Session = std::unique_ptr<SSL_SESSION, decltype([](SSL_SESSION* session) { SSL_SESSION_free(session); })>;

/// Connects, and says whether the session was resumed; `session` is replaced by the new one.
bool resumes(const std::shared_ptr<const TlsContext>& server, Session& session, TlsVersion version,
             const std::string& host) {
  TlsPair pair(server, test_client_context({"http/1.1"}), {host, version});
  if (session != nullptr) SSL_set_session(pair.client.native(), session.get());
  EXPECT_TRUE(pair.handshake());
  pair.server.write(as_bytes("x"));
  EXPECT_EQ(pair.client_reads(), "x");  // and the tickets of TLS 1.3
  session.reset(SSL_get1_session(pair.client.native()));
  EXPECT_EQ(pair.client.info().resumed, pair.server.info().resumed);
  EXPECT_EQ(pair.server.info().alpn, "http/1.1");
  EXPECT_EQ(pair.server.info().server_name, host);
  pair.client.close_notify();
  return pair.server.info().resumed;
}

TEST_P(EveryVersion, TicketsResume) {
  const auto server = test_server_context();
  Session session;
  EXPECT_FALSE(resumes(server, session, GetParam(), "localhost"));
  EXPECT_TRUE(resumes(server, session, GetParam(), "localhost"));
  EXPECT_TRUE(resumes(server, session, GetParam(), "localhost"));
}

TEST_P(EveryVersion, SEC_T5_NoResumptionForAnotherCertificateOfTheSameListener) {
  const auto server = context_of({test_certificate({"a.example"}), test_certificate({"b.example"})});
  Session session;
  EXPECT_FALSE(resumes(server, session, GetParam(), "a.example"));
  EXPECT_FALSE(resumes(server, session, GetParam(), "b.example"));
  EXPECT_TRUE(resumes(server, session, GetParam(), "b.example"));
  EXPECT_FALSE(resumes(server, session, GetParam(), "a.example"));
}

TEST_P(EveryVersion, SEC_T5_NoResumptionAtAnotherListener) {
  const TlsCertificate certificate = test_certificate({"a.example"});
  Session session;
  EXPECT_FALSE(resumes(context_of({certificate}, "one"), session, GetParam(), "a.example"));
  EXPECT_FALSE(resumes(context_of({certificate}, "two"), session, GetParam(), "a.example"));
  // Not even where both share their keys by mistake.
  const auto keys = std::make_shared<TicketKeys>();
  EXPECT_FALSE(resumes(context_of({certificate}, "one", keys), session, GetParam(), "a.example"));
  EXPECT_FALSE(resumes(context_of({certificate}, "two", keys), session, GetParam(), "a.example"));
}

TEST_P(EveryVersion, TicketsOutliveAReloadAndOneRotationOfKeys) {
  std::chrono::seconds now{1'000'000};
  const auto keys = std::make_shared<TicketKeys>([&now] { return now; });
  const TlsCertificate certificate = test_certificate({"a.example"});
  Session session;
  EXPECT_FALSE(resumes(context_of({certificate}, "l", keys), session, GetParam(), "a.example"));
  const auto reloaded = context_of({certificate}, "l", keys);
  EXPECT_TRUE(resumes(reloaded, session, GetParam(), "a.example"));
  now += TicketKeys::lifetime;
  EXPECT_TRUE(resumes(reloaded, session, GetParam(), "a.example"));  // and the ticket is replaced
  now += TicketKeys::lifetime;
  EXPECT_TRUE(resumes(reloaded, session, GetParam(), "a.example"));
  now += 2 * TicketKeys::lifetime;
  EXPECT_FALSE(resumes(reloaded, session, GetParam(), "a.example"));
}

// ===== memory =====

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TURNOUT_MEMORY_IS_NOT_MEASURABLE
#endif
#endif

#ifndef TURNOUT_MEMORY_IS_NOT_MEASURABLE
TEST_P(EveryVersion, MemoryOfAnIdleConnection) {
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
