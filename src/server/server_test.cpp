// Server with its threads and real sockets. These suites run under TSan too, so they are named Workers.
#include <turnout/server.h>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>
#include <thread>

#include "server/run.h"
#include "server/welcome_server.h"
#include "tests/support/tcp_sockets.h"
#include "tests/support/temporary_folder.h"
#include "transport/socket_address.h"

namespace turnout {
namespace {

constexpr std::string_view get_hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view get_hello_and_close = "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// Answers 200, and keeps which threads it ran on.
class Hello final : public Handler {
 public:
  struct Seen {
    std::mutex mutex;
    std::set<std::thread::id> threads;
  };
  explicit Hello(std::shared_ptr<Seen> seen) : seen_(std::move(seen)) {}
  Task<void> serve(Exchange& exchange) const override {
    {
      const std::lock_guard lock(seen_->mutex);
      seen_->threads.insert(std::this_thread::get_id());
    }
    (void)co_await exchange.respond(200, "hello\n");
  }

 private:
  std::shared_ptr<Seen> seen_;
};

/// Says "go on" once a line has come, and everything in capitals from then on.
class Shout final : public Protocol {
 public:
  const char* name() const noexcept override { return "shout"; }
  Task<Outcome> run(Wire wire, Session& /*session*/) override {
    while (true) {
      std::string bytes(as_text(wire.peek()));
      wire.consume(bytes.size());
      for (char& c : bytes) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
      }
      const Result<void> sent = co_await wire.write(std::string_view(bytes));
      if (!sent) co_return Closed{Why::peer_reset};
      const Result<std::size_t> n = co_await wire.fill();
      if (!n) co_return Closed{n.error().code == Code::draining ? Why::draining : Why::peer_reset};
      if (*n == 0) co_return Closed{Why::peer_closed};
    }
  }
};

class ShoutUpgrader final : public Upgrader {
 public:
  const char* token() const noexcept override { return "shout"; }
  Task<Verdict> consider(const UpgradeOffer& offer, const UpgradeToken& /*token*/,
                         Session& /*session*/) const override {
    if (!offer.route->allows("shout")) co_return Decline{Why::token_not_on_route};
    Accept accept;
    accept.token = "shout";
    accept.upgrade = "shout";
    accept.successor = std::make_unique<Shout>();
    co_return accept;
  }
};

class Workers_Server : public ::testing::Test {
 protected:
  static Config config(std::uint32_t workers = 2) {
    Config config;
    ListenerConfig listener;
    listener.address = *parse_address("127.0.0.1:0");
    config.listeners.push_back(listener);
    RouteConfig echo;
    echo.match.path = "/echo";
    echo.handler = EchoConfig{};
    echo.switch_tokens = {"websocket"};
    config.routes.push_back(echo);
    config.workers = workers;
    return config;
  }

  void start(Config config) {
    server.emplace(std::move(config));
    RouteOptions options;
    options.switch_tokens = {"shout"};
    ASSERT_TRUE(server->add_route("/hello", std::make_unique<Hello>(seen), std::move(options)));
    server->add_upgrader(std::make_shared<ShoutUpgrader>());
    const auto started = server->start();
    ASSERT_TRUE(started) << started.error();
    address = server->listeners().front().address;
  }

  Descriptor connect() const { return connect_to(address); }

  /// Waits for one answer of a length that Content-Length says.
  static std::string receive_answer(const Descriptor& socket) {
    std::string answer;
    char byte = 0;
    while (!answer.ends_with("\r\n\r\n") && recv(socket.get(), &byte, 1, 0) == 1) answer += byte;
    const std::size_t at = answer.find("Content-Length: ");
    std::size_t left = at == std::string::npos ? 0 : std::stoul(answer.substr(at + 16));
    for (; left != 0 && recv(socket.get(), &byte, 1, 0) == 1; --left) answer += byte;
    return answer;
  }

