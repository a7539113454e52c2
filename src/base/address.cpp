#include "base/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/ascii.h"

namespace turnout {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<std::uint16_t> parse_port(std::string_view text) {
  // from_chars would take a leading zero, and several spellings of one port help nobody.
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  if (!std::ranges::all_of(text, is_digit)) return std::nullopt;
  std::uint32_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  if (port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

}  // namespace

bool Address::is_ipv4() const noexcept {
  return std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
}

bool Address::is_loopback() const noexcept {
  if (is_ipv4()) return bytes[12] == 127;
  return std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t byte) { return byte == 0; }) && bytes[15] == 1;
}

bool Address::is_any() const noexcept {
  const auto from = is_ipv4() ? bytes.begin() + 12 : bytes.begin();
  return std::all_of(from, bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::optional<Address> parse_ip(std::string_view text) {
  // inet_pton wants a terminated string, and would stop at a zero byte inside of it.
  if (text.empty() || text.size() > ip_text_size_max || text.find('\0') != std::string_view::npos) return std::nullopt;
  char terminated[ip_text_size_max + 1] = {};
  std::memcpy(terminated, text.data(), text.size());

  Address address;
  if (inet_pton(AF_INET6, terminated, address.bytes.data()) == 1) return address;
  std::ranges::copy(mapped_prefix, address.bytes.begin());
  if (inet_pton(AF_INET, terminated, address.bytes.data() + 12) == 1) return address;
  return std::nullopt;
}

std::optional<Address> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<std::uint16_t> port = parse_port(text.substr(colon + 1));
  if (!port) return std::nullopt;

  std::string_view host = text.substr(0, colon);
  std::optional<Address> address;
  if (host.empty()) {
    address = Address{};
  } else if (host.front() == '[') {
    if (host.size() < 2 || host.back() != ']') return std::nullopt;
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) return std::nullopt;  // brackets are for IPv6 (RFC 3986 3.2.2)
    address = parse_ip(host);
  } else {
    if (host.find(':') != std::string_view::npos) return std::nullopt;  // "::1:80" could be read in two ways
    address = parse_ip(host);
  }
  if (address) address->port = *port;
  return address;
}

std::size_t write_ip(const Address& address, char (&to)[ip_text_size_max + 1]) noexcept {
  if (!address.is_ipv4()) {
    if (inet_ntop(AF_INET6, address.bytes.data(), to, sizeof to) == nullptr) return 0;
    return std::strlen(to);
  }
  char* at = to;
  for (std::size_t i = 12; i < 16; ++i) {
    if (i != 12) *at++ = '.';
    at = std::to_chars(at, to + ip_text_size_max, address.bytes[i]).ptr;
  }
  return static_cast<std::size_t>(at - to);
}

std::string ip_text(const Address& address) {
  char buffer[ip_text_size_max + 1];
  return std::string(buffer, write_ip(address, buffer));
}

std::string text(const Address& address) {
  const std::string port = std::to_string(address.port);
  if (address.is_ipv4()) return ip_text(address) + ":" + port;
  return "[" + ip_text(address) + "]:" + port;
}

}  // namespace turnout
