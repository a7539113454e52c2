// Network: a range of IP addresses in CIDR form (RFC 4632), and lists of them.
//
//   Network office = *parse_network("192.0.2.0/24");
//   office.contains(peer);
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/address.h"

namespace turnout {

struct Network {
  Address address;               // its port is 0, and so are the bits behind the prefix
  std::uint8_t prefix_bits = 0;  // of the 128 of the mapped form: 192.0.2.0/24 has 120

  friend bool operator==(const Network&, const Network&) = default;

  /// The port of `other` does not count.
  bool contains(const Address& other) const noexcept;
};

/// "192.0.2.0/24", "2001:db8::/32", or a single address. Strict: bits behind the prefix must be zero, because
/// "192.0.2.1/24" is as often meant to be one address as a network.
std::optional<Network> parse_network(std::string_view text);

std::string text(const Network& network);

bool contains(std::span<const Network> networks, const Address& address) noexcept;

}  // namespace turnout
