#include "codec/tls/context.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "codec/tls/engine.h"
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
class ContextOfEveryVersion : public ::testing::TestWithParam<TlsVersion> {
 protected:
  TlsConnect connect(std::string host = "localhost") const { return {std::move(host), GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(Tls, ContextOfEveryVersion, ::testing::Values(TlsVersion::tls_1_2, TlsVersion::tls_1_3),
                         [](const auto& info) { return info.param == TlsVersion::tls_1_2 ? "Tls12" : "Tls13"; });

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

/// Connects, and says whether the session was resumed; `session` holds the new one then.
bool resumes(const std::shared_ptr<const TlsContext>& server, const std::shared_ptr<TlsSessionSlot>& session,
             TlsVersion version, const std::string& host) {
  TlsPair pair(server, test_client_context({"http/1.1"}), {host, version, {}, session});
  EXPECT_TRUE(pair.handshake());
  pair.server.write(as_bytes("x"));
  EXPECT_EQ(pair.client_reads(), "x");  // and the tickets of TLS 1.3
  // OpenSSL does not tell of a ticket of TLS 1.2 that only takes the place of the one that was resumed.
  if (version == TlsVersion::tls_1_2) session->put(SSL_get_session(pair.client.native()));
  EXPECT_EQ(pair.client.info().resumed, pair.server.info().resumed);
  EXPECT_EQ(pair.server.info().alpn, "http/1.1");
  EXPECT_EQ(pair.server.info().server_name, host);
  pair.client.close_notify();
  return pair.server.info().resumed;
}

TEST_P(ContextOfEveryVersion, TicketsResume) {
  const auto server = test_server_context();
  const auto session = std::make_shared<TlsSessionSlot>();
  EXPECT_FALSE(resumes(server, session, GetParam(), "localhost"));
  EXPECT_TRUE(resumes(server, session, GetParam(), "localhost"));
  EXPECT_TRUE(resumes(server, session, GetParam(), "localhost"));
}

TEST(TlsContext, AResumedConnectionOfTls13GetsANewTicket) {
  const auto server = test_server_context();
  const auto session = std::make_shared<TlsSessionSlot>();
  EXPECT_FALSE(resumes(server, session, TlsVersion::tls_1_3, "localhost"));
  TlsPair pair(server, test_client_context({"http/1.1"}), {"localhost", TlsVersion::tls_1_3, {}, session});
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.server.info().resumed);
  const auto ticket = [&] {
    const unsigned char* bytes = nullptr;
    std::size_t size = 0;
    SSL_SESSION_get0_ticket(SSL_get_session(pair.client.native()), &bytes, &size);
    return std::string(reinterpret_cast<const char*>(bytes), size);
  };
  const std::string used = ticket();
  pair.server.write(as_bytes("x"));
  EXPECT_EQ(pair.client_reads(), "x");
  EXPECT_NE(ticket(), used);
}

TEST_P(ContextOfEveryVersion, SEC_T5_NoResumptionForAnotherCertificateOfTheSameListener) {
  const auto server = context_of({test_certificate({"a.example"}), test_certificate({"b.example"})});
  const auto session = std::make_shared<TlsSessionSlot>();
  EXPECT_FALSE(resumes(server, session, GetParam(), "a.example"));
  EXPECT_FALSE(resumes(server, session, GetParam(), "b.example"));
  EXPECT_TRUE(resumes(server, session, GetParam(), "b.example"));
  EXPECT_FALSE(resumes(server, session, GetParam(), "a.example"));
}

TEST_P(ContextOfEveryVersion, SEC_T5_NoResumptionAtAnotherListener) {
  const TlsCertificate certificate = test_certificate({"a.example"});
  const auto session = std::make_shared<TlsSessionSlot>();
  EXPECT_FALSE(resumes(context_of({certificate}, "one"), session, GetParam(), "a.example"));
  EXPECT_FALSE(resumes(context_of({certificate}, "two"), session, GetParam(), "a.example"));
  // Not even where both share their keys by mistake.
  const auto keys = std::make_shared<TicketKeys>();
  EXPECT_FALSE(resumes(context_of({certificate}, "one", keys), session, GetParam(), "a.example"));
  EXPECT_FALSE(resumes(context_of({certificate}, "two", keys), session, GetParam(), "a.example"));
}

TEST_P(ContextOfEveryVersion, TicketsOutliveAReloadAndOneRotationOfKeys) {
  std::chrono::seconds now{1'000'000};
  const auto keys = std::make_shared<TicketKeys>([&now] { return now; });
  const TlsCertificate certificate = test_certificate({"a.example"});
  const auto session = std::make_shared<TlsSessionSlot>();
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

}  // namespace
}  // namespace turnout
