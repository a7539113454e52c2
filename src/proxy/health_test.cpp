// Active checks: in virtual time against backends that the test plays, and once with real sockets (fault F24).
#include "proxy/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/health_probe.h"
#include "proxy/socket_connector.h"
#include "runtime/sim_loop.h"
#include "tests/support/memory_connector.h"
#include "tests/support/tcp_sockets.h"
#include "transport/tcp_listener.h"

namespace turnout {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string outcome(const ProbeResult& result) {
  return result ? std::to_string(*result) : std::string(text(result.error().error));
}

Task<void> probe_once(Worker& worker, const Connector& connector, const UpstreamServer& server,
                      const HealthCheck& check, Cancellation* cancellation, std::optional<std::string>& into) {
  const ProbeResult result = co_await probe(worker, connector, server, check, cancellation);
  into = outcome(result);
}

class HealthProbe : public ::testing::Test {
 protected:
  void TearDown() override {
    cancellation_.cancel();
    loop_.run();
  }
  void start() {
    group_.spawn(probe_once(loop_, connector_, server_, check_, &cancellation_, result_));
    loop_.run();
  }
  MemoryPeer& backend() { return *connector_.accepted.back(); }
  /// What comes out where the backend says this, and then nothing more.
  std::string verdict(std::string_view answer) {
    start();
    backend().send(answer);
    loop_.run();
    return result_.value_or("...");
  }

