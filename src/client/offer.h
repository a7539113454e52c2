// Offer: another protocol that a client asks for, and whether a 101 accepts exactly that (law L3).
//
//   auto offer = parse_offer("TLS");                       // tokens: "TLS/1.3, TLS/1.2"
//   auto token = check_switch(response.head, *offer);      // "TLS/1.2", or a sentence about what is wrong
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "codec/http/message.h"

namespace turnout::client {

struct Offer {
  enum class Kind : std::uint8_t { http2, h2c, tls, websocket };
  Kind kind = Kind::http2;
  std::string tokens;  // the value of Upgrade, in the spelling of the registry
};

/// HTTP/2.0, h2c, TLS, TLS/1.2, TLS/1.3 or websocket, in any letter case.
std::optional<Offer> parse_offer(std::string_view text);

/// The token that a 101 names, as we offered it. The proof that a WebSocket needs besides is in its own handshake.
std::expected<std::string, std::string> check_switch(const ResponseHead& answer, const Offer& offer);

}  // namespace turnout::client
