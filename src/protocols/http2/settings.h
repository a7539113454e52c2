// HTTP2-Settings (RFC 7540 section 3.2.1): the payload of a SETTINGS frame in a request that offers h2c.
//
//   auto payload = decode_http2_settings("AAMAAABkAAQAoAAAAAIAAAAA", limits);     // nothing where it is not valid
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/pool.h"

namespace turnout {

using Http2Settings = PooledVector<std::byte>;

/// base64url without padding, whole entries, not more than the limit, and every value legal (RFC 9113 section 6.5.2):
/// what would be a connection error behind a 101 has to stand in the way of the 101.
std::optional<Http2Settings> decode_http2_settings(std::string_view value, const Limits& limits);

}  // namespace turnout
