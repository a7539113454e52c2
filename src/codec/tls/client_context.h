// TlsClientContext: how a client speaks TLS. Certificates are verified unless someone says otherwise.
//
//   auto context = TlsClientContext::make({.alpn = {"h2", "http/1.1"}});
//   TlsEngine engine(*context, {.host = "example.com"});
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "codec/tls/session_slot.h"
#include "codec/tls/version.h"

struct ssl_st;
struct ssl_ctx_st;

namespace turnout {

struct TlsClientOptions {
  bool insecure = false;            // take any certificate
  std::string ca_file{};            // PEM; trusted besides the system's authorities
  bool ca_file_only = false;        // or instead of them
  std::string fingerprint{};        // SHA-256 of the one certificate to accept, "AB:CD:..."; replaces the authorities
  std::vector<std::string> alpn{};  // in order of preference
  std::string certificate_file{};   // PEM; shown to a server that asks for one
  std::string key_file{};           // PEM; empty: in the same file
};

/// What differs from connection to connection.
struct TlsConnect {
  std::string host{};                            // name or address: verified, and sent as SNI if it is a name
  TlsVersion version_max = TlsVersion::tls_1_3;  // after an upgrade: what the 101 named
  std::vector<std::string> alpn{};               // instead of what the context offers, unless it is empty
  std::shared_ptr<TlsSessionSlot> session{};     // of this host, with this context; null: nothing is resumed
};

class TlsClientContext {
 public:
  static std::expected<std::shared_ptr<const TlsClientContext>, std::string> make(const TlsClientOptions& options);

  /// A new connection's OpenSSL object, or null when memory is short or the host cannot be verified. The slot of
  /// `connect` outlives it.
  ssl_st* make_ssl(const TlsConnect& connect) const noexcept;

 private:
  friend struct TlsClientCallbacks;

  TlsClientContext() = default;

  std::shared_ptr<ssl_ctx_st> native_;
  std::vector<unsigned char> pinned_;
  bool insecure_ = false;
};

}  // namespace turnout
