#include "codec/tls/context.h"

#include <fmt/core.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/bytes.h"
#include "codec/tls/openssl_error.h"

namespace turnout {
namespace {

// Of TLS 1.2 only what has forward secrecy and an AEAD; nothing of this is on the list that RFC 9113
// (appendix A) forbids for HTTP/2.
constexpr const char* tls_1_2_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* groups = "X25519:P-256:P-384";

/// A cursor over a part of a ClientHello. What does not fit is nothing, and then `broken` for good.
struct Reader {
  const unsigned char* at;
  std::size_t left;
  bool broken = false;

  std::size_t number(int octets) {
    if (left < static_cast<std::size_t>(octets)) {
      broken = true;
      left = 0;
      return 0;
    }
    std::size_t value = 0;
    for (int i = 0; i < octets; ++i) value = value << 8 | at[i];
    at += octets;
    left -= static_cast<std::size_t>(octets);
    return value;
  }
  std::string_view text(std::size_t size) {
    if (left < size) {
      broken = true;
      left = 0;
      return {};
    }
    const std::string_view value(reinterpret_cast<const char*>(at), size);
    at += size;
    left -= size;
    return value;
  }
};

std::optional<Reader> extension(SSL* ssl, unsigned int type) {
  Reader reader{nullptr, 0};
  if (SSL_client_hello_get0_ext(ssl, type, &reader.at, &reader.left) != 1) return std::nullopt;
  return reader;
}

/// ServerNameList of RFC 6066 section 3. Anything odd in it is left to OpenSSL, which refuses it.
std::string asked_name(SSL* ssl) {
  std::optional<Reader> reader = extension(ssl, TLSEXT_TYPE_server_name);
  if (!reader || reader->number(2) != reader->left) return {};
  if (reader->number(1) != TLSEXT_NAMETYPE_host_name) return {};
  const std::string_view name = reader->text(reader->number(2));
  return reader->broken ? std::string() : host_name_normalised(name);
}

/// Whether the client is one that speaks https, or will not say (RFC 7301 section 3.1).
bool offers_http(SSL* ssl) {
  std::optional<Reader> reader = extension(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation);
  if (!reader) return false;
  if (reader->number(2) != reader->left) return true;
  while (reader->left != 0) {
    const std::string_view name = reader->text(reader->number(1));
    if (reader->broken || name == "h2" || name.starts_with("http/")) return true;
  }
  return false;
}

std::optional<std::string> harden(SSL_CTX* native) {
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                  SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(native,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(native, static_cast<long>(TicketKeys::lifetime.count()));
  const bool set = SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) == 1 &&
                   SSL_CTX_set_max_proto_version(native, TLS1_3_VERSION) == 1 &&
                   SSL_CTX_set_cipher_list(native, tls_1_2_ciphers) == 1 &&
                   SSL_CTX_set1_groups_list(native, groups) == 1 && SSL_CTX_set_max_early_data(native, 0) == 1;
  if (set) return std::nullopt;
  return fmt::format("OpenSSL does not take the TLS settings: {}", take_openssl_error("out of memory"));
}

}  // namespace

/// What OpenSSL calls during a handshake. The handshake is found at the SSL, the context at its SSL_CTX.
struct TlsContextCallbacks {
  static const TlsContext& context_of(SSL* ssl) {
    return *static_cast<const TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  }

  /// The first look at a ClientHello, complete however it was cut into records (T7). The certificate has to be
  /// chosen here: later, a ticket for another one would already have been accepted (T5).
  static int client_hello(SSL* ssl, int* alert, void*) {
    const TlsContext& context = context_of(ssl);
    auto& handshake = *static_cast<TlsHandshake*>(SSL_get_app_data(ssl));
    if (handshake.upgraded && offers_http(ssl)) {
      handshake.why = Why::tls_alpn_in_upgrade;
      *alert = SSL_AD_ACCESS_DENIED;
      return SSL_CLIENT_HELLO_ERROR;
    }
    handshake.server_name = asked_name(ssl);
    const int found = context.find(handshake.server_name);
    if (found < 0 && context.strict_names_) {
      *alert = SSL_AD_UNRECOGNIZED_NAME;
      return SSL_CLIENT_HELLO_ERROR;
    }
    SSL_CTX* chosen = context.natives_[static_cast<std::size_t>(std::max(found, 0))].get();
    if (SSL_set_SSL_CTX(ssl, chosen) != chosen) {
      *alert = SSL_AD_INTERNAL_ERROR;
      return SSL_CLIENT_HELLO_ERROR;
    }
    return SSL_CLIENT_HELLO_SUCCESS;
  }

  /// Strict (T4): who offers protocols and none of ours gets no connection, rather than one that each end
  /// takes for something else (RFC 7301 section 3.2).
  static int select_alpn(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size,
                         const unsigned char* offered, unsigned int offered_size, void*) {
    const std::vector<unsigned char>& ours = context_of(ssl).alpn_;
    Reader list{ours.data(), ours.size()};
    while (list.left != 0) {
      const std::string_view mine = list.text(list.number(1));
      Reader theirs{offered, offered_size};
      while (theirs.left != 0) {
        if (theirs.text(theirs.number(1)) != mine) continue;
        *chosen = reinterpret_cast<const unsigned char*>(mine.data());
        *chosen_size = static_cast<unsigned char>(mine.size());
        return SSL_TLSEXT_ERR_OK;
      }
    }
    static_cast<TlsHandshake*>(SSL_get_app_data(ssl))->why = Why::no_application_protocol;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }

