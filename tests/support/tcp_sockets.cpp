#include "tests/support/tcp_sockets.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "transport/socket_address.h"

namespace turnout {
namespace {

constexpr Millis stuck_after{20'000};

struct Watchdog : Timer {
  Watchdog()
      : Timer([](Timer&) noexcept {
          // The tasks that wait cannot be taken back, so there is no way on from here.
          std::fputs("a task waits for what will never come\n", stderr);
          std::abort();
        }) {}
};

Task<void> stop_when_joined(EpollLoop& loop) {
  co_await loop.connections.join();
  loop.stop();
}

}  // namespace

Descriptor listen_on_loopback(int backlog) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const SocketAddress any_port = to_socket_address(*parse_address("127.0.0.1:0"));
  EXPECT_EQ(bind(socket.get(), any_port.data(), any_port.size), 0);
  EXPECT_EQ(listen(socket.get(), backlog), 0);
  return socket;
}

Descriptor connect_to(const Address& address) {
  const SocketAddress to = to_socket_address(address);
  Descriptor socket(::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(socket.get(), to.data(), to.size), 0) << text(address);
  return socket;
}

void send_all(const Descriptor& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ASSERT_GT(n, 0);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string receive_to_end(const Descriptor& socket) {
  std::string all;
  std::vector<char> buffer(64 * 1024);
  while (true) {
    const ssize_t n = recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    EXPECT_GE(n, 0) << "the peer broke the connection off";
    if (n <= 0) return all;
    all.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

void reset(Descriptor& socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  EXPECT_EQ(setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  socket.reset();
}

TcpTest::TcpTest() = default;

std::pair<std::unique_ptr<TcpStream>, Descriptor> TcpTest::connect() {
  const Descriptor listener = listen_on_loopback(1);
  Descriptor theirs = connect_to(local_address(listener.get()));
  Descriptor accepted(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  EXPECT_TRUE(accepted);
  Result<std::unique_ptr<TcpStream>> ours = TcpStream::adopt(loop, std::move(accepted));
  EXPECT_TRUE(ours);
  return {std::move(*ours), std::move(theirs)};
}

void TcpTest::run() {
  Watchdog watchdog;
  loop.set_timer(watchdog, stuck_after);
  TaskGroup joiner;
  joiner.spawn(stop_when_joined(loop));
  loop.run();
  loop.wheel().clear(watchdog);
}

}  // namespace turnout
