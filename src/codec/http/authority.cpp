#include "codec/http/authority.h"

#include "base/address.h"
#include "codec/http/grammar.h"

namespace turnout {
namespace {

bool is_ipv6(std::string_view text) {
  return text.find(':') != std::string_view::npos && parse_ip(text).has_value();
}

// reg-name = *( unreserved / pct-encoded / sub-delims ); the comma is left out, since a list of hosts is an attack
// on whoever reads only one of them.
bool is_reg_name(std::string_view text) noexcept {
  if (text.empty()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_in(text[i], Chars::reg_name)) continue;
    if (text[i] != '%' || text.size() - i < 3) return false;
    if (!is_in(text[i + 1], Chars::hex) || !is_in(text[i + 2], Chars::hex)) return false;
    i += 2;
  }
  return true;
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) noexcept {
  Authority result;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || !is_ipv6(text.substr(1, close - 1))) return std::nullopt;
    result.host = text.substr(0, close + 1);
    rest = text.substr(close + 1);
  } else {
    const std::size_t colon = text.find(':');
    result.host = text.substr(0, colon);
    if (!is_reg_name(result.host)) return std::nullopt;
    if (colon != std::string_view::npos) rest = text.substr(colon);
  }
  if (rest.empty()) return result;
  if (rest.front() != ':') return std::nullopt;
  rest.remove_prefix(1);
  if (rest.empty()) return result;  // port = *DIGIT: an empty one means the scheme's own (RFC 9110 section 4.2.3)
  if (rest.size() > 5) return std::nullopt;
  std::uint32_t port = 0;
  for (char c : rest) {
    if (!is_digit(c)) return std::nullopt;
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (port == 0 || port > 65535) return std::nullopt;
  result.port = static_cast<std::uint16_t>(port);
  return result;
}

}  // namespace turnout
