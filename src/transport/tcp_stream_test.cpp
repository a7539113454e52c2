// TCP on real sockets of the loopback interface, on one thread: our side on the loop, the peer's side a blocking
// descriptor. Where the peer has to act meanwhile it gets a thread.
#include "transport/tcp_stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/tcp_sockets.h"
#include "transport/linger.h"
#include "transport/socket_address.h"
#include "transport/tcp_listener.h"
#include "transport/wire.h"

namespace turnout {
namespace {

class Tcp : public TcpTest {};

Task<void> read_to_end(Wire wire, std::string& into, std::optional<Code>& how) {
  while (true) {
    const Result<std::size_t> n = co_await wire.fill();
    if (!n || *n == 0) {
      how = n ? Code::ok : n.error().code;
      co_return;
    }
    into.append(as_text(wire.peek()));
    wire.consume(wire.peek().size());
  }
}

// The FIN's edge comes with the data: whoever forgets about it after a short read waits for ever.
TEST_F(Tcp, AFinThatComesWithTheDataIsSeen) {
  constexpr std::size_t connections = 50;
  std::vector<std::string> received(connections);
  std::vector<std::optional<Code>> ends(connections);
  for (std::size_t i = 0; i < connections; ++i) {
    auto [ours, theirs] = connect();
    send_all(theirs, "hello");
    shutdown(theirs.get(), SHUT_WR);
    loop.connections.spawn(read_to_end(Wire(std::move(ours)), received[i], ends[i]));
    keep(std::move(theirs));
  }
  run();
  for (std::size_t i = 0; i < connections; ++i) {
    EXPECT_EQ(received[i], "hello");
    EXPECT_EQ(ends[i], Code::ok);
  }
}

Task<void> answer_after_end(Wire wire, std::string answer, std::string& request) {
  while (true) {
    const Result<std::size_t> n = co_await wire.fill();
    if (!n || *n == 0) break;
  }
  request = as_text(wire.peek());
  const Result<void> sent = co_await wire.write(std::string_view(answer));
  EXPECT_TRUE(sent);
}

TEST_F(Tcp, APeerThatEndedItsSideStillGetsItsAnswer) {
  auto [ours, theirs] = connect();
  send_all(theirs, "question");
  shutdown(theirs.get(), SHUT_WR);
  std::string request;
  const std::string answer(3 * 1024 * 1024, 'a');
  loop.connections.spawn(answer_after_end(Wire(std::move(ours)), answer, request));
  std::string received;
  std::thread peer([&, &fd = theirs] { received = receive_to_end(fd); });
  run();
  peer.join();
  EXPECT_EQ(request, "question");
  EXPECT_EQ(received, answer);
}

Task<void> end_then_read(Wire wire, std::string& received, std::optional<Code>& how) {
  const Result<void> ended = co_await wire.close_write();
  EXPECT_TRUE(ended);
  co_await read_to_end(std::move(wire), received, how);
}

TEST_F(Tcp, WeReadOnAfterWeEndedOurSide) {
  auto [ours, theirs] = connect();
  std::string received;
  std::optional<Code> how;
  loop.connections.spawn(end_then_read(Wire(std::move(ours)), received, how));
  std::thread peer([&fd = theirs] {
    EXPECT_EQ(receive_to_end(fd), "");
    send_all(fd, "still here");
    shutdown(fd.get(), SHUT_WR);
  });
  run();
  peer.join();
  EXPECT_EQ(received, "still here");
  EXPECT_EQ(how, Code::ok);
}

Task<void> write_all(Wire wire, std::string bytes, std::optional<Code>& how) {
  const Result<void> sent = co_await wire.write(std::string_view(bytes));
  how = sent ? Code::ok : sent.error().code;
}

TEST_F(Tcp, AWriteWaitsUntilThePeerReads) {
  auto [ours, theirs] = connect();
  TcpStream& stream = *ours;
  const std::string bytes(32 * 1024 * 1024, 'b');
  std::optional<Code> how;
  loop.connections.spawn(write_all(Wire(std::move(ours)), bytes, how));
  std::string received;
  std::thread peer;
  int waits = 0;
  loop.at_turn_end = [&, &fd = theirs] {
    if (how || !stream.is_waiting(Side::write) || waits++ > 0) return;
    peer = std::thread([&] { received = receive_to_end(fd); });
  };
  // The first wait is for the socket to be reported at all; then the pipe is full.
  run();
  ASSERT_TRUE(peer.joinable());
  peer.join();
  EXPECT_EQ(how, Code::ok);
  EXPECT_EQ(received.size(), bytes.size());
}

TEST_F(Tcp, AbortSendsResetAndWakesWhatWaits) {
  auto [ours, theirs] = connect();
  TcpStream& stream = *ours;
  std::string received;
  std::optional<Code> how;
  loop.connections.spawn(read_to_end(Wire(std::move(ours)), received, how));
  loop.post_from_elsewhere([&] { stream.abort(); });
  run();
  EXPECT_EQ(how, Code::reset);
  char byte = 0;
  EXPECT_EQ(recv(theirs.get(), &byte, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

Task<void> meet_reset(Wire wire, std::optional<Code>& reading, std::optional<Code>& writing) {
  const Result<std::size_t> n = co_await wire.fill();
  reading = n ? Code::ok : n.error().code;
  const Result<void> sent = co_await wire.write("anything");
  writing = sent ? Code::ok : sent.error().code;
}

TEST_F(Tcp, AResetByThePeerEndsReadingAndWriting) {
  auto [ours, theirs] = connect();
  std::optional<Code> reading;
  std::optional<Code> writing;
  loop.connections.spawn(meet_reset(Wire(std::move(ours)), reading, writing));
  reset(theirs);
  run();
  EXPECT_EQ(reading, Code::reset);
  EXPECT_EQ(writing, Code::reset);
}

// Both sides become ready in one event, and the reader destroys the stream: nothing may be touched after it.
TEST_F(Tcp, TheWaiterThatIsCalledMayDestroyTheStream) {
  auto [ours, theirs] = connect();
  struct Reader : Waiter {
    explicit Reader(std::unique_ptr<TcpStream>& owned)
        : Waiter([](Waiter& waiter) noexcept { static_cast<Reader&>(waiter).stream.reset(); }), stream(owned) {}
    std::unique_ptr<TcpStream>& stream;
  } reader(ours);
  struct Writer : Waiter {
    explicit Writer(EpollLoop& owner)
        : Waiter([](Waiter& waiter) noexcept { static_cast<Writer&>(waiter).loop.stop(); }), loop(owner) {}
    EpollLoop& loop;
  } writer(loop);
  ours->wait(Side::read, &reader);
  ours->wait(Side::write, &writer);
  send_all(theirs, "both");
  loop.run();
  EXPECT_EQ(ours, nullptr);
}

Task<void> wait_and_go_on(Wire wire, std::vector<Code>& codes) {
  wire.expires_after(Millis(20));
  const Result<std::size_t> late = co_await wire.fill();
  codes.push_back(late ? Code::ok : late.error().code);
  const Result<void> sent = co_await wire.write("too late");
  codes.push_back(sent ? Code::ok : sent.error().code);
}

TEST_F(Tcp, ADeadlineInterruptsOnceAndTheStreamStaysUsable) {
  auto [ours, theirs] = connect();
  std::vector<Code> codes;
  loop.connections.spawn(wait_and_go_on(Wire(std::move(ours)), codes));
  run();
  EXPECT_EQ(codes, (std::vector{Code::timed_out, Code::ok}));
  EXPECT_EQ(receive_to_end(theirs), "too late");
}

Task<void> send_part(Wire wire, int file, std::uint64_t offset, std::uint64_t size, std::optional<Code>& how) {
  const Result<void> sent = co_await wire.send_file(file, offset, size);
  how = sent ? Code::ok : sent.error().code;
}

Descriptor make_file(std::string_view content) {
  char name[] = "/tmp/turnout-test-XXXXXX";
  Descriptor file(mkstemp(name));
  EXPECT_TRUE(file);
  unlink(name);
  EXPECT_EQ(write(file.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
  return file;
}

TEST_F(Tcp, SendsAPartOfAFile) {
  auto [ours, theirs] = connect();
  const std::string content = std::string(2 * 1024 * 1024, 'x') + "the part" + std::string(100, 'y');
  const Descriptor file = make_file(content);
  std::optional<Code> how;
  loop.connections.spawn(send_part(Wire(std::move(ours)), file.get(), 1, content.size() - 101, how));
  std::string received;
  std::thread peer([&, &fd = theirs] { received = receive_to_end(fd); });
  run();
  peer.join();
  EXPECT_EQ(how, Code::ok);
  EXPECT_EQ(received, content.substr(1, content.size() - 101));
}

TEST_F(Tcp, AFileThatBecameShorterIsAnError) {
  auto [ours, theirs] = connect();
  const Descriptor file = make_file("short");
  std::optional<Code> how;
  loop.connections.spawn(send_part(Wire(std::move(ours)), file.get(), 0, 1000, how));
  run();
  EXPECT_EQ(how, Code::end);
}

Task<void> refuse_and_linger(Wire wire) {
  const Result<std::size_t> n = co_await wire.fill();
  EXPECT_TRUE(n);
  const Result<void> sent = co_await wire.write("no, thank you");
  EXPECT_TRUE(sent);
  co_await linger(std::move(wire), Millis(5'000));
}

// Without lingering the unread bytes would turn our close into a reset, and that would eat the answer.
TEST_F(Tcp, AnAnswerArrivesAlthoughThePeerStillSends) {
  auto [ours, theirs] = connect();
  loop.connections.spawn(refuse_and_linger(Wire(std::move(ours))));
  std::string received;
  std::thread peer([&, &fd = theirs] {
    send_all(fd, std::string(512 * 1024, 'z'));
    received = receive_to_end(fd);
    shutdown(fd.get(), SHUT_WR);
  });
  run();
  peer.join();
  EXPECT_EQ(received, "no, thank you");
}

TEST_F(Tcp, LingeringEndsAtItsLimitHoweverMuchThePeerSends) {
  auto [ours, theirs] = connect();
  loop.connections.spawn(refuse_and_linger(Wire(std::move(ours))));
  std::thread peer([&fd = theirs] {
    const std::string much(64 * 1024, 'z');
    while (send(fd.get(), much.data(), much.size(), MSG_NOSIGNAL) > 0) {
    }
  });
  run();
  peer.join();
}

Task<void> end_last(Wire wire, std::string last_words) {
  std::string request;
  while (true) {
    const Result<std::size_t> n = co_await wire.fill();
    EXPECT_TRUE(n);
    if (!n || *n == 0) break;
    wire.consume(*n);
  }
  EXPECT_TRUE(co_await wire.write(std::string_view(last_words)));
  EXPECT_EQ(wire.stream().try_close_write_last(), Code::ok);
}

// Closing says the end as well, and no reset, behind what is still on its way.
TEST_F(Tcp, TheSecondEndComesWithTheClose) {
  auto [ours, theirs] = connect();
  send_all(theirs, "hello");
  shutdown(theirs.get(), SHUT_WR);
  const std::string much(100'000, 'z');
  loop.connections.spawn(end_last(Wire(std::move(ours)), much));
  std::string received;
  std::thread peer([&fd = theirs, &received] { received = receive_to_end(fd); });
  run();
  peer.join();
  EXPECT_EQ(received, much);
}

TEST_F(Tcp, TheSecondEndOfABrokenConnectionFails) {
  auto [ours, theirs] = connect();
  std::string received;
  std::optional<Code> how;
  TcpStream& stream = *ours;
  Wire wire(std::move(ours));
  reset(theirs);
  const auto wait_for_it = [](Wire& one, std::optional<Code>& end) -> Task<void> {
    const Result<std::size_t> n = co_await one.fill();
    end = n ? Code::ok : n.error().code;
  };
  loop.connections.spawn(wait_for_it(wire, how));
  run();
  EXPECT_EQ(how, Code::reset);
  EXPECT_EQ(stream.try_close_write_last(), Code::reset);
}

bool is_kept_alive(int descriptor) {
  int is_on = 0;
  socklen_t size = sizeof is_on;
  EXPECT_EQ(getsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &is_on, &size), 0);
  return is_on != 0;
}

int keep_alive_idle_s(int descriptor) {
  int idle_s = 0;
  socklen_t size = sizeof idle_s;
  EXPECT_EQ(getsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, &size), 0);
  return idle_s;
}

TEST_F(Tcp, KeepAliveOfAConnectionOfOursBeginsWhenItIsToStay) {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  auto stream = TcpStream::adopt(loop, Descriptor(dup(socket.get())), TcpStream::Kind::connected);
  ASSERT_TRUE(stream);
  EXPECT_EQ((*stream)->name(), "tcp");
  EXPECT_FALSE(is_kept_alive(socket.get()));
  (*stream)->stay_for_long();
  EXPECT_TRUE(is_kept_alive(socket.get()));
  const int idle_s = keep_alive_idle_s(socket.get());
  EXPECT_GE(idle_s, 60);
  EXPECT_LE(idle_s, 119);
  (*stream)->stay_for_long();
  EXPECT_EQ(keep_alive_idle_s(socket.get()), idle_s);  // once is enough
}

TEST_F(Tcp, KeepAliveOfAConnectionThatWasAcceptedIsInherited) {
  const auto listening = open_listening_sockets(*parse_address("127.0.0.1:0"), 1);
  ASSERT_TRUE(listening);
  const Descriptor theirs = connect_to(local_address(listening->front().get()));
  const Descriptor accepted(accept4(listening->front().get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(accepted);
  EXPECT_TRUE(is_kept_alive(accepted.get()));
  auto stream = TcpStream::adopt(loop, Descriptor(dup(accepted.get())));
  ASSERT_TRUE(stream);
  (*stream)->stay_for_long();
  EXPECT_TRUE(is_kept_alive(accepted.get()));
}

// Connections that began in the same second are not all probed in the same second: a burst of probes overflows queues,
// and who misses all of its probes is taken for dead.
TEST(KeepAlive, IsSpreadOverAMinute) {
  std::map<int, int> counts;
  for (int i = 0; i < 600; ++i) {
    const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    keep_alive(socket.get());
    ++counts[keep_alive_idle_s(socket.get())];
  }
  EXPECT_GE(counts.begin()->first, 60);
  EXPECT_LE(counts.rbegin()->first, 119);
  EXPECT_GE(counts.size(), 50u);
  for (const auto& [idle_s, count] : counts) EXPECT_LE(count, 30) << idle_s << " s";
}

}  // namespace
}  // namespace turnout
