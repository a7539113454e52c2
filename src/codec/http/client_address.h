// Who a request is from, where proxies that are trusted have passed it on (RFC 7239, X-Forwarded-For).
//
//   ClientAddress client = client_address(request.fields, peer, trusted_proxies);
//   if (client.source == ClientAddress::Source::unclear) ...      // somebody trusted wrote what cannot be read
//
// Every proxy appends the address that it was asked from, so the list is read from its end, and only for as long as
// who wrote an entry is trusted. What stands further to the left is whatever a client chose to send (O7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/address.h"
#include "base/network.h"
#include "codec/http/fields.h"

namespace turnout {

struct ClientAddress {
  enum class Source : std::uint8_t {
    peer,       // whoever is connected; also a trusted proxy that names nobody else
    forwarded,  // named by a trusted proxy
    unclear     // a trusted proxy named somebody in a way that is not understood; the address is the last one that was
  };

  Address address;
  Source source = Source::peer;

  friend bool operator==(const ClientAddress&, const ClientAddress&) = default;
};

/// Longer chains of proxies are not followed to their beginning: `unclear`.
inline constexpr std::size_t forwarded_hops_max = 32;

/// X-Forwarded-For is read where it is there, else Forwarded: many proxies write the former and pass on what they got
/// of the latter.
ClientAddress client_address(const FieldList& fields, const Address& peer, std::span<const Network> trusted);

/// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:80". Without a port it is 0.
std::optional<Address> parse_node(std::string_view text);

}  // namespace turnout
