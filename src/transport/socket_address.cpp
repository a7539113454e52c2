#include "transport/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cstring>

namespace turnout {

SocketAddress to_socket_address(const Address& address) noexcept {
  SocketAddress to;
  if (address.is_ipv4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    std::memcpy(&in.sin_addr, address.bytes.data() + 12, 4);
    std::memcpy(&to.storage, &in, sizeof in);
    to.size = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(address.port);
    std::memcpy(&in.sin6_addr, address.bytes.data(), 16);
    std::memcpy(&to.storage, &in, sizeof in);
    to.size = sizeof in;
  }
  return to;
}

Address to_address(const SocketAddress& address) noexcept {
  Address to;
  if (address.family() == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address.storage, sizeof in);
    to.bytes[10] = to.bytes[11] = 0xff;
    std::memcpy(to.bytes.data() + 12, &in.sin_addr, 4);
    to.port = ntohs(in.sin_port);
  } else if (address.family() == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address.storage, sizeof in);
    std::memcpy(to.bytes.data(), &in.sin6_addr, 16);
    to.port = ntohs(in.sin6_port);
  }
  return to;
}

namespace {

/// From one to two minutes, another one each time.
int keep_alive_idle_s() noexcept {
  constexpr std::uint32_t idle_s_min = 60;
  thread_local std::uint32_t turn = 0;
  turn += 0x9e3779b9u;  // of the golden ratio: neighbours are far apart, and all values come equally often
  return static_cast<int>(idle_s_min + (turn >> 16) % idle_s_min);
}

void try_option(int descriptor, int level, int name, int value) noexcept {
  (void)setsockopt(descriptor, level, name, &value, sizeof value);
}

}  // namespace

void send_without_delay(int descriptor) noexcept {
  try_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
}

void keep_alive(int descriptor) noexcept {
  spread_keep_alive(descriptor);
  try_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, 15);
  try_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, 6);
  try_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
}

void spread_keep_alive(int descriptor) noexcept {
  try_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, keep_alive_idle_s());
}

Address local_address(int descriptor) noexcept {
  SocketAddress address;
  if (getsockname(descriptor, address.data(), &address.size) != 0) return {};
  return to_address(address);
}

}  // namespace turnout
