// TLS 1.3 as a client that takes any certificate.
//
//   Tls tls;
//   tls.set_up("http/1.1", "localhost");
//   SSL* ssl = tls.begin(fd, nullptr, nullptr);
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

namespace turnout::bench {

struct FreeSsl {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};

using SslSession = std::unique_ptr<SSL_SESSION, FreeSsl>;

class Tls {
 public:
  /// Whom SSL_get_app_data() of a connection points to, to be given each session that can be resumed.
  class SessionTaker {
   public:
    virtual void take_session(SslSession session) = 0;

   protected:
    ~SessionTaker() = default;
  };

  void set_up(std::string_view alpn, std::string_view host);
  bool is_on() const noexcept { return context_ != nullptr; }
  std::unique_ptr<SSL, FreeSsl> begin(int fd, SSL_SESSION* resume, SessionTaker* taker) const;

 private:
  std::unique_ptr<SSL_CTX, FreeSsl> context_;
  std::string server_name_;
};

/// The last error of OpenSSL, in words.
std::string last_tls_error();

}  // namespace turnout::bench
