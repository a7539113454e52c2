#include "codec/tls/self_signed.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "base/address.h"
#include "codec/tls/openssl_error.h"

namespace turnout {
namespace {

bool add_extension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool set_serial(X509* certificate) {
  using Number = std::unique_ptr<BIGNUM, decltype([](BIGNUM* n) { BN_free(n); })>;
  const Number serial(BN_new());
  // Positive and at most 20 octets (RFC 5280 section 4.1.2.2).
  return serial != nullptr && BN_rand(serial.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_name(X509* certificate, const std::string& common_name) {
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* text = reinterpret_cast<const unsigned char*>(common_name.data());
  return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, text, static_cast<int>(common_name.size()), -1,
                                    0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1;
}

bool fill(X509* certificate, EVP_PKEY* key, const SelfSignedOptions& options, const std::string& names) {
  constexpr long clock_skew_seconds = 3600;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options.valid_for).count();
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), -clock_skew_seconds) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), static_cast<long>(seconds)) != nullptr &&
         X509_set_pubkey(certificate, key) == 1 && set_name(certificate, options.common_name) &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
         add_extension(certificate, NID_subject_alt_name, names) &&
         add_extension(certificate, NID_subject_key_identifier, "hash") &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

}  // namespace

std::expected<TlsCertificate, std::string> make_self_signed(const SelfSignedOptions& options) {
  std::string names;
  for (const std::string& name : options.names) {
    const bool address = parse_ip(name).has_value();
    // The value is parsed by OpenSSL: a name must not be able to add another entry.
    if (!address && host_name_normalised(name.starts_with("*.") ? name.substr(2) : name).empty()) {
      return std::unexpected("'" + name + "' is neither a host name nor an address");
    }
    names += (names.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + name;
  }
  if (names.empty()) return std::unexpected(std::string("a certificate needs a name"));
  TlsCertificate::KeyPtr key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  TlsCertificate::X509Ptr certificate(X509_new(), X509_free);
  if (key == nullptr || certificate == nullptr || !fill(certificate.get(), key.get(), options, names)) {
    return std::unexpected("cannot make a certificate: " + take_openssl_error("out of memory"));
  }
  return TlsCertificate(std::move(certificate), {}, std::move(key));
}

}  // namespace turnout
