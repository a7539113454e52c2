#include "codec/tls/session_slot.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <ctime>

namespace turnout {

void TlsSessionSlot::put(const ssl_session_st* session) noexcept {
  // A copy as well: OpenSSL marks a connection's own session as used up when that ends without a close_notify.
  std::shared_ptr<SSL_SESSION> fresh(SSL_SESSION_dup(session), SSL_SESSION_free);
  const std::lock_guard lock(mutex_);
  session_.swap(fresh);
  ERR_clear_error();
}

void TlsSessionSlot::offer(ssl_st* ssl) noexcept {
  std::shared_ptr<SSL_SESSION> copy;
  {
    const std::lock_guard lock(mutex_);
    if (session_ == nullptr) return;
    const long age_seconds = static_cast<long>(std::time(nullptr)) - SSL_SESSION_get_time(session_.get());
    if (age_seconds < 0 || age_seconds > age_seconds_max) {
      session_.reset();
      return;
    }
    // A copy: OpenSSL writes to the session of a connection, and the next one may run in another thread.
    copy.reset(SSL_SESSION_dup(session_.get()), SSL_SESSION_free);
  }
  if (copy != nullptr) (void)SSL_set_session(ssl, copy.get());
  ERR_clear_error();
}

}  // namespace turnout
