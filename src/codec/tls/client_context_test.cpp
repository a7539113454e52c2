#include "codec/tls/client_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_folder.h"
#include "tests/support/tls_pair.h"

namespace turnout {
namespace {

using ::testing::HasSubstr;

class Client : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(ca_file_); }

  /// A file with the server's own certificate as the only authority.
  std::string ca_file() {
    ca_file_ = ::testing::TempDir() + "authorities-" + std::to_string(getpid()) + ".pem";
    std::ofstream(ca_file_) << certificate_.pem();
    return ca_file_;
  }
  /// What the client says about a connection to `host`; empty if it is satisfied.
  std::string verdict(const TlsClientOptions& options, const std::string& host) {
    const auto client = TlsClientContext::make(options);
    if (!client) return client.error();
    TlsOptions server;
    server.listener = "l";
    server.certificates = {certificate_};
    TlsPair pair(TlsContext::make(std::move(server)).value(), *client, {.host = host});
    const bool connected = pair.handshake();
    EXPECT_EQ(ERR_peek_error(), 0u);
    EXPECT_EQ(connected, pair.client.failure().empty());
    return std::string(pair.client.failure());
  }

  TlsCertificate certificate_ = test_certificate({"localhost", "127.0.0.1", "::1"});
  std::string ca_file_;
};

TEST_F(Client, VerifiesByDefault) {
  EXPECT_THAT(verdict({}, "localhost"), HasSubstr("self-signed certificate"));
}

TEST_F(Client, TakesAnythingWhenInsecure) {
  EXPECT_EQ(verdict({.insecure = true}, "localhost"), "");
  EXPECT_EQ(verdict({.insecure = true}, "other.example"), "");
}

TEST_F(Client, AdditionalAuthorities) {
  const TlsClientOptions options{.ca_file = ca_file()};
  EXPECT_EQ(verdict(options, "localhost"), "");
  EXPECT_EQ(verdict(options, "LOCALHOST"), "");
  EXPECT_EQ(verdict(options, "127.0.0.1"), "");
  EXPECT_EQ(verdict(options, "::1"), "");
  EXPECT_EQ(verdict(options, "other.example"), "hostname mismatch");
  EXPECT_EQ(verdict(options, "127.0.0.2"), "IP address mismatch");
}

TEST_F(Client, AuthoritiesThatCannotBeRead) {
  EXPECT_THAT(verdict({.ca_file = "/nonexistent/ca.pem"}, "localhost"), HasSubstr("'/nonexistent/ca.pem'"));
}

TEST_F(Client, PinnedFingerprint) {
  EXPECT_EQ(verdict({.fingerprint = certificate_.fingerprint()}, "localhost"), "");
  std::string plain;
  for (char c : certificate_.fingerprint()) {
    if (c != ':') plain += static_cast<char>(c >= 'A' ? c | 0x20 : c);
  }
  EXPECT_EQ(verdict({.fingerprint = plain}, "another.example"), "");
  const std::string other = test_certificate({"localhost"}).fingerprint();
  EXPECT_NE(verdict({.fingerprint = other}, "localhost"), "");
  EXPECT_NE(verdict({.insecure = true, .fingerprint = other}, "localhost"), "");
  for (const char* bad : {"x", "AB:CD", "AB:CD:EF:0"}) {
    EXPECT_THAT(verdict({.fingerprint = bad}, "localhost"), HasSubstr("SHA-256 has 32 bytes")) << bad;
  }
}

TEST_F(Client, AHostThatCannotBeVerifiedIsNotConnectedTo) {
  const TlsClientOptions options{.ca_file = ca_file()};
  for (const char* host : {"", "a b", "a\nb"}) EXPECT_NE(verdict(options, host), "") << host;
}

TEST_F(Client, SendsNoAddressAsServerName) {
  TlsPair pair(test_server_context(), test_client_context(), {.host = "127.0.0.1"});
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.info().server_name, "");
}

TEST_F(Client, ProtocolNamesHaveALimit) {
  EXPECT_FALSE(TlsClientContext::make({.alpn = {""}}));
  EXPECT_FALSE(TlsClientContext::make({.alpn = {std::string(256, 'x')}}));
}

TEST_F(Client, ProtocolsOfOneConnection) {
  TlsPair pair(test_server_context(), test_client_context({"h2"}), {.host = "localhost", .alpn = {"http/1.1"}});
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.client.info().alpn, "http/1.1");
}

// ===== servers behind a proxy: what may not be taken for them =====

