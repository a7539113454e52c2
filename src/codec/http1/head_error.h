// HeadError: why a message of HTTP/1.1 cannot be taken, with the status that says so to a client.
//
// `what` is a sentence without a full stop that names the place and the rule; it never holds a byte from the peer.
#pragma once

#include <expected>
#include <string_view>

#include "base/why.h"

namespace turnout {

struct HeadError {
  int status = 400;  // what a server answers; a client treats any of them as a bad response
  Why why = Why::malformed;
  std::string_view what;

  friend bool operator==(const HeadError&, const HeadError&) = default;
};

/// For `return malformed_head("a field line has no colon");`
inline std::unexpected<HeadError> malformed_head(std::string_view what) {
  return std::unexpected(HeadError{400, Why::malformed, what});
}

}  // namespace turnout