  std::shared_ptr<Hello::Seen> seen = std::make_shared<Hello::Seen>();
  std::optional<Server> server;
  Address address;
};

TEST_F(Workers_Server, AnswersOnAPortOfItsChoiceAndEndsWhenItIsTold) {
  start(config());
  EXPECT_NE(address.port, 0);
  const Descriptor client = connect();
  send_all(client, get_hello_and_close);
  const std::string answer = receive_to_end(client);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nhello\n")) << answer;
  server->drain();
  server->wait();
}

TEST_F(Workers_Server, EveryWorkerAcceptsOnTheSameAddress) {
  start(config(3));
  // The kernel spreads by a hash of the client's port: that all of these fall to one worker does not happen.
  for (int i = 0; i < 100; ++i) {
    const Descriptor client = connect();
    send_all(client, get_hello_and_close);
    EXPECT_TRUE(receive_to_end(client).starts_with("HTTP/1.1 200"));
  }
  EXPECT_EQ(seen->threads.size(), 3u);
}

TEST_F(Workers_Server, ManyClientsAtOnce) {
  start(config());
  std::vector<std::thread> clients;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      const Descriptor client = connect();
      for (int n = 0; n < 50; ++n) {
        send_all(client, get_hello);
        if (receive_answer(client).ends_with("hello\n")) ++good;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good, 8 * 50);
}

TEST_F(Workers_Server, AProtocolFromOutsideIsSwitchedTo) {
  start(config(1));
  const Descriptor client = connect();
  send_all(client, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\nhey");
  EXPECT_TRUE(receive_answer(client).starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
  send_all(client, " you");
  shutdown(client.get(), SHUT_WR);
  EXPECT_EQ(receive_to_end(client), "HEY YOU");
}

TEST_F(Workers_Server, DrainingEndsIdleConnectionsAndRefusesNewOnes) {
  start(config());
  const Descriptor idle = connect();
  send_all(idle, get_hello);
  EXPECT_TRUE(receive_answer(idle).ends_with("hello\n"));
  server->drain();
  EXPECT_EQ(receive_to_end(idle), "");
  server->wait();
  const Descriptor late(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const SocketAddress to = to_socket_address(address);
  EXPECT_NE(::connect(late.get(), to.data(), to.size), 0);
}

// Law L4's neighbour on the way out: a request that runs is answered, and nothing after it.
TEST_F(Workers_Server, DrainingLetsARequestFinish) {
  start(config());
  const Descriptor client = connect();
  send_all(client, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(receive_answer(client), "HTTP/1.1 100 Continue\r\n\r\n");  // it runs now
  server->drain();
  send_all(client, "0123456789");
  const std::string answer = receive_to_end(client);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n0123456789")) << answer;
  server->wait();
}

TEST_F(Workers_Server, WhoeverConnectedBeforeTheDrainIsStillAnswered) {
  start(config(1));
  std::vector<Descriptor> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(connect());
    send_all(clients.back(), get_hello);
  }
  server->drain();
  for (const Descriptor& client : clients) EXPECT_TRUE(receive_to_end(client).ends_with("hello\n"));
  server->wait();
}

TEST_F(Workers_Server, DrainingHasAnEnd) {
  Config limited = config();
  limited.limits.drain = Millis(100);
  start(std::move(limited));
  const Descriptor client = connect();
  send_all(client, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(receive_answer(client), "HTTP/1.1 100 Continue\r\n\r\n");
  server->drain();
  server->wait();
  char byte = 0;
  EXPECT_EQ(recv(client.get(), &byte, 1, 0), -1) << "broken off, so that half an answer is not taken for a whole one";
}

TEST_F(Workers_Server, AbortingEndsEverythingAtOnce) {
  start(config());
  const Descriptor client = connect();
  send_all(client, get_hello);
  EXPECT_TRUE(receive_answer(client).ends_with("hello\n"));
  server->abort();
  server->abort();
  server->wait();
}

TEST_F(Workers_Server, ItMayEndWithoutHavingBegun) {
  Server never_started(config());
  never_started.drain();
  never_started.wait();
}

TEST_F(Workers_Server, TheAccessLogOfAllWorkersHasWholeLines) {
  const TemporaryFolder folder;
  Config logged = config(2);
  logged.access_log = AccessLogConfig{.file = (folder / "access.log").string(), .format = LogFormat::w3c};
  start(std::move(logged));
  for (int i = 0; i < 60; ++i) {
    const Descriptor client = connect();
    send_all(client, get_hello_and_close);
    EXPECT_TRUE(receive_to_end(client).starts_with("HTTP/1.1 200"));
  }
  const Descriptor client = connect();
  send_all(client, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\n");
  EXPECT_TRUE(receive_answer(client).starts_with("HTTP/1.1 101"));
  send_all(client, "12345");
  shutdown(client.get(), SHUT_WR);
  EXPECT_EQ(receive_to_end(client), "12345");
  server->drain();
  server->wait();

  std::ifstream file(folder / "access.log");
  int requests = 0;
  std::vector<std::string> switched;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    EXPECT_EQ(std::ranges::count(line, ' '), 24) << line;
    if (line.find(" request ") != std::string::npos) ++requests;
    if (line.find(" shout ") != std::string::npos) switched.push_back(line);
  }
  EXPECT_EQ(requests, 60);
  ASSERT_EQ(switched.size(), 2u);
  EXPECT_NE(switched[0].find(" 101 0 0 "), std::string::npos) << switched[0];
  EXPECT_NE(switched[0].find(" open "), std::string::npos) << switched[0];
  EXPECT_NE(switched[1].find(" close "), std::string::npos) << switched[1];
  EXPECT_TRUE(switched[1].ends_with(" client peer-closed 5 5")) << switched[1];
}

TEST_F(Workers_Server, LogsMayBeReopenedWhileRequestsRun) {
  const TemporaryFolder folder;
  Config logged = config(2);
  logged.access_log = AccessLogConfig{.file = (folder / "access.log").string(), .format = LogFormat::json};
  start(std::move(logged));
  std::thread client([&] {
    for (int i = 0; i < 40; ++i) {
      const Descriptor socket = connect();
      send_all(socket, get_hello_and_close);
      EXPECT_TRUE(receive_to_end(socket).starts_with("HTTP/1.1 200"));
    }
  });
  for (int i = 0; i < 20; ++i) {
    std::filesystem::rename(folder / "access.log", folder / ("access.log." + std::to_string(i)));
    EXPECT_FALSE(server->reopen_logs());
  }
  client.join();
  server->drain();
  server->wait();
  int lines = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line); ++lines) EXPECT_TRUE(line.starts_with('{') && line.ends_with('}'));
  }
  EXPECT_EQ(lines, 40);
}

TEST_F(Workers_Server, CertificatesMayBeReloadedWhileConnectionsBegin) {
  Config secure = config(2);
  secure.listeners.push_back(https_listener(*parse_address("127.0.0.1:0")));
  start(std::move(secure));
  ASSERT_EQ(server->listeners().size(), 2u);
  EXPECT_TRUE(server->listeners()[1].is_https);
  EXPECT_EQ(server->listeners()[1].fingerprint.size(), 95u);
  std::thread client([&] {
    for (int i = 0; i < 30; ++i) {
      const Descriptor socket = connect();
      send_all(socket, get_hello_and_close);
      EXPECT_TRUE(receive_to_end(socket).starts_with("HTTP/1.1 200"));
    }
  });
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(server->reload_certificates());
  client.join();
}

// ===== What an operator is told =====

std::string start_error(std::string_view address) {
  Config config;
  ListenerConfig listener;
  listener.address = *parse_address(address);
  config.listeners.push_back(listener);
  Server server(std::move(config));
  const auto started = server.start();
  return started ? "" : started.error();
}

TEST(StartErrors, ABusyPortIsNamedWithTheRemedy) {
  const Descriptor taken = listen_on_loopback(1);
  const std::string address = text(local_address(taken.get()));
  const std::string error = start_error(address);
  EXPECT_TRUE(error.starts_with(address + ": another process listens there already")) << error;
  EXPECT_NE(error.find("another port"), std::string::npos) << error;
}

TEST(StartErrors, AnAddressOfSomebodyElse) {
  const std::string error = start_error("192.0.2.1:8101");
  EXPECT_TRUE(error.starts_with("192.0.2.1:8101: no interface of this machine has that address")) << error;
}

TEST(StartErrors, APortThatNeedsARight) {
  if (geteuid() == 0) GTEST_SKIP() << "root may bind every port";
  const std::string error = start_error("127.0.0.1:1");
  EXPECT_TRUE(error.starts_with("127.0.0.1:1: a port below 1024 needs the right to bind it")) << error;
}

TEST(StartErrors, NowhereToListen) {
  Server server{Config{}};
  const auto started = server.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error(), "there is no address to listen on");
}

TEST(StartErrors, AnAccessLogThatCannotBeWritten) {
  Config config = welcome_config({.http = {*parse_address("127.0.0.1:0")}, .https = {}, .root = {}});
  config.access_log = AccessLogConfig{.file = "/nowhere/at/all/access.log", .format = LogFormat::w3c};
  Server server(std::move(config));
  const auto started = server.start();
  ASSERT_FALSE(started);
  EXPECT_TRUE(started.error().starts_with("/nowhere/at/all/access.log: the access log cannot be opened: "));
}

TEST(StartErrors, ARouteThatMakesNoSense) {
  Server server(welcome_config({}));
  EXPECT_FALSE(server.add_route("no slash", nullptr));
  RouteOptions options;
  options.hosts = {"not a host"};
  EXPECT_FALSE(server.add_route("/fine", nullptr, std::move(options)));
}

TEST(ReadyLine, NamesEveryListenerByKind) {
  const auto at = [](std::string_view address, bool is_https) {
    return Server::Listening{*parse_address(address), is_https, {}};
  };
  EXPECT_EQ(ready_line({at("127.0.0.1:8101", false), at("127.0.0.1:8443", true)}),
            "ready http=127.0.0.1:8101 https=127.0.0.1:8443");
  EXPECT_EQ(ready_line({at("127.0.0.1:1", false), at("[::1]:2", false)}), "ready http=127.0.0.1:1,[::1]:2");
  EXPECT_EQ(ready_line({at("[::1]:443", true)}), "ready https=[::1]:443");
}

TEST(WelcomeConfig, IsLenientOnLoopbackOnly) {
  const ListenerConfig near = http_listener(*parse_address("[::1]:8101"));
  EXPECT_TRUE(near.lenient_upgrade);
  EXPECT_EQ(near.tls_upgrade, TlsUpgrade::compatible);
  EXPECT_FALSE(near.is_https());
  for (const std::string_view address : {"192.0.2.1:80", "0.0.0.0:80", "[::]:80"}) {
    const ListenerConfig far = http_listener(*parse_address(address));
    EXPECT_FALSE(far.lenient_upgrade) << address;
    EXPECT_EQ(far.tls_upgrade, TlsUpgrade::off) << address;
    EXPECT_TRUE(far.tls.empty()) << address;
  }
  EXPECT_TRUE(https_listener(*parse_address("127.0.0.1:8443")).is_https());
}

TEST(WelcomeConfig, ListenersOnTheCommandLineTakeThePlaceOfBothDefaults) {
  const Config defaults = welcome_config({});
  ASSERT_EQ(defaults.listeners.size(), 2u);
  EXPECT_EQ(text(defaults.listeners[0].address), "127.0.0.1:8101");
  EXPECT_EQ(text(defaults.listeners[1].address), "127.0.0.1:8443");
  const Config only_https = welcome_config({.http = {}, .https = {*parse_address("[::1]:443")}, .root = {}});
  ASSERT_EQ(only_https.listeners.size(), 1u);
  EXPECT_TRUE(only_https.listeners[0].is_https());
}

}  // namespace
}  // namespace turnout
