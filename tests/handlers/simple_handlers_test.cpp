// The handlers that need no file, behind the router and HTTP/1.1 on a pipe in memory.
#include <gtest/gtest.h>

#include "handlers/echo.h"
#include "handlers/redirect.h"
#include "handlers/respond.h"
#include "handlers/router.h"
#include "protocols/http1/http1.h"
#include "switching/drive.h"
#include "tests/support/memory_server.h"

namespace turnout {
namespace {

Router::Entry entry(std::string_view path, const Handler& handler, std::vector<std::string> methods = {}) {
  Router::Entry entry{{{}, *PathPattern::parse(path), std::move(methods)}, {}};
  entry.route.handler = &handler;
  return entry;
}

class RoutedSite final : public Site {
 public:
  RoutedSite()
      : router_({entry("/echo", echo_), entry("/hello", hello_), entry("/old/**", redirect_),
                 entry("/read-only", hello_, {"GET", "HEAD"}), entry("/read-only", echo_, {"PUT"})}) {}

  const Route& route(const RequestHead& request) const override { return router_.find(request); }
  bool offers_extended_connect() const noexcept override { return false; }
  const Limits& limits() const noexcept override { return limits_; }
  const std::vector<Network>& trusted_proxies() const noexcept override { return trusted_proxies_; }

 private:
  Echo echo_;
  Respond hello_{200, {{"Content-Type", "text/plain"}, {"X-Colour", "green"}}, "hello\n"};
  Redirect redirect_{"https://example.com/new", 308};
  Router router_;
  Limits limits_;
  std::vector<Network> trusted_proxies_;
};

/// HTTP/1.1 as MemoryServer serves it, with our routes.
class SimpleHandlers : public ::testing::Test {
 protected:
  /// The answer to one request on a connection of its own, without its Date.
  std::string ask(std::string_view request) {
    MemoryStream::Pair pair = MemoryStream::make_pair(loop);
    MemoryPeer client(std::move(pair.theirs));
    loop.connections.spawn(serve(Wire(std::move(pair.ours))));
    client.send(request);
    client.close_write();
    loop.advance(Millis(5'000));
    std::string answer = client.take();
    if (const std::size_t date = answer.find("Date: "); date != std::string::npos) {
      answer.erase(date, answer.find("\r\n", date) + 2 - date);
    }
    return answer;
  }

  static std::string status_of(const std::string& answer) { return answer.substr(0, answer.find("\r\n")); }

  SimLoop loop;
  RoutedSite site;

 private:
  Task<void> serve(Wire wire) {
    Session session(loop, site, listener_, sessions_, Peers{});
    auto http1 = std::make_unique<Http1>();
    (void)co_await drive(std::move(http1), std::move(wire), session);
  }
  Listener listener_{.registry = std::make_shared<Registry>()};
  Sessions sessions_;
};

TEST_F(SimpleHandlers, RespondSaysWhatItWasTold) {
  EXPECT_EQ(ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Colour: green\r\nContent-Length: 6\r\n\r\nhello\n");
  const std::string head = ask("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(head.find("Content-Length: 6\r\n"), std::string::npos);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST_F(SimpleHandlers, RedirectNamesTheOtherPlace) {
  const std::string answer = ask("GET /old/page HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 308 Permanent Redirect");
  EXPECT_NE(answer.find("Location: https://example.com/new\r\n"), std::string::npos);
}

TEST_F(SimpleHandlers, EchoSendsABodyBackWithItsTypeAndLength) {
  const std::string answer =
      ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/x-greeting\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 200 OK");
  EXPECT_NE(answer.find("Content-Type: text/x-greeting\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\nhello"));
}

TEST_F(SimpleHandlers, EchoStreamsABodyOfUnknownLength) {
  const std::string answer =
      ask("PUT /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
  EXPECT_NE(answer.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Content-Type: application/octet-stream\r\n"), std::string::npos);
  EXPECT_NE(answer.find("hello"), std::string::npos);
  EXPECT_NE(answer.find(" world"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("0\r\n\r\n"));
}

TEST_F(SimpleHandlers, EchoOfNothingIsNothing) {
  const std::string answer = ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 200 OK");
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(SimpleHandlers, EchoRefusesABodyThatBreaksTheRules) {
  const std::string answer = ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 400 Bad Request");
}

// An endpoint that only speaks WebSocket to a GET says so.
TEST_F(SimpleHandlers, EchoAsksAGetForAWebSocket) {
  const std::string answer = ask("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 426 Upgrade Required");
  EXPECT_NE(answer.find("Upgrade: websocket\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Connection: Upgrade"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Sec-WebSocket-Version: 13\r\n"), std::string::npos);
}

TEST_F(SimpleHandlers, EchoTakesNoOtherMethod) {
  const std::string answer = ask("DELETE /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 405 Method Not Allowed");
  EXPECT_NE(answer.find("Allow: GET, HEAD, OPTIONS, POST, PUT\r\n"), std::string::npos);
}

TEST_F(SimpleHandlers, NothingThereIs404) {
  EXPECT_EQ(status_of(ask("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")), "HTTP/1.1 404 Not Found");
}

TEST_F(SimpleHandlers, AWrongMethodIs405WithTheRightOnes) {
  const std::string answer = ask("POST /read-only HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 405 Method Not Allowed");
  EXPECT_NE(answer.find("Allow: GET, HEAD, PUT, OPTIONS\r\n"), std::string::npos) << answer;
}

TEST_F(SimpleHandlers, OptionsIsAnsweredWhereNoRouteListsIt) {
  const std::string answer = ask("OPTIONS /read-only HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 204 No Content");
  EXPECT_NE(answer.find("Allow: GET, HEAD, PUT, OPTIONS\r\n"), std::string::npos) << answer;
}

TEST_F(SimpleHandlers, OptionsOfTheWholeServer) {
  EXPECT_EQ(ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(SimpleHandlers, APathWithoutOneReadingIs400) {
  for (const std::string path : {"/../hello", "/%2e%2e/hello", "/a%2fb", "/a%00b", "/%zz"}) {
    const std::string answer = ask("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(status_of(answer), "HTTP/1.1 400 Bad Request") << path;
  }
}

/// Hands out messages one by one, and keeps what is sent.
class ListedMessages final : public MessageChannel {
 public:
  explicit ListedMessages(std::vector<std::string> messages) : messages_(std::move(messages)) {}
  Task<Result<std::optional<Message>>> receive() override {
    if (next_ == messages_.size()) co_return std::optional<Message>();
    co_return std::optional(Message{MessageKind::text, as_bytes(messages_[next_++])});
  }
  Task<Result<void>> send(MessageKind kind, Bytes payload) override {
    EXPECT_EQ(kind, MessageKind::text);
    sent.emplace_back(as_text(payload));
    co_return Result<void>();
  }
  Task<Result<void>> close(std::uint16_t /*code*/, std::string_view /*reason*/) override { co_return Result<void>(); }

  std::vector<std::string> sent;

 private:
  std::vector<std::string> messages_;
  std::size_t next_ = 0;
};

TEST_F(SimpleHandlers, EchoSendsMessagesBack) {
  ListedMessages channel({"one", "", "three"});
  const Echo echo;
  TaskGroup group;
  group.spawn(echo.message_app()->run(channel));
  EXPECT_EQ(channel.sent, (std::vector<std::string>{"one", "", "three"}));
}

}  // namespace
}  // namespace turnout
