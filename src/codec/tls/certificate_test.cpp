#include "codec/tls/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "codec/tls/self_signed.h"

namespace turnout {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TlsCertificate made_for(std::vector<std::string> names, std::chrono::days valid_for = std::chrono::days(90)) {
  SelfSignedOptions options;
  options.names = std::move(names);
  options.valid_for = valid_for;
  return make_self_signed(options).value();
}

/// A directory of its own for each test, gone afterwards.
class CertificateFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "certificate-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  std::string write_key(const std::string& name, const TlsCertificate& certificate, const char* password = nullptr) {
    std::FILE* file = std::fopen(path(name).c_str(), "w");
    PEM_write_PKCS8PrivateKey(file, certificate.key(), password == nullptr ? nullptr : EVP_aes_256_cbc(), password,
                              password == nullptr ? 0 : static_cast<int>(std::strlen(password)), nullptr, nullptr);
    std::fclose(file);
    return path(name);
  }

  std::string folder_;
};

TEST_F(CertificateFiles, LoadsWhatItWrote) {
  const TlsCertificate made = made_for({"localhost", "127.0.0.1", "::1"});
  const auto loaded = TlsCertificate::load(write("a.pem", made.pem()), write_key("a.key", made));
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_THAT(loaded->names(), ElementsAre("localhost", "127.0.0.1", "::1"));
  EXPECT_EQ(loaded->fingerprint(), made.fingerprint());
  EXPECT_EQ(loaded->fingerprint().size(), 32u * 3 - 1);
  EXPECT_THAT(loaded->warnings(), IsEmpty());
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST_F(CertificateFiles, ChainIsKeptInOrder) {
  const TlsCertificate leaf = made_for({"a.example"});
  const TlsCertificate above = made_for({"b.example"});
  const auto loaded = TlsCertificate::load(write("a.pem", leaf.pem() + above.pem()), write_key("a.key", leaf));
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->chain().size(), 1u);
  EXPECT_EQ(loaded->pem(), leaf.pem() + above.pem());
}

TEST_F(CertificateFiles, MissingFileIsNamedWithARemedy) {
  const TlsCertificate made = made_for({"localhost"});
  const auto no_certificate = TlsCertificate::load(path("none.pem"), write_key("a.key", made));
  ASSERT_FALSE(no_certificate);
  EXPECT_THAT(no_certificate.error(), HasSubstr("certificate file '" + path("none.pem") + "': No such file"));
  EXPECT_THAT(no_certificate.error(), HasSubstr("check the path"));
  const auto no_key = TlsCertificate::load(write("a.pem", made.pem()), path("none.key"));
  ASSERT_FALSE(no_key);
  EXPECT_THAT(no_key.error(), HasSubstr("key file '" + path("none.key") + "': No such file"));
}

TEST_F(CertificateFiles, UnreadableFile) {
  const auto folder = TlsCertificate::load(folder_, folder_);  // also for root, who may read every file
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error(), HasSubstr("certificate file '" + folder_ + "'"));
  if (geteuid() == 0) return;
  const TlsCertificate made = made_for({"localhost"});
  const std::string key = write_key("a.key", made);
  chmod(key.c_str(), 0);
  const auto unreadable = TlsCertificate::load(write("a.pem", made.pem()), key);
  ASSERT_FALSE(unreadable);
  EXPECT_THAT(unreadable.error(), HasSubstr("let the user that runs the server read it"));
}

TEST_F(CertificateFiles, NoCertificateInTheFile) {
  const TlsCertificate made = made_for({"localhost"});
  const std::string key = write_key("a.key", made);
  for (const std::string& text : {std::string(), std::string("hello\n"), std::string("\x30\x82\x01\x01", 4)}) {
    const auto loaded = TlsCertificate::load(write("a.pem", text), key);
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error(), HasSubstr("no certificate in it"));
    EXPECT_EQ(ERR_peek_error(), 0u);
  }
}

TEST_F(CertificateFiles, DamagedCertificate) {
  const TlsCertificate made = made_for({"localhost"});
  std::string pem = made.pem();
  pem.replace(pem.size() / 2, 4, "!!!!");
  const auto loaded = TlsCertificate::load(write("a.pem", made.pem() + pem), write_key("a.key", made));
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error(), HasSubstr("certificate 2 is damaged"));
}

TEST_F(CertificateFiles, KeyOfAnotherCertificate) {
  const auto loaded =
      TlsCertificate::load(write("a.pem", made_for({"a.example"}).pem()), write_key("b.key", made_for({"b.example"})));
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error(), HasSubstr("key file '" + path("b.key") + "': does not belong to the certificate in '"));
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST_F(CertificateFiles, EncryptedKeyIsNotAskedFor) {
  const TlsCertificate made = made_for({"localhost"});
  const auto loaded = TlsCertificate::load(write("a.pem", made.pem()), write_key("a.key", made, "secret"));
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error(), HasSubstr("the key is encrypted"));
  EXPECT_THAT(loaded.error(), HasSubstr("openssl pkey -in"));
}

