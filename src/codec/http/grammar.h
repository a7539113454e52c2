// Character classes of HTTP (RFC 9110 section 5.6, RFC 3986), one table look-up each.
//
//   if (!is_in(c, Chars::token)) ...
//   const char* stop = skip(begin, end, Chars::target);
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/ascii.h"

namespace turnout {

enum class Chars : std::uint8_t {
  token = 1,     // tchar, RFC 9110 section 5.6.2
  value = 2,     // what a field value may hold: VCHAR, SP, HTAB, obs-text (RFC 9110 section 5.5)
  target = 4,    // what we take in a request target: printable ASCII without SP and '#'
  hex = 8,       // HEXDIG in either letter case
  reg_name = 16  // host names without '%' and ',' (RFC 3986 section 3.2.2)
};

namespace detail {

constexpr std::array<std::uint8_t, 256> make_char_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool alpha = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    std::uint8_t bits = 0;
    if (is_token_char(c)) bits |= static_cast<std::uint8_t>(Chars::token);
    if (i == '\t' || (i >= 0x20 && i != 0x7f)) bits |= static_cast<std::uint8_t>(Chars::value);
    if (i > 0x20 && i < 0x7f && c != '#') bits |= static_cast<std::uint8_t>(Chars::target);
    if (is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f')) bits |= static_cast<std::uint8_t>(Chars::hex);
    if (alpha || is_digit(c) || (i != 0 && std::string_view("-._~!$&'()*+;=").contains(c))) {
      bits |= static_cast<std::uint8_t>(Chars::reg_name);
    }
    classes[static_cast<std::size_t>(i)] = bits;
  }
  return classes;
}

inline constexpr auto char_classes = make_char_classes();

}  // namespace detail

constexpr bool is_in(char c, Chars which) noexcept {
  return (detail::char_classes[static_cast<unsigned char>(c)] & static_cast<std::uint8_t>(which)) != 0;
}

/// The first place in [at, end) that is not in the class, or end.
constexpr const char* skip(const char* at, const char* end, Chars which) noexcept {
  while (at != end && is_in(*at, which)) ++at;
  return at;
}

constexpr bool all_in(std::string_view text, Chars which) noexcept {
  return skip(text.data(), text.data() + text.size(), which) == text.data() + text.size();
}

}  // namespace turnout
