// HeadError: why a message of HTTP/1.1 cannot be taken, with the status that says so to a client.
//
// `what` is a sentence without a full stop that names the place and the rule; it never holds a byte from the peer.
#pragma once

#include <string_view>

#include "base/why.h"

namespace turnout {

struct HeadError {
  int status = 400;  // what a server answers; a client treats any of them as a bad response
  Why why = Why::malformed;
  std::string_view what;

  friend bool operator==(const HeadError&, const HeadError&) = default;
};

}  // namespace turnout