TEST_F(CertificateFiles, NoKeyInTheFile) {
  const TlsCertificate made = made_for({"localhost"});
  const std::string certificate = write("a.pem", made.pem());
  const auto loaded = TlsCertificate::load(certificate, certificate);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error(), HasSubstr("holds no private key in PEM"));
}

TEST_F(CertificateFiles, ExpiredIsAWarning) {
  const TlsCertificate made = made_for({"localhost"}, std::chrono::days(-1));
  const auto loaded = TlsCertificate::load(write("a.pem", made.pem()), write_key("a.key", made));
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_THAT(loaded->warnings(), ElementsAre(HasSubstr("expired on")));
}

TEST(SelfSigned, IsWhatItSays) {
  const TlsCertificate made = made_for({"localhost", "127.0.0.1", "::1"});
  EXPECT_EQ(X509_check_ca(made.leaf()), 0);
  EXPECT_EQ(X509_get_extended_key_usage(made.leaf()), static_cast<std::uint32_t>(XKU_SSL_SERVER));
  EXPECT_EQ(X509_get_key_usage(made.leaf()), static_cast<std::uint32_t>(KU_DIGITAL_SIGNATURE));
  EXPECT_EQ(X509_verify(made.leaf(), made.key()), 1);
  int days = 0;
  int seconds = 0;
  ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(made.leaf()));
  EXPECT_NEAR(days, 90, 1);
  EXPECT_NE(made.fingerprint(), made_for({"localhost"}).fingerprint());
}

TEST(SelfSigned, ANameCannotAddAnotherEntry) {
  SelfSignedOptions options;
  for (const char* bad : {"a,DNS:b", "", "a b", "*.*.x", "email:x", "@section"}) {
    options.names = {bad};
    EXPECT_FALSE(make_self_signed(options)) << bad;
  }
  options.names = {};
  EXPECT_FALSE(make_self_signed(options));
}

TEST(CertificateNames, Covers) {
  EXPECT_TRUE(name_covers("example.com", "example.com"));
  EXPECT_TRUE(name_covers("*.example.com", "www.example.com"));
  EXPECT_FALSE(name_covers("*.example.com", "example.com"));
  EXPECT_FALSE(name_covers("*.example.com", "a.b.example.com"));
  EXPECT_FALSE(name_covers("*.example.com", ".example.com"));
  EXPECT_FALSE(name_covers("www.example.com", "*.example.com"));
  EXPECT_FALSE(name_covers("*.example.com", "www.example.org"));
  EXPECT_FALSE(name_covers("*.example.com", ""));
}

TEST(CertificateNames, Normalised) {
  EXPECT_EQ(host_name_normalised("Example.COM."), "example.com");
  EXPECT_EQ(host_name_normalised("a_b-c.1"), "a_b-c.1");
  for (const char* bad : {"", ".", ".com", "a b", "a\nb", "a:b", "caf\xc3\xa9", "*.x"}) {
    EXPECT_EQ(host_name_normalised(bad), "") << bad;
  }
  EXPECT_EQ(host_name_normalised(std::string(254, 'a')), "");
  EXPECT_EQ(host_name_normalised(std::string_view("a\0b", 3)), "");
}

TEST(SEC_T2, NamesOverlap) {
  const TlsCertificate https = made_for({"example.com", "*.Example.com", "192.0.2.1"});
  EXPECT_EQ(shared_name(https, made_for({"EXAMPLE.com"})), "example.com");
  EXPECT_EQ(shared_name(https, made_for({"upgrade.example.com"})), "upgrade.example.com");
  EXPECT_EQ(shared_name(made_for({"upgrade.example.com"}), https), "upgrade.example.com");
  EXPECT_EQ(shared_name(https, made_for({"*.example.com"})), "*.example.com");
  EXPECT_EQ(shared_name(https, made_for({"192.0.2.1"})), "192.0.2.1");
  EXPECT_FALSE(names_overlap(https, made_for({"upgrade.example.org"})));
  EXPECT_FALSE(names_overlap(https, made_for({"a.b.example.com", "192.0.2.2"})));
}

TEST(SEC_T2, SameKey) {
  const TlsCertificate one = made_for({"a.example"});
  const TlsCertificate other = made_for({"a.example"});
  EXPECT_TRUE(same_key(one, one));
  EXPECT_FALSE(same_key(one, other));
  EXPECT_EQ(ERR_peek_error(), 0u);
}

}  // namespace
}  // namespace turnout
