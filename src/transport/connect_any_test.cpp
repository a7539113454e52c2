#include "transport/connect_any.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <vector>

#include "tests/support/tcp_sockets.h"
#include "transport/socket_address.h"

namespace turnout {
namespace {

std::vector<Address> addresses(std::initializer_list<const char*> texts) {
  std::vector<Address> out;
  for (const char* text : texts) out.push_back(*parse_ip(text));
  return out;
}

TEST(InTurns, TheFamiliesAlternate) {
  EXPECT_EQ(in_turns(addresses({"::1", "::2", "::3", "127.0.0.1", "127.0.0.2"})),
            addresses({"::1", "127.0.0.1", "::2", "127.0.0.2", "::3"}));
  EXPECT_EQ(in_turns(addresses({"127.0.0.1", "::1", "::2"})), addresses({"127.0.0.1", "::1", "::2"}));
  EXPECT_EQ(in_turns(addresses({"127.0.0.1"})), addresses({"127.0.0.1"}));
  EXPECT_TRUE(in_turns({}).empty());
}

/// An address that answers nothing: a listening socket whose queue is full, so that every further SYN is dropped.
class BlackHole {
 public:
  BlackHole() : listener_(listen_on_loopback(0)) {
    const SocketAddress to = to_socket_address(address());
    for (int i = 0; i < 8; ++i) {
      Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      (void)::connect(socket.get(), to.data(), to.size);
      waiting_.push_back(std::move(socket));
    }
  }
  Address address() const { return local_address(listener_.get()); }

 private:
  Descriptor listener_;
  std::vector<Descriptor> waiting_;
};

/// An address where nobody listens.
Address closed_port() {
  const Descriptor listener = listen_on_loopback(1);
  return local_address(listener.get());
}

Task<void> attempt(EpollLoop& loop, std::vector<Address> to, Millis limit, Cancellation* cancellation,
                   std::optional<Code>& code, std::unique_ptr<TcpStream>& into) {
  Result<std::unique_ptr<TcpStream>> stream = co_await connect_any(loop, std::move(to), limit, cancellation);
  code = stream ? Code::ok : stream.error().code;
  if (stream) into = std::move(*stream);
}

class ConnectAny : public TcpTest {
 protected:
  Code connect_to(std::vector<Address> to, Millis limit = Millis(10'000)) {
    std::optional<Code> code;
    loop.connections.spawn(attempt(loop, std::move(to), limit, nullptr, code, stream_));
    run();
    return code.value_or(Code::internal);
  }
  std::unique_ptr<TcpStream> stream_;
};

TEST_F(ConnectAny, TheFirstThatAnswersIsTaken) {
  const Descriptor listener = listen_on_loopback(8);
  EXPECT_EQ(connect_to({local_address(listener.get())}), Code::ok);
  EXPECT_EQ(stream_->name(), "tcp");
}

TEST_F(ConnectAny, ARefusalLeadsToTheNextAtOnce) {
  const Descriptor listener = listen_on_loopback(8);
  const std::uint64_t before_ms = loop.now_ms();
  EXPECT_EQ(connect_to({closed_port(), closed_port(), closed_port(), closed_port(), closed_port(), closed_port(),
                        closed_port(), closed_port(), local_address(listener.get())}),
            Code::ok);
  EXPECT_LT(loop.now_ms() - before_ms, 1'500u);  // eight pauses would be 2 s
}

TEST_F(ConnectAny, SilenceLeadsToTheNextAfterAWhile) {
  const BlackHole silent;
  const Descriptor listener = listen_on_loopback(8);
  const std::uint64_t before_ms = loop.now_ms();
  EXPECT_EQ(connect_to({silent.address(), local_address(listener.get())}), Code::ok);
  EXPECT_GE(loop.now_ms() - before_ms, 240u);
}

TEST_F(ConnectAny, AllRefuse) {
  EXPECT_EQ(connect_to({closed_port(), closed_port()}), Code::refused);
}

TEST_F(ConnectAny, TheLimitIsForAllTogether) {
  const BlackHole one;
  const BlackHole two;
  const std::uint64_t before_ms = loop.now_ms();
  EXPECT_EQ(connect_to({one.address(), two.address()}, Millis(400)), Code::timed_out);
  const std::uint64_t took_ms = loop.now_ms() - before_ms;
  EXPECT_GE(took_ms, 390u);
  EXPECT_LT(took_ms, 2'000u);
}

TEST_F(ConnectAny, CanBeCancelled) {
  const BlackHole silent;
  Cancellation cancellation;
  std::optional<Code> code;
  loop.connections.spawn(attempt(loop, {silent.address()}, Millis(60'000), &cancellation, code, stream_));
  ASSERT_FALSE(code);
  cancellation.cancel();
  run();
  EXPECT_EQ(code, Code::cancelled);
}

TEST_F(ConnectAny, NoAddressIsNoConnection) {
  EXPECT_NE(connect_to({}), Code::ok);
}

}  // namespace
}  // namespace turnout
