#include "client/dial.h"

#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "transport/tcp_connect.h"

namespace turnout::client {
namespace {

constexpr std::size_t addresses_max = 8;  // of one name

Address address_of(const sockaddr& from, std::uint16_t port) {
  Address address;
  if (from.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &from, sizeof v6);
    std::memcpy(address.bytes.data(), &v6.sin6_addr, 16);
  } else {
    sockaddr_in v4{};
    std::memcpy(&v4, &from, sizeof v4);
    address.bytes[10] = address.bytes[11] = 0xff;  // as base/address.h keeps it
    std::memcpy(address.bytes.data() + 12, &v4.sin_addr, 4);
  }
  address.port = port;
  return address;
}

}  // namespace

std::expected<std::vector<Address>, std::string> look_up(const std::string& host, std::uint16_t port) {
  if (auto address = parse_ip(host)) {
    address->port = port;
    return std::vector{*address};
  }
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list); error != 0) {
    return std::unexpected(gai_strerror(error));
  }
  std::vector<Address> addresses;
  for (const addrinfo* at = list; at != nullptr && addresses.size() < addresses_max; at = at->ai_next) {
    if (at->ai_family == AF_INET || at->ai_family == AF_INET6) addresses.push_back(address_of(*at->ai_addr, port));
  }
  freeaddrinfo(list);
  if (addresses.empty()) return std::unexpected("no IP address");
  return addresses;
}

Task<std::expected<Wire, Failure>> dial(EpollLoop& loop, const Conversation& conversation) {
  const Request& request = conversation.request;
  const auto addresses = look_up(request.url.host, request.url.port);
  if (!addresses) {
    co_return std::unexpected(
        Failure{Exit::connect, fmt::format("'{}' has no address: {}; is the name right, and name resolution working?",
                                           request.url.host, addresses.error())});
  }
  Code last = Code::refused;
  for (const Address& address : *addresses) {
    conversation.note(fmt::format("connecting to {}", text(address)));
    Result<std::unique_ptr<TcpStream>> stream = co_await tcp_connect(loop, address, request.timeout);
    if (stream) {
      (*stream)->stay_for_long();  // what is asked for may be a tunnel
      co_return Wire(std::move(*stream));
    }
    last = stream.error().code;
    conversation.note(fmt::format("{}: {}", text(address), text(last)));
  }
  if (last == Code::timed_out) {
    co_return std::unexpected(Failure{
        Exit::timeout, fmt::format("{}: no connection within {} s; is a firewall in the way? --timeout SECONDS waits "
                                   "longer",
                                   request.url.place(), static_cast<double>(request.timeout.count()) / 1000)});
  }
  co_return std::unexpected(Failure{
      Exit::connect,
      fmt::format("{}: the connection was refused; is a server running there, on that port?", request.url.place())});
}

}  // namespace turnout::client
