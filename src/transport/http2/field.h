// Texts for nghttp2 and from it.
//
//   const nghttp2_nv fields[] = {http2_field(":method", "GET"), http2_field(":path", "/")};
//   if (as_view(name, name_size) == ":status") ...                                             // in a callback
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace turnout {

inline std::string_view as_view(const std::uint8_t* bytes, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(bytes), size};
}

/// Both texts have to live until it is submitted; the name is in lower case.
inline nghttp2_nv http2_field(std::string_view name, std::string_view value) noexcept {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));  // nghttp2 only reads them
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace turnout
