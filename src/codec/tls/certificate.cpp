#include "codec/tls/certificate.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "base/address.h"
#include "base/ascii.h"
#include "codec/tls/openssl_error.h"

namespace turnout {
namespace {

constexpr std::size_t chain_length_max = 16;

using BioPtr = std::unique_ptr<BIO, decltype([](BIO* bio) { BIO_free(bio); })>;

std::string_view text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

/// A name in a certificate: a host name with perhaps one wildcard as its first label.
std::string certificate_name(std::string_view name) {
  if (!name.starts_with("*.")) return host_name_normalised(name);
  std::string rest = host_name_normalised(name.substr(2));
  return rest.empty() ? rest : "*." + rest;
}

std::string address_text(std::string_view octets) {
  Address address;
  if (octets.size() == 16) {
    std::memcpy(address.bytes.data(), octets.data(), 16);
  } else if (octets.size() == 4) {
    address.bytes[10] = address.bytes[11] = 0xff;
    std::memcpy(address.bytes.data() + 12, octets.data(), 4);
  } else {
    return {};
  }
  return ip_text(address);
}

std::expected<BioPtr, std::string> open(const std::string& file, std::string_view what) {
  errno = 0;
  BioPtr bio(BIO_new_file(file.c_str(), "r"));
  if (bio != nullptr) return bio;
  const int cause = errno;
  ERR_clear_error();
  const char* remedy = cause == EACCES   ? "let the user that runs the server read it"
                       : cause == ENOENT ? "check the path; a relative one is taken from the current directory"
                                         : "check the path";
  return std::unexpected(fmt::format("{} '{}': {}; {}", what, file, std::strerror(cause), remedy));
}

/// Called by OpenSSL for the password of an encrypted key: notes that, and has none to give.
int note_encrypted(char*, int, int, void* encrypted) {
  *static_cast<bool*>(encrypted) = true;
  return -1;
}

std::expected<TlsCertificate::KeyPtr, std::string> load_key(const std::string& file) {
  auto bio = open(file, "key file");
  if (!bio) return std::unexpected(bio.error());
  bool encrypted = false;
  TlsCertificate::KeyPtr key(PEM_read_bio_PrivateKey(bio->get(), nullptr, note_encrypted, &encrypted), EVP_PKEY_free);
  const std::string error = take_openssl_error("unknown error");
  if (key != nullptr) return key;
  if (encrypted) {
    return std::unexpected(fmt::format(
        "key file '{}': the key is encrypted; write it without a password: openssl pkey -in {} -out plain.key", file,
        file));
  }
  return std::unexpected(fmt::format(
      "key file '{}': holds no private key in PEM ({}); it needs a '-----BEGIN PRIVATE KEY-----' part", file, error));
}

std::expected<std::vector<TlsCertificate::X509Ptr>, std::string> load_certificates(const std::string& file) {
  auto bio = open(file, "certificate file");
  if (!bio) return std::unexpected(bio.error());
  std::vector<TlsCertificate::X509Ptr> certificates;
  while (certificates.size() <= chain_length_max) {
    TlsCertificate::X509Ptr certificate(PEM_read_bio_X509_AUX(bio->get(), nullptr, nullptr, nullptr), X509_free);
    if (certificate == nullptr) break;
    certificates.push_back(std::move(certificate));
  }
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string error = take_openssl_error("");
  if (certificates.size() > chain_length_max) {
    return std::unexpected(fmt::format(
        "certificate file '{}': more than {} certificates; give the server's own and those that sign it, nothing else",
        file, chain_length_max));
  }
  if (ended && certificates.empty()) {
    return std::unexpected(
        fmt::format("certificate file '{}': no certificate in it; it needs a '-----BEGIN CERTIFICATE-----' part "
                    "(a binary one is converted by: openssl x509 -inform DER -in {} -out site.pem)",
                    file, file));
  }
  if (!ended) {
    return std::unexpected(fmt::format("certificate file '{}': certificate {} is damaged ({}); replace the file", file,
                                       certificates.size() + 1, error));
  }
  return certificates;
}

}  // namespace

TlsCertificate::TlsCertificate(X509Ptr leaf, std::vector<X509Ptr> chain, KeyPtr key)
    : leaf_(std::move(leaf)), chain_(std::move(chain)), key_(std::move(key)) {
  read_names();
}

std::expected<TlsCertificate, std::string> TlsCertificate::load(const std::string& certificate_file,
                                                                const std::string& key_file) {
  auto certificates = load_certificates(certificate_file);
  if (!certificates) return std::unexpected(certificates.error());
  auto key = load_key(key_file);
  if (!key) return std::unexpected(key.error());
  X509Ptr leaf = certificates->front();
  certificates->erase(certificates->begin());
  if (X509_check_private_key(leaf.get(), key->get()) != 1) {
    ERR_clear_error();
    return std::unexpected(
        fmt::format("key file '{}': does not belong to the certificate in '{}', whose first certificate must be the "
                    "server's own; these two print the same when they fit: openssl x509 -noout -pubkey -in {}, "
                    "openssl pkey -pubout -in {}",
                    key_file, certificate_file, certificate_file, key_file));
  }
  TlsCertificate loaded(std::move(leaf), std::move(*certificates), std::move(*key));
  loaded.read_validity(certificate_file);
  return loaded;
}

void TlsCertificate::read_names() {
  auto add = [this](std::string name) {
    if (!name.empty() && std::ranges::find(names_, name) == names_.end()) names_.push_back(std::move(name));
  };
  bool has_host_names = false;
  auto* alternatives =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf_.get(), NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; alternatives != nullptr && i < sk_GENERAL_NAME_num(alternatives); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives, i);
    if (name->type == GEN_DNS) {
      has_host_names = true;
      add(certificate_name(text_of(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      add(address_text(text_of(name->d.iPAddress)));
    }
  }
  GENERAL_NAMES_free(alternatives);
  if (!has_host_names) {
    // Clients that still look at the common name do so only when there is no dNSName (RFC 6125 section 6.4.4).
    const X509_NAME* subject = X509_get_subject_name(leaf_.get());
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0) add(certificate_name(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)))));
  }
  ERR_clear_error();
}

