// What a hostile peer of one TLS connection can try: classes T1 to T4 and T9 of docs/security.md.
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>

#include "codec/tls/engine.h"
#include "tests/support/tls_pair.h"

namespace turnout {
namespace {

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

}  // namespace
}  // namespace turnout