  /// Seals (encrypt) or opens a ticket. 0: not with our keys, so a full handshake; 2: opened, to be replaced.
  static int ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                    int encrypt) {
    TicketKeys& keys = *context_of(ssl).ticket_keys_;
    std::optional<TicketKeys::Found> found;
    if (encrypt != 0) {
      if (const std::optional<TicketKeys::Key> current = keys.current()) found = TicketKeys::Found{*current, false};
      if (!found || RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
      std::memcpy(name, found->key.name.data(), found->key.name.size());
    } else {
      found = keys.find(std::span<const unsigned char, 16>(name, 16));
      if (!found) return 0;
    }
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, found->key.hmac.data(), found->key.hmac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    const bool set = EVP_MAC_CTX_set_params(mac, parameters) == 1 &&
                     EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, found->key.aes.data(), iv, encrypt) == 1;
    if (!set) return -1;
    // A ticket of TLS 1.3 is for one connection (RFC 8446, appendix C.4): OpenSSL's clients forget theirs when it was
    // used, and without a new one every other handshake of theirs would be a full one.
    return found->retiring || SSL_version(ssl) >= TLS1_3_VERSION ? 2 : 1;
  }
};

std::expected<std::vector<unsigned char>, std::string> alpn_wire(const std::vector<std::string>& protocols) {
  std::vector<unsigned char> wire;
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255) {
      return std::unexpected(fmt::format("ALPN protocol '{}': its name must have 1 to 255 bytes", protocol));
    }
    wire.push_back(static_cast<unsigned char>(protocol.size()));
    wire.insert(wire.end(), protocol.begin(), protocol.end());
  }
  return wire;
}

std::expected<std::shared_ptr<const TlsContext>, std::string> TlsContext::make(TlsOptions options) {
  if (options.certificates.empty()) return std::unexpected(std::string("a TLS listener needs a certificate"));
  auto alpn = alpn_wire(options.alpn);
  if (!alpn) return std::unexpected(alpn.error());
  std::shared_ptr<TlsContext> context(new TlsContext);
  context->listener_ = std::move(options.listener);
  context->alpn_ = std::move(*alpn);
  context->strict_names_ = options.strict_names;
  context->ticket_keys_ = options.ticket_keys ? std::move(options.ticket_keys) : std::make_shared<TicketKeys>();
  context->certificates_ = std::move(options.certificates);
  for (const TlsCertificate& certificate : context->certificates_) {
    const int index = static_cast<int>(context->natives_.size());
    auto native = context->make_native(certificate);
    if (!native) return std::unexpected(native.error());
    context->natives_.push_back(std::move(*native));
    for (const std::string& name : certificate.names()) {
      if (name.starts_with("*.")) {
        context->by_wildcard_.emplace(name.substr(1), index);
      } else {
        context->exact_.emplace(name, index);
      }
    }
  }
  return context;
}

std::expected<TlsContext::ContextPtr, std::string> TlsContext::make_native(const TlsCertificate& certificate) {
  ContextPtr native(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (native == nullptr) return std::unexpected("cannot set TLS up: " + take_openssl_error("out of memory"));
  if (auto error = harden(native.get())) return std::unexpected(*error);

  const std::string shown = certificate.names().empty() ? certificate.fingerprint() : certificate.names().front();
  if (certificate.key() == nullptr || SSL_CTX_use_certificate(native.get(), certificate.leaf()) != 1 ||
      SSL_CTX_use_PrivateKey(native.get(), certificate.key()) != 1) {
    return std::unexpected(
        fmt::format("the certificate for '{}' cannot be used: {}; TLS needs its key, of RSA with at "
                    "least 2048 bits or P-256 or better",
                    shown, take_openssl_error("it has no key")));
  }
  for (const TlsCertificate::X509Ptr& link : certificate.chain()) {
    if (SSL_CTX_add1_chain_cert(native.get(), link.get()) == 1) continue;
    return std::unexpected(fmt::format("the chain of the certificate for '{}' cannot be used: {}", shown,
                                       take_openssl_error("out of memory")));
  }

  // A ticket is worth something only at the same listener and for the same certificate (T5).
  const std::string bound_to = listener_ + '\0' + certificate.fingerprint();
  unsigned char id[EVP_MAX_MD_SIZE];
  unsigned int id_size = 0;
  if (EVP_Digest(bound_to.data(), bound_to.size(), id, &id_size, EVP_sha256(), nullptr) != 1 ||
      SSL_CTX_set_session_id_context(native.get(), id, id_size) != 1) {
    return std::unexpected("cannot set TLS up: " + take_openssl_error("out of memory"));
  }

  SSL_CTX_set_app_data(native.get(), this);
  SSL_CTX_set_client_hello_cb(native.get(), &TlsContextCallbacks::client_hello, nullptr);
  SSL_CTX_set_alpn_select_cb(native.get(), &TlsContextCallbacks::select_alpn, nullptr);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(native.get(), &TlsContextCallbacks::ticket);
  return native;
}

int TlsContext::find(std::string_view normalised) const {
  if (const auto exact = exact_.find(normalised); exact != exact_.end()) return exact->second;
  const std::size_t dot = normalised.find('.');
  if (dot == std::string_view::npos || dot == 0) return -1;
  const auto wildcard = by_wildcard_.find(normalised.substr(dot));
  return wildcard == by_wildcard_.end() ? -1 : wildcard->second;
}

const TlsCertificate& TlsContext::certificate_for(std::string_view name) const {
  return certificates_[static_cast<std::size_t>(std::max(find(host_name_normalised(name)), 0))];
}

ssl_st* TlsContext::make_ssl(TlsHandshake& handshake) const noexcept {
  ERR_clear_error();
  SSL* ssl = SSL_new(natives_.front().get());
  if (ssl == nullptr) {
    ERR_clear_error();
    return nullptr;
  }
  SSL_set_app_data(ssl, &handshake);
  SSL_set_accept_state(ssl);
  return ssl;
}

}  // namespace turnout
