// The path of a request in the one form in which it is compared with routes and looked up among files.
//
//   PooledString storage;
//   auto path = normalise_path("/a%62c//d%20e", storage);      // "/abc/d e"
//
// Whoever guards "/private/**" must not be passed by "/%70rivate/x", "//private/x" or "/public/../private/x".
// So percent-encoding is undone completely and once, repeated slashes become one, and what a client that means
// well does not send is refused: dot segments, plain or encoded (RFC 3986 section 5.2.4 has clients remove them),
// encoded slashes, encoded or plain zero bytes, and a percent sign without two digits behind it. The result is
// bytes, not text for a message: it may hold control characters and anything but a zero byte.
#pragma once

#include <string_view>

#include "base/ascii.h"
#include "base/error.h"
#include "base/pool.h"

namespace turnout {

/// `raw` is the path of a request-target in origin form, without its query. The view is into `raw` where that
/// is in order already, else into `storage`. Anything refused is Code::malformed: a 400.
Result<std::string_view> normalise_path(std::string_view raw, PooledString& storage);

}  // namespace turnout
