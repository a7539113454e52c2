// TlsCertificate: a certificate with the chain below it and, for a server, its private key.
//
//   auto loaded = TlsCertificate::load("site.pem", "site.key");
//   if (!loaded) print(loaded.error());              // names the file, and what to do about it
//   for (const std::string& name : loaded->names()) ...
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct x509_st;
struct evp_pkey_st;

namespace turnout {

class TlsCertificate {
 public:
  using X509Ptr = std::shared_ptr<x509_st>;
  using KeyPtr = std::shared_ptr<evp_pkey_st>;

  /// From PEM: the server's own certificate first, then the chain. The key may be in the same file.
  static std::expected<TlsCertificate, std::string> load(const std::string& certificate_file,
                                                         const std::string& key_file);
  /// From parts that are known to fit; `key` is null for a peer's certificate.
  TlsCertificate(X509Ptr leaf, std::vector<X509Ptr> chain, KeyPtr key);

  /// Whom it speaks for: host names (lower case, perhaps `*.` in front) and addresses from
  /// subjectAltName. Only without any host name there, the common name (RFC 9110 section 4.3.4).
  const std::vector<std::string>& names() const noexcept { return names_; }
  /// SHA-256 over the certificate, as "AB:CD:...".
  std::string fingerprint() const;
  std::string pem() const;
  /// What an operator should know although it works: expired, not valid yet. Empty when all is well.
  const std::vector<std::string>& warnings() const noexcept { return warnings_; }

  /// In seconds since 1970, UTC.
  std::int64_t expires_at() const noexcept;

  x509_st* leaf() const noexcept { return leaf_.get(); }
  const std::vector<X509Ptr>& chain() const noexcept { return chain_; }
  evp_pkey_st* key() const noexcept { return key_.get(); }

 private:
  void read_names();
  void read_validity(const std::string& file);

  X509Ptr leaf_;
  std::vector<X509Ptr> chain_;
  KeyPtr key_;
  std::vector<std::string> names_;
  std::vector<std::string> warnings_;
};

/// Whether `pattern`, a name in a certificate, covers `name`: equal, or `*.` for exactly one label
/// (RFC 6125 section 6.4.3). Both in lower case.
bool name_covers(std::string_view pattern, std::string_view name) noexcept;

/// A name that both certificates speak for, if there is one. Where one of them serves TLS from the first
/// byte and the other a TLS upgrade, a client of the former can be relayed to the latter (docs: T2).
std::optional<std::string> shared_name(const TlsCertificate& a, const TlsCertificate& b);
bool names_overlap(const TlsCertificate& a, const TlsCertificate& b);

/// The same certificate, or another one for the same key.
bool same_key(const TlsCertificate& a, const TlsCertificate& b);

/// A host name as it is compared: lower case, without a final dot. Empty if it cannot be a host name.
std::string host_name_normalised(std::string_view name);

}  // namespace turnout
