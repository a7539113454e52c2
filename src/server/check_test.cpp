#include "server/check.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <memory>

#include "codec/tls/self_signed.h"
#include "tests/support/temporary_folder.h"

namespace turnout {
namespace {

std::string key_pem(const TlsCertificate& certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  EXPECT_EQ(PEM_write_bio_PrivateKey(memory.get(), certificate.key(), nullptr, nullptr, 0, nullptr, nullptr), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

class Check : public ::testing::Test {
 protected:
  void write_certificate(const std::string& name, std::vector<std::string> names) {
    const auto made = make_self_signed({.common_name = names.front(), .names = names});
    ASSERT_TRUE(made);
    folder.write(name + ".pem", made->pem());
    folder.write(name + ".key", key_pem(*made));
  }

  /// What is wrong with two listeners: https with the certificate "site", and an upgrade with `upgrade`.
  std::vector<std::string> problems_with(const std::string& upgrade, std::string_view more = "") {
    folder.write("turnout.toml",
                 "[[listener]]\naddress = \"127.0.0.1:443\"\n"
                 "tls = [{ certificate = \"site.pem\", key = \"site.key\" }]\n\n"
                 "[[listener]]\naddress = \"127.0.0.1:80\"\ntls_upgrade = \"compatible\"\n"
                 "tls = [{ certificate = \"" +
                     upgrade + ".pem\", key = \"" + upgrade + ".key\" }]\n" + std::string(more) +
                     "\n[[route]]\nmatch = { path = \"/**\" }\necho = {}\n");
    std::vector<std::string> problems;
    for (const Diagnostic& problem : check_config_file(file())) problems.push_back(text(problem));
    return problems;
  }

  std::string file() const { return (folder / "turnout.toml").string(); }

  TemporaryFolder folder;
};

TEST_F(Check, TwoCertificatesForTwoNamesAreInOrder) {
  write_certificate("site", {"example.com"});
  write_certificate("upgrade", {"upgrade.example.com"});
  EXPECT_EQ(problems_with("upgrade"), std::vector<std::string>());
}

TEST_F(Check, SEC_T2_ACertificateForBothIsAnError) {
  write_certificate("site", {"example.com"});
  const std::vector<std::string> problems = problems_with("site");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_TRUE(problems[0].starts_with(file() + ":5:1: ")) << problems[0];
  EXPECT_NE(problems[0].find("shares the key of its certificate with the https listener 127.0.0.1:443"),
            std::string::npos)
      << problems[0];
  EXPECT_NE(problems[0].find("accept_opossum_risk"), std::string::npos) << problems[0];
}

TEST_F(Check, SEC_T2_ANameInBothIsAnError) {
  write_certificate("site", {"*.example.com"});
  write_certificate("upgrade", {"upgrade.example.com"});
  const std::vector<std::string> problems = problems_with("upgrade");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(problems[0].find("shares the name upgrade.example.com"), std::string::npos) << problems[0];
}

TEST_F(Check, SEC_T2_TheRiskMayBeAccepted) {
  write_certificate("site", {"example.com"});
  EXPECT_EQ(problems_with("site", "accept_opossum_risk = true\n"), std::vector<std::string>());
}

TEST_F(Check, ACertificateThatIsNotThere) {
  write_certificate("site", {"example.com"});
  const std::vector<std::string> problems = problems_with("missing");
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_TRUE(problems[0].starts_with(file() + ":8:")) << problems[0];
  EXPECT_NE(problems[0].find("missing.pem"), std::string::npos) << problems[0];
  EXPECT_TRUE(problems[1].starts_with(file() + ":8:")) << problems[1];
  EXPECT_NE(problems[1].find("missing.key"), std::string::npos) << problems[1];
}

TEST_F(Check, AFileThatIsNotThere) {
  const std::vector<Diagnostic> problems = check_config_file(file());
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_TRUE(text(problems[0]).starts_with(file() + ": ")) << text(problems[0]);
}

TEST_F(Check, FoldersThatAreNotThereAreFound) {
  folder.write("turnout.toml",
               "[[listener]]\naddress = \"127.0.0.1:0\"\n\n[[route]]\nmatch = { path = \"/**\" }\n"
               "files = { root = \"nowhere\" }\n");
  const std::vector<Diagnostic> problems = check_config_file(file());
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(text(problems[0]).find("nowhere"), std::string::npos) << text(problems[0]);
}

}  // namespace
}  // namespace turnout
