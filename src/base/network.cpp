#include "base/network.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace turnout {
namespace {

/// The byte at `index` of a mask with `prefix_bits` ones.
constexpr std::uint8_t mask_byte(std::size_t index, std::size_t prefix_bits) noexcept {
  if (prefix_bits >= index * 8 + 8) return 0xff;
  if (prefix_bits <= index * 8) return 0;
  return static_cast<std::uint8_t>(0xff << (8 - (prefix_bits - index * 8)));
}

}  // namespace

bool Network::contains(const Address& other) const noexcept {
  for (std::size_t i = 0; i < 16; ++i) {
    if ((other.bytes[i] & mask_byte(i, prefix_bits)) != address.bytes[i]) return false;
  }
  return true;
}

std::optional<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<Address> address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  Network network{*address, 128};
  if (slash == std::string_view::npos) return network;

  const std::string_view bits_text = text.substr(slash + 1);
  if (bits_text.empty() || bits_text.size() > 3 || (bits_text.size() > 1 && bits_text.front() == '0')) {
    return std::nullopt;
  }
  if (!std::ranges::all_of(bits_text, is_digit)) return std::nullopt;
  unsigned bits = 0;
  std::from_chars(bits_text.data(), bits_text.data() + bits_text.size(), bits);
  // A prefix counts the bits of the text in front of it: "::ffff:192.0.2.0/120" is written as IPv6.
  const bool as_ipv4 = text.substr(0, slash).find(':') == std::string_view::npos;
  if (bits > (as_ipv4 ? 32U : 128U)) return std::nullopt;
  network.prefix_bits = static_cast<std::uint8_t>(as_ipv4 ? bits + 96 : bits);
  for (std::size_t i = 0; i < 16; ++i) {
    if ((address->bytes[i] & ~mask_byte(i, network.prefix_bits)) != 0) return std::nullopt;
  }
  return network;
}

std::string text(const Network& network) {
  const bool as_ipv4 = network.address.is_ipv4() && network.prefix_bits >= 96;
  return ip_text(network.address) + "/" + std::to_string(as_ipv4 ? network.prefix_bits - 96 : network.prefix_bits);
}

bool contains(std::span<const Network> networks, const Address& address) noexcept {
  return std::ranges::any_of(networks, [&](const Network& network) { return network.contains(address); });
}

}  // namespace turnout
