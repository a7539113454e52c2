// Site: what a connection is served under: routes, limits, and for each listener the protocols that it offers.
// Immutable, shared by all workers.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/network.h"
#include "base/origin_policy.h"
#include "codec/http/message.h"

namespace turnout {

class Admission;
class Handler;
class Registry;
class Upgrader;
class Worker;

/// Kinds of switch that happen at most once on a connection and what runs on it (U18). Bits.
enum class Switched : std::uint8_t { other = 0, tls = 1, http2 = 2, websocket = 4 };

struct Route {
  std::string name = "-";  // on record and in metrics; "-" where nothing that is configured fits
  const Handler* handler = nullptr;
  std::vector<std::string> switch_tokens;  // lower case; what may be asked for here beside HTTP and TLS
  // Decides about the tokens above, in the place of the listener's upgraders; nullptr: they do.
  const Upgrader* upgrader = nullptr;
  OriginPolicy origins;
  bool require_tls = false;
  std::uint16_t redirect_to_https = 0;  // the port of the URL that a request in cleartext is sent to; 0: none
  std::shared_ptr<const Admission> admission = nullptr;  // who may use it; nullptr: everybody

  bool is_for_tls_only() const noexcept { return require_tls || redirect_to_https != 0; }
  bool allows(std::string_view token) const noexcept { return find_token(token) != nullptr; }
  /// As the route lists it; nullptr where it does not.
  const char* find_token(std::string_view token) const noexcept;
};

struct Listener {
  std::shared_ptr<const Registry> registry;
  bool offers_tls_upgrade = false;  // what a 426 may name
};

class Site {
 public:
  virtual ~Site() = default;
  /// Always something: where nothing matches, a route that answers 404 or 405.
  virtual const Route& route(const RequestHead& request) const = 0;
  /// Called on one worker when it starts, for what one does for all.
  virtual void begin(Worker& /*worker*/) const {}
  /// True where some route may be reached by extended CONNECT (RFC 8441 section 3).
  virtual bool offers_extended_connect() const noexcept = 0;
  virtual const Limits& limits() const noexcept = 0;
  virtual const std::vector<Network>& trusted_proxies() const noexcept = 0;
};

}  // namespace turnout
