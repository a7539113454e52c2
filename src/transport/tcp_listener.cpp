#include "transport/tcp_listener.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cassert>
#include <cerrno>

#include "transport/socket_address.h"

namespace turnout {
namespace {

int set_option(int descriptor, int level, int name, int value) noexcept {
  return setsockopt(descriptor, level, name, &value, sizeof value) == 0 ? 0 : errno;
}

enum class PortIs : bool { ours_to_claim, claimed };

std::expected<Descriptor, int> open_one(const Address& address, PortIs port) {
  const SocketAddress at = to_socket_address(address);
  Descriptor socket(::socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return std::unexpected(errno);
  int error = set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  // The address [::] also means every IPv4 address; any other IPv6 address means itself.
  if (error == 0 && at.family() == AF_INET6) {
    error = set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, address.is_any() ? 0 : 1);
  }
  // The first socket is bound without SO_REUSEPORT, so that it fails where another process listens, even one that
  // would share the port. It is shared with our other workers from then on.
  if (error == 0 && port == PortIs::claimed) error = set_option(socket.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (error == 0 && bind(socket.get(), at.data(), at.size) != 0) error = errno;
  if (error == 0 && port == PortIs::ours_to_claim) error = set_option(socket.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (error != 0) return std::unexpected(error);
  // Connections that are accepted inherit these, so that they cost no call for each.
  send_without_delay(socket.get());
  keep_alive(socket.get());
  return socket;
}

}  // namespace

std::expected<std::vector<Descriptor>, int> open_listening_sockets(const Address& address, std::size_t count) {
  std::vector<Descriptor> sockets;
  Address at = address;
  for (std::size_t i = 0; i < count; ++i) {
    auto socket = open_one(at, i == 0 ? PortIs::ours_to_claim : PortIs::claimed);
    if (!socket) return std::unexpected(socket.error());
    if (i == 0) at.port = local_address(socket->get()).port;
    sockets.push_back(std::move(*socket));
  }
  for (const Descriptor& socket : sockets) {
    if (listen(socket.get(), SOMAXCONN) != 0) return std::unexpected(errno);
  }
  return sockets;
}

TcpListener::Again::Again(TcpListener& owner) noexcept
    : Waiter([](Waiter& waiter) noexcept { static_cast<Again&>(waiter).listener.accept_some(); }), listener(owner) {}

TcpListener::Retry::Retry(TcpListener& owner) noexcept
    : Timer([](Timer& timer) noexcept { static_cast<Retry&>(timer).listener.accept_some(); }), listener(owner) {}

TcpListener::TcpListener(EpollLoop& loop, Descriptor socket, Accepted accepted)
    : EventSource([](EventSource& source, std::uint32_t) noexcept {
        auto& listener = static_cast<TcpListener&>(source);
        if (!listener.retry_.is_set()) listener.accept_some();
      }),
      loop_(loop),
      socket_(std::move(socket)),
      accepted_(std::move(accepted)),
      address_(local_address(socket_.get())),
      again_(*this),
      retry_(*this) {
  const Result<void> added = loop_.add(socket_.get(), *this);
  assert(added && "a listening socket can be waited for");
  (void)added;
}

TcpListener::~TcpListener() {
  loop_.forget(*this);
  loop_.unpost(again_);
}

void TcpListener::accept_some() noexcept {
  for (int i = 0; i < accepts_per_turn_max; ++i) {
    if (!socket_) return;
    switch (accept_one()) {
      case Attempt::accepted: break;
      case Attempt::drained: return;
      case Attempt::exhausted: loop_.set_timer(retry_, pause); return;
    }
  }
  // The edge has been used up, so nothing but ourselves would bring us back.
  loop_.post(again_);
}

TcpListener::Attempt TcpListener::accept_one() {
  SocketAddress remote;
  Descriptor descriptor(accept4(socket_.get(), remote.data(), &remote.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!descriptor) {
    switch (errno) {
      case EAGAIN: return Attempt::drained;
      // That one connection went away again, or may not be had (accept(2)).
      case EINTR:
      case ECONNABORTED:
      case EPROTO:
      case EPERM:
      case ENETDOWN:
      case ENETUNREACH:
      case EHOSTDOWN:
      case EHOSTUNREACH:
      case ENONET:
      case ENOPROTOOPT:
      case EOPNOTSUPP: return Attempt::accepted;
      // EMFILE, ENFILE, ENOBUFS, ENOMEM. Trying again at once would spin: the connection stays in the queue.
      default:
        ++pauses_count_;
        if (on_pause) on_pause(errno);
        return Attempt::exhausted;
    }
  }
  const Address local = address_.is_any() ? local_address(descriptor.get()) : address_;
  Result<std::unique_ptr<TcpStream>> stream = TcpStream::adopt(loop_, std::move(descriptor));
  if (!stream) return Attempt::accepted;
  ++accepted_count_;
  accepted_(std::move(*stream), to_address(remote), local);
  return Attempt::accepted;
}

void TcpListener::close() noexcept {
  if (!socket_) return;
  for (int i = 0; i < SOMAXCONN && accept_one() == Attempt::accepted; ++i) {
  }
  loop_.forget(*this);
  loop_.unpost(again_);
  loop_.wheel().clear(retry_);
  socket_.reset();
}

}  // namespace turnout