void TlsCertificate::read_validity(const std::string& file) {
  auto when = [](const ASN1_TIME* time) {
    BioPtr out(BIO_new(BIO_s_mem()));
    ASN1_TIME_print(out.get(), time);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
  };
  const ASN1_TIME* from = X509_get0_notBefore(leaf_.get());
  const ASN1_TIME* until = X509_get0_notAfter(leaf_.get());
  if (X509_cmp_current_time(from) > 0) {
    warnings_.push_back(
        fmt::format("certificate file '{}': valid only from {}; clients refuse it until then", file, when(from)));
  }
  if (X509_cmp_current_time(until) < 0) {
    warnings_.push_back(
        fmt::format("certificate file '{}': expired on {}; clients refuse it, renew it", file, when(until)));
  }
}

std::int64_t TlsCertificate::expires_at() const noexcept {
  std::tm utc{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(leaf_.get()), &utc) != 1) return 0;
  return timegm(&utc);
}

std::string TlsCertificate::fingerprint() const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (X509_digest(leaf_.get(), EVP_sha256(), digest.data(), &size) != 1) return take_openssl_error("unknown");
  std::string out;
  out.reserve(size * std::size_t{3});
  for (unsigned int i = 0; i < size; ++i) out += fmt::format("{}{:02X}", i == 0 ? "" : ":", digest[i]);
  return out;
}

std::string TlsCertificate::pem() const {
  BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), leaf_.get());
  for (const X509Ptr& certificate : chain_) PEM_write_bio_X509(out.get(), certificate.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

bool name_covers(std::string_view pattern, std::string_view name) noexcept {
  if (pattern == name) return true;
  if (!pattern.starts_with("*.")) return false;
  const std::size_t dot = name.find('.');
  return dot != std::string_view::npos && dot != 0 && name.substr(dot) == pattern.substr(1);
}

std::optional<std::string> shared_name(const TlsCertificate& a, const TlsCertificate& b) {
  for (const std::string& mine : a.names()) {
    for (const std::string& theirs : b.names()) {
      if (name_covers(mine, theirs)) return theirs;
      if (name_covers(theirs, mine)) return mine;
    }
  }
  return std::nullopt;
}

bool names_overlap(const TlsCertificate& a, const TlsCertificate& b) {
  return shared_name(a, b).has_value();
}

bool same_key(const TlsCertificate& a, const TlsCertificate& b) {
  EVP_PKEY* mine = X509_get0_pubkey(a.leaf());
  EVP_PKEY* theirs = X509_get0_pubkey(b.leaf());
  const bool same = mine != nullptr && theirs != nullptr && EVP_PKEY_eq(mine, theirs) == 1;
  ERR_clear_error();  // keys of different types leave an entry
  return same;
}

std::string host_name_normalised(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 253 || name.front() == '.') return {};
  for (char c : name) {
    const bool fits = is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '.' || c == '_';
    if (!fits) return {};
  }
  return to_lower(name);
}

}  // namespace turnout