/// The same certificate with another time in which it is valid, signed again.
TlsCertificate valid_between(const TlsCertificate& like, long from_seconds, long to_seconds) {
  TlsCertificate::X509Ptr leaf(X509_dup(like.leaf()), X509_free);
  EXPECT_NE(X509_gmtime_adj(X509_getm_notBefore(leaf.get()), from_seconds), nullptr);
  EXPECT_NE(X509_gmtime_adj(X509_getm_notAfter(leaf.get()), to_seconds), nullptr);
  EXPECT_GT(X509_sign(leaf.get(), like.key(), EVP_sha256()), 0);
  TlsCertificate::KeyPtr key(like.key(), EVP_PKEY_free);
  EVP_PKEY_up_ref(like.key());
  return TlsCertificate(std::move(leaf), {}, std::move(key));
}

constexpr long day_seconds = 24 * 3600;

class UpstreamTls : public Client {
 protected:
  /// The authorities are those that the configuration names, the server's own certificate among them.
  TlsClientOptions only_ca() { return {.ca_file = ca_file(), .ca_file_only = true}; }

  TlsFault fault(const TlsClientOptions& options, const std::string& host) {
    TlsOptions server;
    server.listener = "l";
    server.certificates = {certificate_};
    TlsPair pair(TlsContext::make(std::move(server)).value(), TlsClientContext::make(options).value(), {.host = host});
    (void)pair.handshake();
    return pair.client.fault();
  }
};

TEST_F(UpstreamTls, TrustsTheAuthorityThatItWasGiven) {
  EXPECT_EQ(verdict(only_ca(), "localhost"), "");
  EXPECT_EQ(fault(only_ca(), "localhost"), TlsFault::none);
}

TEST_F(UpstreamTls, ACertificateThatHasExpiredIsNotTaken) {
  certificate_ = valid_between(certificate_, -2 * day_seconds, -day_seconds);
  EXPECT_EQ(verdict(only_ca(), "localhost"), "certificate has expired");
  EXPECT_EQ(fault(only_ca(), "localhost"), TlsFault::certificate);
}

TEST_F(UpstreamTls, ACertificateThatIsNotValidYetIsNotTaken) {
  certificate_ = valid_between(certificate_, day_seconds, 2 * day_seconds);
  EXPECT_EQ(verdict(only_ca(), "localhost"), "certificate is not yet valid");
  EXPECT_EQ(fault(only_ca(), "localhost"), TlsFault::certificate);
}

TEST_F(UpstreamTls, ACertificateForAnotherNameIsNotTaken) {
  EXPECT_EQ(verdict(only_ca(), "other.example"), "hostname mismatch");
  EXPECT_EQ(fault(only_ca(), "other.example"), TlsFault::certificate);
}

TEST_F(UpstreamTls, ASelfSignedCertificateOfSomebodyElseIsNotTaken) {
  const TlsClientOptions options = only_ca();
  certificate_ = test_certificate({"localhost"});
  EXPECT_THAT(verdict(options, "localhost"), HasSubstr("self-signed certificate"));
  EXPECT_EQ(fault(options, "localhost"), TlsFault::certificate);
}

TEST_F(UpstreamTls, ACertificateWithoutMeasureIsNotTaken) {
  std::vector<std::string> names;
  for (int i = 0; i < 3000; ++i) names.push_back("a-rather-long-name-of-a-server-" + std::to_string(i) + ".example");
  names.emplace_back("localhost");
  certificate_ = test_certificate(names);
  EXPECT_NE(verdict(only_ca(), "localhost"), "");
  EXPECT_EQ(fault(only_ca(), "localhost"), TlsFault::protocol);
}

TEST_F(UpstreamTls, AnAlertOfTheServerIsToldFromOurOwnDoubts) {
  TlsPair pair(test_server_context({"h2"}), test_client_context({"http/1.1"}), {.host = "localhost"});
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.client.fault(), TlsFault::alert);
}

TEST_F(UpstreamTls, TheSystemsAuthoritiesCountUnlessOnlyOurOwnDo) {
  // OpenSSL takes the system's authorities from where this says, at the time when a context is made.
  ASSERT_EQ(setenv("SSL_CERT_FILE", ca_file().c_str(), 1), 0);
  TemporaryFolder folder;
  folder.write("other.pem", test_certificate({"other.example"}).pem());
  TlsClientOptions options{.ca_file = (folder / "other.pem").string()};
  EXPECT_EQ(verdict(options, "localhost"), "");
  options.ca_file_only = true;
  EXPECT_THAT(verdict(options, "localhost"), HasSubstr("self-signed certificate"));
  ASSERT_EQ(unsetenv("SSL_CERT_FILE"), 0);
}

