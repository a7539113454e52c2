// What the tests of HTTP/2 to upstreams have in common: a connection, its scripted server, and tasks that speak.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "proxy/http2_upstream.h"
#include "proxy/http2_upstream_exchange.h"
#include "runtime/sim_loop.h"
#include "tests/support/h2_server_peer.h"
#include "transport/memory_stream.h"

namespace turnout::testing {

/// A client's connection on one end of a pipe, and a server that does what the test says on the other.
class TestUpstream {
 public:
  explicit TestUpstream(const H2ServerPeer::Options& options = {}, MemoryFaults faults = {}) {
    auto [ours, theirs] = MemoryStream::make_pair(loop, faults);
    connection.emplace(Wire(std::move(ours)), limits);
    peer.emplace(loop, std::move(theirs), options);
    tasks.spawn(run());
    peer->run();
  }
  ~TestUpstream() {
    if (connection) connection->abort();
    peer->close();
    loop.run();
    EXPECT_EQ(tasks.running(), 0u) << "something does not end";
  }

  SimLoop loop;
  Limits limits;
  std::optional<Http2UpstreamConnection> connection;
  std::optional<H2ServerPeer> peer;
  TaskGroup tasks;
  bool over = false;

 private:
  Task<void> run() {
    co_await connection->run();
    over = true;
  }
};

inline RequestHead request_head(std::string_view method, std::string_view target) {
  RequestHead head;
  head.version = HttpVersion::http11;
  head.method.assign(method);
  head.target.assign(target);
  head.authority = "example.com";
  head.fields.add("Host", "example.com");
  return head;
}

inline RequestHead connect_head(std::string_view protocol) {
  RequestHead head = request_head("CONNECT", "/chat");
  head.protocol.assign(protocol);
  return head;
}

/// One request, sent and read by two tasks, and what came of it.
class Asking {
 public:
  explicit Asking(TestUpstream& upstream) : upstream_(upstream), exchange(upstream.connection->open()) {}

  struct Body {
    std::string bytes;
    FieldList trailers = {};
    std::optional<std::uint64_t> length = {};
  };
  void send(RequestHead head, std::optional<Body> content = std::nullopt) {
    upstream_.tasks.spawn(send_all(std::move(head), std::move(content)));
    upstream_.peer->run();
  }
  /// Answers, interim ones too, until the one that is final; then the content where `reads`.
  void receive(bool reads = true, Millis limit = Millis(30'000)) {
    upstream_.tasks.spawn(receive_all(reads, limit));
    upstream_.peer->run();
  }
  void get(std::string_view target) {
    send(request_head("GET", target));
    receive();
  }
  void read_on() {
    upstream_.tasks.spawn(read_all());
    upstream_.peer->run();
  }

  Http2UpstreamExchange& h2() const { return static_cast<Http2UpstreamExchange&>(*exchange); }
  int status() const { return answers.empty() ? 0 : answers.back().head.status; }

 private:
  TestUpstream& upstream_;

 public:
  std::unique_ptr<UpstreamExchange> exchange;
  std::optional<Code> sent;      // how sending ended
  std::optional<Code> received;  // how reading ended
  std::vector<UpstreamAnswer> answers;
  std::string body;

 private:
  template <class T>
  static Code code_of(const Result<T>& result) {
    if (!result) {
      EXPECT_EQ(result.error().source, Source::upstream);
    }
    return result ? Code::ok : result.error().code;
  }

  Task<void> send_all(RequestHead head, std::optional<Body> content) {
    RequestContent announced;
    if (content) announced = {false, content->length};
    Result<void> result = co_await exchange->send(head, announced);
    if (result && content) {
      if (!content->bytes.empty()) result = co_await exchange->write(as_bytes(content->bytes));
      if (result) result = co_await exchange->finish(content->trailers);
    }
    sent = code_of(result);
  }

  Task<void> receive_all(bool reads, Millis limit) {
    do {
      Result<UpstreamAnswer> answer = co_await exchange->answer(limit);
      if (!answer) {
        received = code_of(answer);
        co_return;
      }
      answers.push_back(std::move(*answer));
    } while (answers.back().is_interim());
    if (reads) co_await read_all();
  }

  Task<void> read_all() {
    while (true) {
      const Result<Bytes> part = co_await exchange->read();
      if (!part || part->empty()) {
        received = code_of(part);
        co_return;
      }
      body += as_text(*part);
    }
  }
};

}  // namespace turnout::testing
