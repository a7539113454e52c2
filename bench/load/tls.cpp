#include "bench/load/tls.h"

#include <openssl/err.h>

#include <cstdio>
#include <cstdlib>

#include "bench/shared/address.h"

namespace turnout::bench {

void Tls::set_up(std::string_view alpn, std::string_view host) {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = context_.get();
  std::string protocols(1, static_cast<char>(alpn.size()));
  protocols += alpn;
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(protocols.data()),
                              static_cast<unsigned>(protocols.size())) != 0) {
    std::fprintf(stderr, "TLS: %s\n", last_tls_error().c_str());
    std::exit(1);
  }
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_cert_verify_callback(context, [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, [](SSL* ssl, SSL_SESSION* session) {
    auto* const taker = static_cast<SessionTaker*>(SSL_get_app_data(ssl));
    if (taker == nullptr) return 0;
    taker->take_session(SslSession(session));
    return 1;
  });
  // RFC 6066, section 3: a server name is no address.
  if (!parse_address(host) && !parse_address(std::string(host) + ":0")) server_name_ = host.substr(0, host.find(':'));
}

std::unique_ptr<SSL, FreeSsl> Tls::begin(int fd, SSL_SESSION* resume, SessionTaker* taker) const {
  std::unique_ptr<SSL, FreeSsl> ssl(SSL_new(context_.get()));
  SSL_set_fd(ssl.get(), fd);
  SSL_set_app_data(ssl.get(), taker);
  if (!server_name_.empty()) SSL_set_tlsext_host_name(ssl.get(), server_name_.c_str());
  if (resume != nullptr) SSL_set_session(ssl.get(), resume);
  SSL_set_connect_state(ssl.get());
  return ssl;
}

std::string last_tls_error() {
  char text[256] = "";
  ERR_error_string_n(ERR_peek_last_error(), text, sizeof text);
  ERR_clear_error();
  return text;
}

}  // namespace turnout::bench
