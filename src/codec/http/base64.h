// Base64 and its URL-safe form (RFC 4648), strictly: one spelling for each value, and nothing else is taken.
//
//   base64_encode(as_bytes("hi"))        "aGk="
//   base64_decode("aGk=")                the two bytes; nothing for "aGk", "aGl=" (stray bits), " aGk="
//   base64url_decode("aGk")              the form without padding, as HTTP2-Settings has it (RFC 7540 section 3.2.1)
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/pool.h"

namespace turnout {

PooledString base64_encode(Bytes bytes);
std::optional<PooledVector<std::byte>> base64_decode(std::string_view text);

PooledString base64url_encode(Bytes bytes);
std::optional<PooledVector<std::byte>> base64url_decode(std::string_view text);

}  // namespace turnout
