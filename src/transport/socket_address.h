// Between Address and what the socket calls take.
#pragma once

#include <sys/socket.h>

#include "base/address.h"

namespace turnout {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* data() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const noexcept { return storage.ss_family; }
};

/// IPv4 addresses become AF_INET, all others AF_INET6.
SocketAddress to_socket_address(const Address& address) noexcept;

/// Whatever is neither IPv4 nor IPv6 becomes [::]:0.
Address to_address(const SocketAddress& address) noexcept;

/// A small write goes out at once, whatever is on its way already (no TCP_NODELAY is Nagle's algorithm).
void send_without_delay(int descriptor) noexcept;

/// A peer that vanished without a word is noticed after three minutes, however long a tunnel may be idle.
void keep_alive(int descriptor) noexcept;

/// For a connection that may be silent for long. Thousands that began together, after a restart say, would otherwise be
/// probed together, again and again; a burst of probes that is longer than a queue on the way loses the rest of them,
/// and with them, in the end, connections that nothing is wrong with.
void spread_keep_alive(int descriptor) noexcept;

/// The address that a socket is bound to.
Address local_address(int descriptor) noexcept;

}  // namespace turnout
