// The same request with https, for a redirection out of cleartext.
//
//   https_location(request, 8443);      // "https://example.com:8443/a?b"
#pragma once

#include <cstdint>
#include <string>

#include "codec/http/message.h"

namespace turnout {

/// Empty where the request does not say which host it is for, or is not for a path.
std::string https_location(const RequestHead& request, std::uint16_t port);

}  // namespace turnout
