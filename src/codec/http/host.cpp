#include "codec/http/host.h"

#include <algorithm>

#include "base/address.h"
#include "base/ascii.h"

namespace turnout {
namespace {

constexpr std::size_t name_bytes_max = 253;  // RFC 1035 section 2.3.4, as text
constexpr std::size_t label_bytes_max = 63;

constexpr bool is_name_char(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

}  // namespace

std::string_view host_of(std::string_view authority) noexcept {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string_view host = authority.substr(0, colon);
  if (host.size() > 1 && host.back() == '.') host.remove_suffix(1);
  return host;
}

std::expected<std::string, std::string> parse_host_pattern(std::string_view text) {
  const auto wrong = [](const char* message) { return std::unexpected(std::string(message)); };
  const std::string pattern = to_lower(text);
  std::string_view name = pattern;
  if (name.empty()) return wrong("a host is not empty; leave the key out for any host");
  if (name.starts_with('[')) {
    const bool closed = name.size() > 2 && name.back() == ']';
    if (!closed || !parse_ip(name.substr(1, name.size() - 2))) return wrong("that is not an IPv6 address in brackets");
    return pattern;
  }
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.find('*') != std::string_view::npos)
    return wrong("'*' stands for whole labels at the front: '*.example.com'");
  if (name.find_first_of(":/") != std::string_view::npos) {
    return wrong("a host has neither scheme nor port nor path: routes hold for every port of the listeners");
  }
  if (name.ends_with('.')) return wrong("a host is written without its final dot; requests with one match as well");
  if (name.size() > name_bytes_max) return wrong("a host name has at most 253 bytes");
  while (true) {
    const std::size_t dot = name.find('.');
    const std::string_view label = name.substr(0, dot);
    if (label.empty() || label.size() > label_bytes_max) return wrong("a label of a host name has 1 to 63 bytes");
    if (!std::ranges::all_of(label, is_name_char)) {
      return wrong("a host name has letters, digits, '-' and '.'; other scripts are written in their xn-- form");
    }
    if (dot == std::string_view::npos) return pattern;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace turnout
