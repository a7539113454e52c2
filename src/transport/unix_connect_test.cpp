// Connections to unix sockets, to real ones in a folder of the test's own.
#include "transport/unix_connect.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <optional>
#include <string>

#include "tests/support/tcp_sockets.h"
#include "tests/support/temporary_folder.h"
#include "transport/wire.h"

namespace turnout {
namespace {

Descriptor listen_at(const std::string& path, int backlog) {
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::memcpy(at.sun_path, path.data(), path.size());
  EXPECT_EQ(bind(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0) << path;
  EXPECT_EQ(listen(socket.get(), backlog), 0);
  return socket;
}

struct Attempt {
  Code code = Code::ok;
  std::unique_ptr<TcpStream> stream;
};

Task<void> attempt(EpollLoop& loop, std::string path, Millis limit, Cancellation* cancellation,
                   std::optional<Attempt>& into) {
  Result<std::unique_ptr<TcpStream>> stream = co_await unix_connect(loop, std::move(path), limit, cancellation);
  into.emplace();
  if (stream) {
    into->stream = std::move(*stream);
  } else {
    into->code = stream.error().code;
  }
}

class UnixConnect : public TcpTest {
 protected:
  Attempt connect_to_path(const std::string& path, Millis limit = Millis(5000)) {
    std::optional<Attempt> result;
    loop.connections.spawn(attempt(loop, path, limit, nullptr, result));
    if (!result) run();
    return std::move(*result);
  }
  /// Connects until the queue of the listening socket is full.
  void fill_queue(const std::string& path) {
    for (int i = 0; i < 16; ++i) {
      std::optional<Attempt> result;
      loop.connections.spawn(attempt(loop, path, Millis(0), nullptr, result));
      ASSERT_TRUE(result);
      if (result->code == Code::timed_out) return;
      waiting_.push_back(std::move(result->stream));
    }
    FAIL() << "the queue has no end";
  }

  TemporaryFolder folder_;
  std::string path_ = (folder_ / "s").string();
  std::vector<std::unique_ptr<TcpStream>> waiting_;
};

Task<void> say_hello(Wire wire) {
  const Result<void> sent = co_await wire.write(std::string_view("hello"));
  EXPECT_TRUE(sent);
}

TEST_F(UnixConnect, ConnectsAndCarriesBytes) {
  const Descriptor listener = listen_at(path_, 4);
  Attempt made = connect_to_path(path_);
  ASSERT_TRUE(made.stream) << text(made.code);
  EXPECT_EQ(made.stream->name(), "unix");
  const Descriptor theirs(accept(listener.get(), nullptr, nullptr));
  loop.connections.spawn(say_hello(Wire(std::move(made.stream))));
  run();
  EXPECT_EQ(receive_to_end(theirs), "hello");
}

TEST_F(UnixConnect, NobodyThereIsRefused) {
  EXPECT_EQ(connect_to_path(path_).code, Code::refused);
  folder_.write("file", "no socket");
  EXPECT_EQ(connect_to_path((folder_ / "file").string()).code, Code::refused);
  {
    const Descriptor gone = listen_at(path_, 1);
  }
  EXPECT_EQ(connect_to_path(path_).code, Code::refused);
  EXPECT_EQ(connect_to_path("").code, Code::refused);
}

TEST_F(UnixConnect, APathThatTheSystemCannotTakeIsNotCutOff) {
  const std::string longest(sizeof(sockaddr_un::sun_path) - 1, 'x');
  EXPECT_EQ(connect_to_path(longest).code, Code::refused);
  EXPECT_EQ(connect_to_path(longest + "x").code, Code::too_large);
  const Descriptor listener = listen_at(path_, 4);
  EXPECT_EQ(connect_to_path(path_ + std::string("\0x", 2)).code, Code::refused);
}

TEST_F(UnixConnect, WaitsForAFullQueueUntilTheLimit) {
  const Descriptor listener = listen_at(path_, 0);
  fill_queue(path_);
  EXPECT_EQ(connect_to_path(path_, Millis(50)).code, Code::timed_out);
}

TEST_F(UnixConnect, WaitsUntilAFullQueueHasRoom) {
  const Descriptor listener = listen_at(path_, 0);
  fill_queue(path_);
  std::optional<Attempt> result;
  loop.connections.spawn(attempt(loop, path_, Millis(10'000), nullptr, result));
  ASSERT_FALSE(result);
  while (!waiting_.empty()) {
    keep(Descriptor(accept(listener.get(), nullptr, nullptr)));
    waiting_.pop_back();
  }
  run();
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->stream) << text(result->code);
}

TEST_F(UnixConnect, CanBeCancelledWhileItWaits) {
  const Descriptor listener = listen_at(path_, 0);
  fill_queue(path_);
  Cancellation cancellation;
  std::optional<Attempt> result;
  loop.connections.spawn(attempt(loop, path_, Millis(60'000), &cancellation, result));
  ASSERT_FALSE(result);
  cancellation.cancel();
  run();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->code, Code::cancelled);
}

}  // namespace
}  // namespace turnout
