#include "codec/tls/client_context.h"

#include <fmt/core.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>
#include <optional>
#include <utility>

#include "base/address.h"
#include "base/ascii.h"
#include "codec/tls/certificate.h"
#include "codec/tls/context.h"
#include "codec/tls/openssl_error.h"

namespace turnout {
namespace {

constexpr std::size_t fingerprint_size = 32;

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/// "AB:CD:..." or "abcd...": 32 bytes in hexadecimal digits.
std::optional<std::vector<unsigned char>> parse_fingerprint(std::string_view text) {
  std::vector<unsigned char> out;
  int half = -1;
  for (char c : text) {
    if (c == ':' && half < 0) continue;
    const int digit = hex_digit(c);
    if (digit < 0) return std::nullopt;
    if (half < 0) {
      half = digit;
    } else {
      out.push_back(static_cast<unsigned char>(half << 4 | digit));
      half = -1;
    }
  }
  if (half >= 0 || out.size() != fingerprint_size) return std::nullopt;
  return out;
}

std::optional<std::string> trust(SSL_CTX* native, const TlsClientOptions& options) {
  if (!options.ca_file_only && SSL_CTX_set_default_verify_paths(native) != 1) {
    return fmt::format("the system's certificate authorities cannot be read: {}", take_openssl_error("unknown error"));
  }
  if (!options.ca_file.empty() && SSL_CTX_load_verify_file(native, options.ca_file.c_str()) != 1) {
    return fmt::format(
        "certificate authorities in '{}' cannot be read: {}; it must be a readable PEM file with at least "
        "one certificate",
        options.ca_file, take_openssl_error("unknown error"));
  }
  ERR_clear_error();
  return std::nullopt;
}

std::optional<std::string> show(SSL_CTX* native, const TlsClientOptions& options) {
  if (options.certificate_file.empty()) return std::nullopt;
  const std::string& key_file = options.key_file.empty() ? options.certificate_file : options.key_file;
  const auto certificate = TlsCertificate::load(options.certificate_file, key_file);
  if (!certificate) return certificate.error();
  bool used = SSL_CTX_use_certificate(native, certificate->leaf()) == 1 &&
              SSL_CTX_use_PrivateKey(native, certificate->key()) == 1;
  for (const TlsCertificate::X509Ptr& link : certificate->chain()) {
    used = used && SSL_CTX_add1_chain_cert(native, link.get()) == 1;
  }
  if (used) return std::nullopt;
  return fmt::format("certificate file '{}': it cannot be used: {}", options.certificate_file,
                     take_openssl_error("out of memory"));
}

}  // namespace

struct TlsClientCallbacks {
  /// A session that can be resumed: right after the handshake, or with a ticket at any time later.
  static int new_session(SSL* ssl, SSL_SESSION* session) {
    auto* slot = static_cast<TlsSessionSlot*>(SSL_get_app_data(ssl));
    if (slot != nullptr && SSL_SESSION_is_resumable(session) == 1) slot->put(session);
    return 0;  // OpenSSL keeps its own
  }

  /// Instead of looking for an authority: is it the one certificate that was asked for?
  static int verify_pinned(X509_STORE_CTX* store, void* self) {
    const auto& pinned = static_cast<const TlsClientContext*>(self)->pinned_;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    const X509* shown = X509_STORE_CTX_get0_cert(store);
    const bool same = shown != nullptr && X509_digest(shown, EVP_sha256(), digest.data(), &size) == 1 &&
                      size == pinned.size() && CRYPTO_memcmp(digest.data(), pinned.data(), size) == 0;
    X509_STORE_CTX_set_error(store, same ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return same ? 1 : 0;
  }
};

std::expected<std::shared_ptr<const TlsClientContext>, std::string> TlsClientContext::make(
    const TlsClientOptions& options) {
  std::shared_ptr<TlsClientContext> context(new TlsClientContext);
  context->insecure_ = options.insecure;
  if (!options.fingerprint.empty()) {
    auto pinned = parse_fingerprint(options.fingerprint);
    if (!pinned) {
      return std::unexpected(
          fmt::format("fingerprint '{}': SHA-256 has 32 bytes, written like AB:CD:... (openssl x509 "
                      "-noout -fingerprint -sha256 -in site.pem prints it)",
                      options.fingerprint));
    }
    context->pinned_ = std::move(*pinned);
  }
  auto alpn = alpn_wire(options.alpn);
  if (!alpn) return std::unexpected(alpn.error());

  context->native_.reset(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX* native = context->native_.get();
  if (native == nullptr) return std::unexpected("cannot set TLS up: " + take_openssl_error("out of memory"));
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(native,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(native, &TlsClientCallbacks::new_session);
  // SSL_CTX_set_alpn_protos answers 0 for success.
  if (SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||
      (!alpn->empty() && SSL_CTX_set_alpn_protos(native, alpn->data(), static_cast<unsigned int>(alpn->size())) != 0)) {
    return std::unexpected("cannot set TLS up: " + take_openssl_error("out of memory"));
  }
  if (!context->pinned_.empty()) {
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(native, &TlsClientCallbacks::verify_pinned, context.get());
  } else if (options.insecure) {
    SSL_CTX_set_verify(native, SSL_VERIFY_NONE, nullptr);
  } else {
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    if (auto error = trust(native, options)) return std::unexpected(*error);
  }
  if (auto error = show(native, options)) return std::unexpected(*error);
  return context;
}

ssl_st* TlsClientContext::make_ssl(const TlsConnect& connect) const noexcept {
  ERR_clear_error();
  std::unique_ptr<SSL, decltype([](SSL* ssl) { SSL_free(ssl); })> ssl(SSL_new(native_.get()));
  if (ssl == nullptr) {
    ERR_clear_error();
    return nullptr;
  }
  const bool address = parse_ip(connect.host).has_value();
  const std::string name = address ? connect.host : host_name_normalised(connect.host);
  bool ready = !name.empty();
  if (address) {
    ready = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), name.c_str()) == 1;
  } else if (ready) {
    // SNI is for names only (RFC 6066 section 3).
    ready = SSL_set1_host(ssl.get(), name.c_str()) == 1 && SSL_set_tlsext_host_name(ssl.get(), name.c_str()) == 1;
  }
  if (connect.version_max == TlsVersion::tls_1_2) {
    ready = ready && SSL_set_max_proto_version(ssl.get(), TLS1_2_VERSION) == 1;
  }
  if (!connect.alpn.empty()) {
    const auto alpn = alpn_wire(connect.alpn);
    // SSL_set_alpn_protos answers 0 for success.
    if (!alpn || SSL_set_alpn_protos(ssl.get(), alpn->data(), static_cast<unsigned int>(alpn->size())) != 0) {
      ERR_clear_error();
      return nullptr;
    }
  }
  SSL_set_app_data(ssl.get(), connect.session.get());
  ERR_clear_error();
  // Where the name is not what is verified, it need not be one.
  if (!ready && !insecure_ && pinned_.empty()) return nullptr;
  SSL_set_connect_state(ssl.get());
  if (connect.session != nullptr) connect.session->offer(ssl.get());
  return ssl.release();
}

}  // namespace turnout
