#include "transport/tcp_listener.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "tests/support/tcp_sockets.h"
#include "transport/socket_address.h"
#include "transport/tcp_connect.h"
#include "transport/wire.h"

namespace turnout {
namespace {

const Address any_port = *parse_address("127.0.0.1:0");

class TcpListening : public TcpTest {};

TEST(ListeningSockets, AllWorkersShareThePortThatTheFirstOneGot) {
  const auto sockets = open_listening_sockets(any_port, 3);
  ASSERT_TRUE(sockets);
  ASSERT_EQ(sockets->size(), 3u);
  const Address first = local_address((*sockets)[0].get());
  EXPECT_NE(first.port, 0);
  EXPECT_EQ(local_address((*sockets)[1].get()), first);
  EXPECT_EQ(local_address((*sockets)[2].get()), first);
}

// A second server on the same port would silently get half of the connections.
TEST(ListeningSockets, APortThatAnotherServerSharesIsBusy) {
  const auto sockets = open_listening_sockets(any_port, 2);
  ASSERT_TRUE(sockets);
  const auto again = open_listening_sockets(local_address((*sockets)[0].get()), 2);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error(), EADDRINUSE);
}

TEST(ListeningSockets, ThePortIsFreeAgainAtOnce) {
  auto sockets = open_listening_sockets(any_port, 1);
  ASSERT_TRUE(sockets);
  const Address address = local_address((*sockets)[0].get());
  Descriptor client = connect_to(address);
  Descriptor accepted(accept(sockets->front().get(), nullptr, nullptr));
  ASSERT_TRUE(accepted);
  accepted.reset();  // the side that closes first is left in TIME-WAIT
  EXPECT_EQ(receive_to_end(client), "");
  sockets->clear();
  EXPECT_TRUE(open_listening_sockets(address, 1));
}

TEST(ListeningSockets, EveryAddressOfIpv6IsEveryAddressOfIpv4Too) {
  const auto sockets = open_listening_sockets(*parse_address(":0"), 1);
  if (!sockets && sockets.error() == EAFNOSUPPORT) GTEST_SKIP() << "this system has no IPv6";
  ASSERT_TRUE(sockets);
  Address address = *parse_ip("127.0.0.1");
  address.port = local_address((*sockets)[0].get()).port;
  EXPECT_TRUE(connect_to(address));
}

TEST_F(TcpListening, AcceptsMoreThanFitInOneTurn) {
  auto sockets = open_listening_sockets(any_port, 1);
  ASSERT_TRUE(sockets);
  constexpr std::size_t clients = 3 * TcpListener::accepts_per_turn_max + 1;
  std::vector<std::unique_ptr<TcpStream>> accepted;
  Address remote;
  TcpListener listener(loop, std::move(sockets->front()),
                       [&](std::unique_ptr<TcpStream> stream, const Address& from, const Address&) {
                         accepted.push_back(std::move(stream));
                         remote = from;
                         if (accepted.size() == clients) loop.stop();
                       });
  for (std::size_t i = 0; i < clients; ++i) keep(connect_to(listener.address()));
  loop.run();
  EXPECT_EQ(accepted.size(), clients);
  EXPECT_EQ(listener.accepted_count(), clients);
  EXPECT_TRUE(remote.is_loopback());
  EXPECT_NE(remote.port, 0);
}

TEST_F(TcpListening, WhoeverWaitsWhenItClosesIsAccepted) {
  auto sockets = open_listening_sockets(any_port, 1);
  ASSERT_TRUE(sockets);
  std::vector<std::unique_ptr<TcpStream>> accepted;
  TcpListener listener(loop, std::move(sockets->front()),
                       [&](std::unique_ptr<TcpStream> stream, const Address&, const Address&) {
                         accepted.push_back(std::move(stream));
                       });
  for (int i = 0; i < 5; ++i) keep(connect_to(listener.address()));
  listener.close();
  EXPECT_EQ(accepted.size(), 5u);
}

/// No new descriptors but `spare` ones while it lives.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t spare) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const Descriptor next(dup(STDERR_FILENO));  // the lowest number that is free
    const rlimit few{.rlim_cur = static_cast<rlim_t>(next.get()) + spare, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { restore(); }
  void restore() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(TcpListening, WithoutDescriptorsItPausesInsteadOfSpinning) {
  auto sockets = open_listening_sockets(any_port, 1);
  ASSERT_TRUE(sockets);
  constexpr std::size_t clients = 10;
  std::vector<std::unique_ptr<TcpStream>> accepted;
  TcpListener listener(loop, std::move(sockets->front()),
                       [&](std::unique_ptr<TcpStream> stream, const Address&, const Address&) {
                         accepted.push_back(std::move(stream));
                         if (accepted.size() == clients) loop.stop();
                       });
  for (std::size_t i = 0; i < clients; ++i) keep(connect_to(listener.address()));

  FewDescriptors few(3);
  std::vector<int> errors;
  listener.on_pause = [&](int error) {
    errors.push_back(error);
    if (errors.size() == 2) few.restore();
  };
  int turns = 0;
  loop.at_turn_end = [&] { ++turns; };
  loop.run();
  EXPECT_EQ(accepted.size(), clients);
  EXPECT_EQ(errors, (std::vector{EMFILE, EMFILE}));
  EXPECT_EQ(listener.pauses_count(), 2u);
  EXPECT_LT(turns, 30);
}

Task<void> connect_and_send(EpollLoop& loop, Address address, Millis limit, std::optional<Code>& how) {
  auto stream = co_await tcp_connect(loop, address, limit);
  how = stream ? Code::ok : stream.error().code;
  if (!stream) co_return;
  Wire wire(std::move(*stream));
  const Result<void> sent = co_await wire.write("from us");
  EXPECT_TRUE(sent);
}

TEST_F(TcpListening, ConnectsToSomebodyElse) {
  const Descriptor listener = listen_on_loopback(1);
  std::optional<Code> how;
  loop.connections.spawn(connect_and_send(loop, local_address(listener.get()), Millis(5'000), how));
  run();
  EXPECT_EQ(how, Code::ok);
  const Descriptor accepted(accept(listener.get(), nullptr, nullptr));
  EXPECT_EQ(receive_to_end(accepted), "from us");
}

TEST_F(TcpListening, AConnectionThatNobodyTakesIsRefused) {
  Descriptor bound(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));  // the port is ours, but nobody listens
  const SocketAddress at = to_socket_address(any_port);
  ASSERT_EQ(bind(bound.get(), at.data(), at.size), 0);
  std::optional<Code> how;
  loop.connections.spawn(connect_and_send(loop, local_address(bound.get()), Millis(5'000), how));
  run();
  EXPECT_EQ(how, Code::refused);
}

TEST_F(TcpListening, ConnectingHasADeadline) {
  const Descriptor listener = listen_on_loopback(0);
  keep(connect_to(local_address(listener.get())));  // fills the queue: the kernel drops whoever comes next
  std::optional<Code> how;
  loop.connections.spawn(connect_and_send(loop, local_address(listener.get()), Millis(50), how));
  run();
  EXPECT_EQ(how, Code::timed_out);
}

}  // namespace
}  // namespace turnout
