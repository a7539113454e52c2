#include "codec/tls/openssl_error.h"

#include <openssl/err.h>

namespace turnout {

std::string take_openssl_error(std::string_view otherwise) {
  const unsigned long code = ERR_peek_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? std::string(otherwise) : std::string(reason);
}

}  // namespace turnout
