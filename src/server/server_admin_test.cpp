// The admin listener of a server with threads: it asks while connections come, switch and go. Under TSan too.
#include <turnout/server.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include "config/load.h"
#include "tests/support/tcp_sockets.h"
#include "tests/support/temporary_folder.h"

namespace turnout {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view handshake =
    "GET /echo?token=hidden HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
constexpr std::string_view declined =
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: made-up\r\n\r\n";
constexpr std::string_view close_frame("\x88\x82\0\0\0\0\x03\xe8", 8);

class WorkersWithAdmin : public testing::Test {
 protected:
  void start(std::string_view more = "") {
    const std::string toml = std::string(R"(
workers = 2
[[listener]]
address = "127.0.0.1:0"
[[route]]
name = "chat"
match = { path = "/echo" }
echo = {}
[admin]
socket = ")") + (folder / "a.sock").string() +
                             "\"\n" + std::string(more);
    auto config = parse_config(toml, "test.toml");
    ASSERT_TRUE(config) << text(config.error().front());
    server.emplace(std::move(*config));
    const auto started = server->start();
    ASSERT_TRUE(started) << started.error();
    address = server->listeners().front().address;
  }

  /// The whole answer of the admin listener.
  std::string ask(std::string_view target, std::string_view method = "GET") const {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    const std::string path = server->admin_socket();
    std::memcpy(at.sun_path, path.data(), path.size());
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0) << std::strerror(errno);
    send_all(socket, std::string(method) + " " + std::string(target) +
                         " HTTP/1.1\r\nHost: turnout\r\nConnection: close\r\n\r\n");
    return receive_to_end(socket);
  }

  Descriptor open_websocket() const {
    Descriptor client = connect_to(address);
    send_all(client, handshake);
    std::string head;
    char byte = 0;
    while (!head.ends_with("\r\n\r\n") && recv(client.get(), &byte, 1, 0) == 1) head += byte;
    EXPECT_THAT(head, StartsWith("HTTP/1.1 101 "));
    return client;
  }

  TemporaryFolder folder;
  std::optional<Server> server;
  Address address;
};

TEST_F(WorkersWithAdmin, AsksWhileConnectionsSwitchAndGo) {
  start();
  std::atomic<bool> over = false;
  std::vector<std::thread> others;
  for (const char* target : {"/metrics", "/api/v1/tunnels", "/api/v1/transcripts?recent=1", "/healthz"}) {
    others.emplace_back([this, &over, target] {
      do {
        EXPECT_THAT(ask(target), StartsWith("HTTP/1.1 200 ")) << target;
      } while (!over);
    });
  }
  constexpr int clients = 4;
  constexpr int rounds = 25;
  std::vector<std::thread> going;
  for (int i = 0; i < clients; ++i) {
    going.emplace_back([this] {
      for (int n = 0; n < rounds; ++n) {
        const Descriptor websocket = open_websocket();
        const Descriptor other = connect_to(address);
        send_all(other, declined);
        (void)receive_to_end(other);
        send_all(websocket, close_frame);
        (void)receive_to_end(websocket);
      }
    });
  }
  for (std::thread& one : going) one.join();
  over = true;
  for (std::thread& one : others) one.join();
  const std::string metrics = ask("/metrics");
  EXPECT_THAT(metrics, HasSubstr("turnout_upgrades_total{token=\"websocket\",route=\"chat\",via=\"h1-upgrade\","
                                 "outcome=\"accepted\",reason=\"accepted\"} 100\n"));
  EXPECT_THAT(metrics, HasSubstr("outcome=\"declined\",reason=\"no-such-token\"} 100\n"));
}

TEST_F(WorkersWithAdmin, TunnelsOfEveryWorkerAreEnded) {
  start("write = true\n");
  std::vector<Descriptor> open;
  for (int i = 0; i < 40; ++i) open.push_back(open_websocket());
  EXPECT_THAT(ask("/api/v1/tunnels?route=chat"), HasSubstr("\"count\":40,"));
  EXPECT_THAT(ask("/api/v1/tunnels/close?route=other", "POST"), HasSubstr("\"count\":0,"));
  EXPECT_THAT(ask("/api/v1/tunnels/close?route=chat&force=1", "POST"), HasSubstr("\"count\":40,"));
  for (const Descriptor& one : open) {
    char byte = 0;
    while (recv(one.get(), &byte, 1, 0) > 0) {
    }
  }
}

TEST_F(WorkersWithAdmin, AnswersUntilTheLastWorkerHasEnded) {
  start("[limits]\nclose_wait = \"30s\"\nlinger = \"50ms\"\n");
  const Descriptor websocket = open_websocket();
  server->drain();
  EXPECT_THAT(ask("/readyz"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(ask("/healthz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask("/metrics"), HasSubstr("turnout_tunnels{token=\"websocket\",route=\"chat\"} 1\n"));
  send_all(websocket, close_frame);
  (void)receive_to_end(websocket);
  server->wait();
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(folder / "a.sock"));
}

}  // namespace
}  // namespace turnout
