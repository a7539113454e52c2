// The relay between real sockets: what it copies, and what it has the kernel move.
#include "transport/relay.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <thread>

#include "codec/websocket/frame_tracker.h"
#include "tests/support/tcp_sockets.h"

namespace turnout {
namespace {

class Moves : public TcpTest {};

/// Counts, and follows the frames from the second to the first where there are any.
class Counter : public Relay::Observer {
 public:
  explicit Counter(Relay::Interest interest) : interest_(interest) {}

  Relay::Interest interest(bool /*forth*/) const noexcept override { return interest_; }
  void passed(bool forth, Bytes bytes) noexcept override {
    if (!forth) frames.pass(bytes);
  }
  void moved(bool forth, SplicePipe::Look& look) noexcept override {
    ++times_moved;
    if (!forth && interest_ == Relay::Interest::few) frames.pass(look);
  }
  void half_closed(bool /*forth*/) noexcept override {}
  bool interrupted(bool /*forth*/, Code /*why*/) noexcept override { return true; }

  std::size_t times_moved = 0;
  websocket::FrameTracker frames{false};

 private:
  Relay::Interest interest_;
};

Task<void> relay_between(Wire first, Wire second, Counter& counter, std::optional<RelayEnd>& end) {
  Relay relay(first, second, counter);
  end = co_await relay;
}

std::string pattern(std::size_t size) {
  std::string text(size, 'x');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 65'537) % 26);
  return text;
}

TEST_F(Moves, MuchAtOnceArrivesInBothDirectionsAsItWasSent) {
  auto [first, client] = connect();
  auto [second, server] = connect();
  Counter counter(Relay::Interest::none);
  std::optional<RelayEnd> end;
  loop.connections.spawn(relay_between(Wire(std::move(first)), Wire(std::move(second)), counter, end));
  const std::string there = pattern(30'000'001);
  const std::string back = pattern(20'000'003);
  std::string at_server;
  std::string at_client;
  std::thread threads[] = {
      std::thread([&, &fd = client] { send_all(fd, there), shutdown(fd.get(), SHUT_WR); }),
      std::thread([&, &fd = server] { send_all(fd, back), shutdown(fd.get(), SHUT_WR); }),
      std::thread([&, &fd = server] { at_server = receive_to_end(fd); }),
      std::thread([&, &fd = client] { at_client = receive_to_end(fd); }),
  };
  run();
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->kind, RelayEnd::Kind::done);
  EXPECT_TRUE(at_server == there) << at_server.size();
  EXPECT_TRUE(at_client == back) << at_client.size();
  EXPECT_GT(counter.times_moved, 0U);
}

// Splice stops before urgent data, and says the same as where there is nothing more or the end.
TEST_F(Moves, UrgentDataCutsNothingOff) {
  for (const bool ends_at_once : {false, true}) {
    auto [first, client] = connect();
    auto [second, server] = connect();
    Counter counter(Relay::Interest::none);
    std::optional<RelayEnd> end;
    loop.connections.spawn(relay_between(Wire(std::move(first)), Wire(std::move(second)), counter, end));
    const std::string before = pattern(5'000'000);
    const std::string behind = pattern(ends_at_once ? 100 : 3'000'000);
    std::string at_client;
    std::thread sender([&, &fd = server] {
      send_all(fd, before);
      ASSERT_EQ(send(fd.get(), "!", 1, MSG_OOB), 1);
      send_all(fd, behind);
      shutdown(fd.get(), SHUT_WR);
    });
    std::thread receiver([&, &fd = client] { at_client = receive_to_end(fd), shutdown(fd.get(), SHUT_WR); });
    run();
    sender.join();
    receiver.join();
    EXPECT_TRUE(at_client == before + behind) << at_client.size();
    EXPECT_GT(counter.times_moved, 0U);
  }
}

std::string frame(std::size_t size) {
  std::array<std::byte, websocket::frame_header_bytes_max> header{};
  const std::size_t n = websocket::encode_frame_header(
      {.opcode = websocket::Opcode::binary, .masked = false, .mask = {}, .payload_bytes = size}, header);
  return std::string(as_text(Bytes(header).first(n))) + pattern(size);
}

TEST_F(Moves, FramesAreFollowedThroughWhatWasMoved) {
  auto [first, client] = connect();
  auto [second, server] = connect();
  Counter counter(Relay::Interest::few);
  std::optional<RelayEnd> end;
  loop.connections.spawn(relay_between(Wire(std::move(first)), Wire(std::move(second)), counter, end));
  std::string frames;
  for (int i = 0; i < 100; ++i) frames += frame(100'000) + frame(static_cast<std::size_t>(i)) + frame(20'000);
  std::string at_client;
  std::thread sender([&, &fd = server] { send_all(fd, frames), shutdown(fd.get(), SHUT_WR); });
  std::thread receiver([&, &fd = client] { at_client = receive_to_end(fd), shutdown(fd.get(), SHUT_WR); });
  run();
  sender.join();
  receiver.join();
  EXPECT_TRUE(at_client == frames) << at_client.size();
  EXPECT_GT(counter.times_moved, 0U);
  EXPECT_TRUE(counter.frames.is_between_frames());
}

TEST_F(Moves, ASinkThatBreaksWhileMuchIsOnItsWayEndsIt) {
  auto [first, client] = connect();
  auto [second, server] = connect();
  Counter counter(Relay::Interest::none);
  std::optional<RelayEnd> end;
  loop.connections.spawn(relay_between(Wire(std::move(first)), Wire(std::move(second)), counter, end));
  const std::string much = pattern(50'000'000);
  std::thread sender([&, &fd = server] {
    for (std::string_view left = much; !left.empty();) {
      const ssize_t n = send(fd.get(), left.data(), left.size(), MSG_NOSIGNAL);
      if (n <= 0) break;
      left.remove_prefix(static_cast<std::size_t>(n));
    }
  });
  std::thread receiver([&, &fd = client] {
    std::string piece(1'000'000, ' ');
    ASSERT_EQ(recv(fd.get(), piece.data(), piece.size(), MSG_WAITALL), 1'000'000);
    reset(fd);
  });
  run();
  sender.join();
  receiver.join();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->kind, RelayEnd::Kind::broken);
  EXPECT_TRUE(end->at_first);

  // Nothing of it is left in the pipe for the next tunnel.
  auto [third, next_client] = connect();
  auto [fourth, next_server] = connect();
  loop.connections.spawn(relay_between(Wire(std::move(third)), Wire(std::move(fourth)), counter, end));
  std::string at_client;
  std::thread next_sender([&, &fd = next_server] { send_all(fd, much), shutdown(fd.get(), SHUT_WR); });
  std::thread next_receiver([&, &fd = next_client] { at_client = receive_to_end(fd), shutdown(fd.get(), SHUT_WR); });
  run();
  next_sender.join();
  next_receiver.join();
  EXPECT_TRUE(at_client == much) << at_client.size();
}

}  // namespace
}  // namespace turnout
