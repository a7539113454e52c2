// announced_length(): what Content-Length says, in a message whose framing was found to be in order: nghttp2 (RFC 9113
// section 8.1.1) or codec/http1/framing.h has seen to it that the value is one number, and holds the body to it.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>

#include "codec/http/fields.h"

namespace turnout {

inline std::optional<std::uint64_t> announced_length(const FieldList& fields) noexcept {
  const auto value = fields.find("content-length");
  if (!value) return std::nullopt;
  std::uint64_t length = 0;
  const char* end = value->data() + value->size();
  const auto [last, error] = std::from_chars(value->data(), end, length);
  if (error != std::errc() || last != end) return std::nullopt;
  return length;
}

}  // namespace turnout
