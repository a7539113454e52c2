// Why a WebSocket was closed, as a number (RFC 6455 section 7.4 and the IANA registry).
#pragma once

#include <cstdint>

namespace turnout::websocket {

enum class CloseCode : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  no_status = 1005,  // never on the wire: the close frame was empty
  abnormal = 1006,   // never on the wire: the connection ended without a close frame
  invalid_payload = 1007,
  policy_violation = 1008,
  message_too_big = 1009,
  mandatory_extension = 1010,
  internal_error = 1011,
  service_restart = 1012,
  try_again_later = 1013,
  bad_gateway = 1014,
};

/// May this number stand in a close frame? 1004-1006 and 1015 are reserved (section 7.4.1), 1016-2999 await
/// registration, 3000-4999 belong to libraries and applications (section 7.4.2).
constexpr bool is_sendable(std::uint16_t code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace turnout::websocket