// ===== a server that wants to know who we are =====

std::string pem_of_key(const TlsCertificate& certificate) {
  const std::unique_ptr<BIO, decltype([](BIO* bio) { BIO_free(bio); })> bio(BIO_new(BIO_s_mem()));
  EXPECT_EQ(PEM_write_bio_PrivateKey(bio.get(), certificate.key(), nullptr, nullptr, 0, nullptr, nullptr), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

class ClientCertificate : public ::testing::Test {
 protected:
  ClientCertificate() {
    folder_.write("own.pem", own_.pem());
    folder_.write("own.key", pem_of_key(own_));
    folder_.write("both.pem", own_.pem() + pem_of_key(own_));
  }
  std::string path(std::string_view name) const { return (folder_ / name).string(); }

  /// The fingerprint that a server sees which demands a certificate, or nothing where it ends the handshake.
  std::string seen(TlsClientOptions options) {
    options.insecure = true;
    const auto client = TlsClientContext::make(options);
    if (!client) return client.error();
    TlsPair pair(test_server_context(), *client);
    SSL_set_verify(pair.server.native(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                   [](int, X509_STORE_CTX*) { return 1; });
    if (!pair.handshake()) return "";
    return pair.server.peer_certificate()->fingerprint();
  }

  TemporaryFolder folder_;
  TlsCertificate own_ = test_certificate({"client.example"});
};

TEST_F(ClientCertificate, IsShownToAServerThatDemandsOne) {
  EXPECT_EQ(seen({.certificate_file = path("own.pem"), .key_file = path("own.key")}), own_.fingerprint());
  EXPECT_EQ(seen({.certificate_file = path("both.pem")}), own_.fingerprint());
  EXPECT_EQ(seen({}), "");
}

TEST_F(ClientCertificate, ErrorsNameTheFile) {
  EXPECT_THAT(seen({.certificate_file = path("none.pem")}), HasSubstr("none.pem"));
  EXPECT_THAT(seen({.certificate_file = path("own.pem"), .key_file = path("none.key")}), HasSubstr("none.key"));
  EXPECT_THAT(seen({.certificate_file = path("own.pem")}), HasSubstr("own.pem"));
  folder_.write("other.key", pem_of_key(test_certificate({"other"})));
  EXPECT_THAT(seen({.certificate_file = path("own.pem"), .key_file = path("other.key")}), HasSubstr("own.pem"));
}

// ===== resumption =====

class Resumption : public ::testing::TestWithParam<TlsVersion> {
 protected:
  /// Connects with the slot, and says whether the last session was resumed.
  bool resumes(const std::shared_ptr<TlsSessionSlot>& slot, std::shared_ptr<const TlsContext> server) {
    TlsPair pair(std::move(server), client_, {.host = "localhost", .version_max = GetParam(), .session = slot});
    EXPECT_TRUE(pair.handshake());
    pair.server.write(as_bytes("x"));
    EXPECT_EQ(pair.client_reads(), "x");  // tickets of TLS 1.3 come behind the handshake
    EXPECT_EQ(pair.client.info().resumed, pair.server.info().resumed);
    return pair.client.info().resumed;
  }
  std::shared_ptr<const TlsContext> server_ = test_server_context();
  std::shared_ptr<const TlsClientContext> client_ = test_client_context();
};
INSTANTIATE_TEST_SUITE_P(Tls, Resumption, ::testing::Values(TlsVersion::tls_1_2, TlsVersion::tls_1_3),
                         [](const auto& info) { return info.param == TlsVersion::tls_1_2 ? "Tls12" : "Tls13"; });

TEST_P(Resumption, TheNextConnectionResumesTheLast) {
  const auto slot = std::make_shared<TlsSessionSlot>();
  EXPECT_FALSE(resumes(slot, server_));
  EXPECT_TRUE(resumes(slot, server_));
  EXPECT_TRUE(resumes(slot, server_));
}

TEST_P(Resumption, WithoutASlotNothingIsResumed) {
  EXPECT_FALSE(resumes(nullptr, server_));
  EXPECT_FALSE(resumes(nullptr, server_));
}

TEST_P(Resumption, AServerThatDoesNotKnowTheSessionGetsAFullHandshake) {
  const auto slot = std::make_shared<TlsSessionSlot>();
  EXPECT_FALSE(resumes(slot, server_));
  const auto other = test_server_context();
  EXPECT_FALSE(resumes(slot, other));
  EXPECT_TRUE(resumes(slot, other));
}

}  // namespace
}  // namespace turnout
