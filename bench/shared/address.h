// Addresses of the instrument's programs: IPv4, as ADDRESS:PORT.
//
//   const Address to = parse_address("127.0.0.1:8101").value();
//   int fd = start_connecting(to, Address{});
#pragma once

#include <netinet/in.h>

#include <optional>
#include <string>
#include <string_view>

namespace turnout::bench {

using Address = sockaddr_in;

std::optional<Address> parse_address(std::string_view text);
std::string to_string(const Address& address);

/// A listening socket, non-blocking. Ends the program with a message where that is not possible.
int listen_on(const Address& address);

/// A non-blocking socket that is connecting, with TCP_NODELAY. `from` with family 0 leaves the choice to the kernel.
/// -1 and errno where it fails at once.
int start_connecting(const Address& to, const Address& from);

/// An address on loopback for the connection with this number, so that no address runs out of ports: 127.0.0.1 for the
/// first ones, then 127.0.0.2 and so on. Family 0 where `to` is not on loopback.
Address source_for(const Address& to, std::size_t number, std::size_t connections_per_address);

}  // namespace turnout::bench
