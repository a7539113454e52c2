// Bytes: views of memory that somebody else owns.
//
//   Bytes view = as_bytes("GET / HTTP/1.1");
//   std::string_view text = as_text(view.first(3));      // "GET"
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace turnout {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline Bytes as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Copies as much of `from` as fits into `to` and says how much that was, in bytes.
inline std::size_t copy_some(MutableBytes to, Bytes from) noexcept {
  const std::size_t n = from.size() < to.size() ? from.size() : to.size();
  if (n != 0) std::memcpy(to.data(), from.data(), n);
  return n;
}

}  // namespace turnout
