#include "codec/tls/client_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

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

}  // namespace
}  // namespace turnout
