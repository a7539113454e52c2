// The number of a tunnel in the query of a URL.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace turnout {

/// Digits alone, at least 1.
inline std::optional<std::uint64_t> parse_query_number(std::string_view text) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

}  // namespace turnout
