// TlsContext: how one listener speaks TLS. Immutable and shared by all workers; a reload makes another one.
//
//   TlsOptions options{.listener = "0.0.0.0:443", .certificates = {certificate}, .alpn = {"h2", "http/1.1"}};
//   auto context = TlsContext::make(std::move(options));
//   TlsEngine engine(*context);
//
// TLS 1.2 with ECDHE and AEAD suites, and TLS 1.3. No renegotiation, no compression, no early data. Tickets
// instead of a session cache; a ticket is worth nothing at another listener or for another certificate.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/why.h"
#include "codec/tls/certificate.h"
#include "codec/tls/ticket_keys.h"

struct ssl_st;
struct ssl_ctx_st;

namespace turnout {

struct TlsOptions {
  std::string listener{};                      // its address: part of what a ticket is bound to
  std::vector<TlsCertificate> certificates{};  // chosen by server name; the first one is the default
  std::vector<std::string> alpn{};             // in order of preference; a client that offers only others is refused
  bool strict_names = false;                   // refuse a server name that no certificate has
  std::shared_ptr<TicketKeys> ticket_keys{};   // of the context before a reload; null: fresh ones
};

/// What the callbacks of one handshake leave behind. Belongs to the engine.
struct TlsHandshake {
  bool upgraded = false;    // after a 101 (RFC 2817): ALPN of an https client is refused
  Why why = Why::none;      // set where Turnout, not OpenSSL, refuses
  std::string server_name;  // SNI, normalised; empty if none or no host name
};

class TlsContext {
 public:
  static std::expected<std::shared_ptr<const TlsContext>, std::string> make(TlsOptions options);

  /// The certificate that a client asking for `name` is shown: exact before wildcard, otherwise the first.
  const TlsCertificate& certificate_for(std::string_view name) const;
  const std::vector<TlsCertificate>& certificates() const noexcept { return certificates_; }
  const std::shared_ptr<TicketKeys>& ticket_keys() const noexcept { return ticket_keys_; }

  /// A new connection's OpenSSL object, or null when memory is short. `handshake` outlives it.
  ssl_st* make_ssl(TlsHandshake& handshake) const noexcept;

 private:
  friend struct TlsContextCallbacks;
  using ContextPtr = std::shared_ptr<ssl_ctx_st>;

  TlsContext() = default;
  std::expected<ContextPtr, std::string> make_native(const TlsCertificate& certificate);
  /// Index into certificates_, or -1 for a name that none of them has.
  int find(std::string_view normalised) const;

  std::string listener_;
  std::vector<TlsCertificate> certificates_;
  std::vector<ContextPtr> natives_;                      // one per certificate
  std::map<std::string, int, std::less<>> exact_;        // "example.com"
  std::map<std::string, int, std::less<>> by_wildcard_;  // ".example.com"
  std::vector<unsigned char> alpn_;                      // in wire form
  bool strict_names_ = false;
  std::shared_ptr<TicketKeys> ticket_keys_;
};

/// Protocol names in the wire form of RFC 7301 section 3.1; nothing if one is empty or longer than 255 bytes.
std::expected<std::vector<unsigned char>, std::string> alpn_wire(const std::vector<std::string>& protocols);

}  // namespace turnout