  SimLoop loop_;
  MemoryConnector connector_;
  UpstreamServer server_{.name = "a", .host = "10.0.0.1", .port = 9000};
  HealthCheck check_{.path = "/healthz", .status = {}};
  Cancellation cancellation_;
  TaskGroup group_;
  std::optional<std::string> result_;
};

TEST_F(HealthProbe, AsksAsAnyClientWould) {
  start();
  EXPECT_EQ(backend().take(),
            "GET /healthz HTTP/1.1\r\nHost: 10.0.0.1:9000\r\nUser-Agent: turnout-health\r\nAccept: */*\r\n"
            "Connection: close\r\n\r\n");
  backend().send("HTTP/1.1 204 No Content\r\n");
  loop_.run();
  EXPECT_FALSE(result_);
  backend().send("\r\n");
  loop_.run();
  EXPECT_EQ(result_, "204");
  EXPECT_TRUE(backend().ended());
}

TEST_F(HealthProbe, TheAuthorityIsThatOfTheServer) {
  EXPECT_EQ(authority_of({.host = "::1", .port = 80}), "[::1]");
  EXPECT_EQ(authority_of({.host = "::1", .port = 443}), "[::1]:443");
  EXPECT_EQ(authority_of({.host = "chat.test", .port = 80}), "chat.test");
  EXPECT_EQ(authority_of({.unix_path = "/run/chat.sock"}), "localhost");
}

TEST_F(HealthProbe, InterimAnswersAreNotTheAnswer) {
  EXPECT_EQ(verdict("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 503 Service Unavailable\r\n\r\n"), "503");
}

TEST_F(HealthProbe, InterimAnswersHaveAnEnd) {
  std::string answer;
  for (int i = 0; i < 20; ++i) answer += "HTTP/1.1 103 Early Hints\r\n\r\n";
  EXPECT_EQ(verdict(answer), "http_protocol_error");
}

TEST_F(HealthProbe, WhatIsNoHttpIsNotHealthy) {
  EXPECT_EQ(verdict("220 mail.example ESMTP\r\n\r\n"), "http_protocol_error");
}

TEST_F(HealthProbe, AnEndIsNoAnswer) {
  start();
  backend().send("HTTP/1.1 200 OK\r\n");
  backend().close_write();
  loop_.run();
  EXPECT_EQ(result_, "http_response_incomplete");
}

TEST_F(HealthProbe, AHeadWithoutEndIsCutOff) {
  EXPECT_EQ(verdict("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')), "http_protocol_error");
}

TEST_F(HealthProbe, ABackendThatDripsIsGivenUpInTime) {
  start();
  for (int i = 0; i < 30 && !result_; ++i) {
    backend().send(i == 0 ? "HTTP/1.1 200 OK\r\nX: " : "x");
    loop_.advance(Millis(100));
  }
  EXPECT_EQ(result_, "http_response_timeout");
  EXPECT_LE(loop_.now_ms(), 2'150u);
}

TEST_F(HealthProbe, CancelledInTheMiddle) {
  start();
  cancellation_.cancel();
  loop_.run();
  EXPECT_EQ(result_, "cancelled");
}

TEST_F(HealthProbe, NoConnectionIsAnAnswerToo) {
  connector_.fails["a"] = UpstreamError::tls_certificate_error;
  start();
  EXPECT_EQ(result_, "tls_certificate_error");
}

constexpr std::string_view server_settings("\0\0\0\4\0\0\0\0\0", 9);

TEST_F(HealthProbe, Http2ToAServerThatSpeaksIt) {
  server_.speaks = UpstreamServer::Speaks::http2;
  start();
  EXPECT_THAT(backend().take(), StartsWith("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  backend().send(server_settings);
  loop_.run();
  EXPECT_FALSE(result_);
  backend().send(std::string_view("\0\0\1\1\5\0\0\0\1\x88", 10));  // HEADERS: :status 200
  loop_.run();
  EXPECT_EQ(result_, "200");
}

TEST_F(HealthProbe, Http2Refused) {
  server_.speaks = UpstreamServer::Speaks::http2;
  EXPECT_EQ(verdict(std::string(server_settings) + std::string("\0\0\4\3\0\0\0\0\1\0\0\0\7", 13)),  // RST_STREAM
            "http_response_incomplete");
}

TEST_F(HealthProbe, Http2ThatIsNone) {
  server_.speaks = UpstreamServer::Speaks::http2;
  EXPECT_EQ(verdict("HTTP/1.1 400 Bad Request\r\n\r\n"), "http_protocol_error");
}

TEST(HealthCheck, WhichStatusIsHealthy) {
  const HealthCheck any{.path = "/", .status = {}};
  for (const int good : {200, 204, 301, 399}) EXPECT_TRUE(is_healthy(any, good)) << good;
  for (const int bad : {101, 199, 400, 404, 500, 503}) EXPECT_FALSE(is_healthy(any, bad)) << bad;
  const HealthCheck teapot{.path = "/", .status = 418};
  EXPECT_TRUE(is_healthy(teapot, 418));
  EXPECT_FALSE(is_healthy(teapot, 200));
}

// ===== the checks =====

class HealthChecksTest : public ::testing::Test {
 protected:
  HealthChecksTest() {
    UpstreamOptions options;
    options.name = "chat";
    options.servers = {{.name = "a", .host = "10.0.0.1", .port = 80}};
    options.health = HealthCheck{.path = "/healthz", .status = {}};
    upstream_ = std::make_shared<Upstream>(options);
    checks_.watch(upstream_);
    loop_.run();
  }
  ~HealthChecksTest() override {
    TaskGroup joiner;
    joiner.spawn(checks_.stop());
    loop_.run();
    EXPECT_EQ(joiner.running(), 0u) << "a check does not end";
  }
  /// What the backend says to the check that waits for it.
  void answer(int status) {
    ASSERT_EQ(connector_.accepted.size(), 1u) << "nobody asked";
    EXPECT_THAT(connector_.accepted.back()->take(), StartsWith("GET /healthz "));
    connector_.accepted.back()->send("HTTP/1.1 " + std::to_string(status) + " x\r\n\r\n");
    loop_.run();
    connector_.accepted.clear();
  }
  bool is_up() const { return upstream_->servers()[0].state->is_up(); }
  bool asks_within(Millis time) {
    loop_.advance(time);
    return !connector_.accepted.empty();
  }

  SimLoop loop_;
  MemoryConnector connector_;
  std::shared_ptr<Upstream> upstream_;
  std::vector<std::string> changes_;
  HealthChecks checks_{loop_, connector_, [this](const HealthChange& change) {
                         changes_.push_back(change.upstream.name() + "/" + change.server.name +
                                            (change.up ? " up " : " down ") + change.reason);
                       }};
};

TEST_F(HealthChecksTest, OneThatIsWellIsAskedEachIntervalAndNothingIsSaid) {
  for (int i = 0; i < 3; ++i) {
    answer(200);
    EXPECT_FALSE(asks_within(Millis(4'900)));
    EXPECT_TRUE(asks_within(Millis(150)));
  }
  EXPECT_TRUE(is_up());
  EXPECT_THAT(changes_, IsEmpty());
}

TEST_F(HealthChecksTest, DownAfterThreeUpAfterTwoAndSaidOnceEach) {
  answer(200);
  ASSERT_TRUE(asks_within(Millis(5'050)));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(is_up());
    answer(503);
    ASSERT_TRUE(asks_within(Millis(1'050))) << "in doubt it is asked every second";
  }
  EXPECT_FALSE(is_up());
  answer(500);
  ASSERT_TRUE(asks_within(Millis(1'050)));
  answer(200);
  EXPECT_FALSE(is_up());
  ASSERT_TRUE(asks_within(Millis(1'050)));
  answer(204);
  EXPECT_TRUE(is_up());
  EXPECT_THAT(changes_, ElementsAre("chat/a down 503", "chat/a up 204"));
  EXPECT_FALSE(asks_within(Millis(4'900)));
}

TEST_F(HealthChecksTest, OneThatFlapsStaysAsItIs) {
  for (int i = 0; i < 20; ++i) {
    answer(i % 2 == 0 ? 503 : 200);
    ASSERT_TRUE(asks_within(i % 2 == 0 ? Millis(1'050) : Millis(5'050)));
  }
  EXPECT_TRUE(is_up());
  EXPECT_THAT(changes_, IsEmpty());
}

TEST_F(HealthChecksTest, SilenceIsAFailureWithinItsTimeLimit) {
  connector_.accepted.clear();
  loop_.run();
  connector_.hangs = true;
  loop_.advance(Millis(12'000));
  EXPECT_FALSE(is_up());
  EXPECT_THAT(changes_, ElementsAre("chat/a down connection_timeout"));
}

TEST_F(HealthChecksTest, WhatIsRemovedIsNotAskedAnyMore) {
  answer(200);
  upstream_->remove_others(nullptr);
  ASSERT_TRUE(asks_within(Millis(5'050)));
  answer(200);
  EXPECT_FALSE(asks_within(Millis(60'000)));
}

// ===== with sockets =====

Task<void> answer_200(Wire wire) {
  while (as_text(wire.peek()).find("\r\n\r\n") == std::string_view::npos) {
    const Result<std::size_t> n = co_await wire.fill();
    if (!n || *n == 0) co_return;
  }
  const Result<void> sent = co_await wire.write(std::string_view("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  (void)sent;
}

class FlappingBackend : public TcpTest {
 protected:
  void listen_at(const Address& address) {
    auto sockets = open_listening_sockets(address, 1);
    ASSERT_TRUE(sockets);
    listener_ = std::make_unique<TcpListener>(
        loop, std::move(sockets->front()), [this](std::unique_ptr<TcpStream> stream, const Address&, const Address&) {
          ++answered_;
          loop.connections.spawn(answer_200(Wire(std::move(stream))));
        });
  }
  static Task<void> stop(HealthChecks& checks, bool& stopped) {
    co_await checks.stop();
    stopped = true;
  }

  std::unique_ptr<TcpListener> listener_;
  int answered_ = 0;
  bool gone_ = false;
  bool stopped_ = false;
};

TEST_F(FlappingBackend, ItsTunnelEndsWhenItGoesAndItIsUsedAgainWhenItIsBack) {
  listen_at(*parse_address("127.0.0.1:0"));
  const Address address = listener_->address();
  UpstreamOptions options;
  options.servers = {{.name = "a", .host = "127.0.0.1", .port = address.port}};
  options.health = HealthCheck{.path = "/", .interval = Millis(20), .timeout = Millis(5'000), .status = {}};
  const auto upstream = std::make_shared<const Upstream>(options);
  UpstreamServerState& state = *upstream->servers()[0].state;
  const SocketConnector connector([](Worker&) -> Resolver& { std::abort(); });  // an address needs no resolver

  std::string story;
  TaskGroup stopper;
  std::unique_ptr<HealthChecks> checks;
  checks = std::make_unique<HealthChecks>(loop, connector, [&](const HealthChange& change) {
    story += change.up ? "up;" : "down:" + change.reason + ";";
    if (!change.up) {
      EXPECT_FALSE(upstream->pick(loop.wall_ms()));
      listen_at(address);
      return;
    }
    EXPECT_TRUE(upstream->pick(loop.wall_ms()));
    stopper.spawn(stop(*checks, stopped_));
  });
  const UpstreamServerState::Watch tunnel(state, loop, &story, [](void* told, UpstreamServerState::Health) noexcept {
    *static_cast<std::string*>(told) += "tunnel;";
  });
  checks->watch(upstream);
  loop.at_turn_end = [&] {
    if (answered_ == 1 && !std::exchange(gone_, true)) listener_.reset();
    if (stopped_) loop.stop();
  };
  loop.run();
  EXPECT_EQ(story, "down:connection_refused;tunnel;up;");
  listener_.reset();
  loop.at_turn_end = nullptr;
  run();
}

}  // namespace
}  // namespace turnout
