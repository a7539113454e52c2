// AdminGuard: who may ask the admin listener (attack class O3).
//
// The unix socket is guarded by the mode of its file. Over TCP whoever asks has to know a secret, and pages of other
// sites, which a browser would let ask in a person's name, are turned away:
//
//   - Host has to be a loopback address or localhost, so that no name which an attacker has pointed at 127.0.0.1 (DNS
//     rebinding) gets an answer
//   - Origin, where there is one, has to be our own, and Sec-Fetch-Site must not say that another site asks
//   - the secret: a cookie, which the one-time URL that is printed at start is exchanged for, or a bearer token
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/http/message.h"

namespace turnout {

struct AdminObjection {
  int status = 403;
  std::string_view text;  // a sentence for a person
};

/// Without a secret: what holds for every request. `port`: that of the TCP listener; 0 on the unix socket.
std::optional<AdminObjection> object_to_source(const RequestHead& request, std::uint16_t port);

/// 32 random bytes in base64url.
std::string new_secret();

/// Belongs to one thread.
class AdminCredentials {
 public:
  /// `bearer`: what programs send, or empty for none.
  AdminCredentials(std::uint16_t port, std::string bearer);

  /// "/?login=...": good once.
  std::string login_target() const;
  /// The value of Set-Cookie for the one who has the one-time secret; from then on it is void.
  std::optional<std::string> log_in(std::string_view one_time_secret);
  bool knows(const RequestHead& request) const;

 private:
  std::string cookie_name_;  // of the port, since browsers do not tell ports apart
  std::string cookie_;
  std::string one_time_;
  std::string bearer_;
};

}  // namespace turnout
