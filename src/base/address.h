// Address: an IP address and a port, of either version, as a plain value of 18 bytes.
//
//   if (auto address = parse_address("[::1]:8101")) address->port;          // 8101
//   text(*address);                                                         // "[::1]:8101"
//
// An IPv4 address is kept in its IPv6-mapped form (RFC 4291 section 2.5.5.2), so that a peer has one
// spelling, whichever kind of socket it came over: ::ffff:192.0.2.1 is 192.0.2.1.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace turnout {

struct Address {
  std::array<std::uint8_t, 16> bytes{};
  std::uint16_t port = 0;

  friend bool operator==(const Address&, const Address&) = default;

  bool is_ipv4() const noexcept;
  /// 127.0.0.0/8 or ::1.
  bool is_loopback() const noexcept;
  /// 0.0.0.0 or ::, which a listener understands as every address of the machine.
  bool is_any() const noexcept;
};

/// "192.0.2.1:80", "[2001:db8::1]:443", or ":80" for every address of the machine, IPv6 and IPv4 ("[::]:80").
/// The port is required; 0 leaves the choice to the system. Neither names nor zones ("%eth0") are understood.
std::optional<Address> parse_address(std::string_view text);

/// "192.0.2.1" or "2001:db8::1", without brackets; the port of the result is 0.
std::optional<Address> parse_ip(std::string_view text);

/// The longest text of an IP address.
inline constexpr std::size_t ip_text_size_max = 45;

/// Writes the IP address without its port into `to`, in the form of RFC 5952, and says how long it is.
std::size_t write_ip(const Address& address, char (&to)[ip_text_size_max + 1]) noexcept;

std::string ip_text(const Address& address);
std::string text(const Address& address);  // with its port, as parse_address reads it

}  // namespace turnout
