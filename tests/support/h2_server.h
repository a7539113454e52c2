// What the tests of HTTP/2 have in common: one connection, and its server on one end of a pipe.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "protocols/http2/http2.h"
#include "runtime/sim_loop.h"
#include "switching/drive.h"
#include "switching/exchange.h"
#include "switching/registry.h"
#include "switching/session.h"
#include "tests/support/h2_peer.h"
#include "tests/support/memory_server.h"
#include "transport/memory_stream.h"

namespace turnout::testing {

/// Keeps what was recorded, field by field.
struct H2Recorder final : Recorder {
  struct Line {
    RecordKind kind;
    std::string method;
    std::string target;
    int status;
    std::uint64_t bytes_in;
    std::uint64_t bytes_out;
    std::string token;
    std::string outcome;
    Why reason;
    Why close_reason;
  };
  void write(const Record& record) noexcept override {
    lines.push_back({record.kind, record.request ? std::string(record.request->method) : "",
                     record.request ? std::string(record.request->target) : "", record.status, record.bytes_in,
                     record.bytes_out, std::string(record.token), std::string(record.outcome), record.reason,
                     record.close_reason});
  }
  std::vector<Line> lines;
};

/// A whole connection: Http2 (or what `first` is) on one end, and the other end to give to a peer.
class TestServer {
 public:
  TestServer();
  ~TestServer();

  /// Begins to serve, one connection at a time; the far end is what is returned.
  std::unique_ptr<MemoryStream> serve(MemoryFaults faults = {}) { return serve(std::make_unique<Http2>(), faults); }
  std::unique_ptr<MemoryStream> serve(std::unique_ptr<Protocol> first, MemoryFaults faults = {},
                                      std::string_view early_bytes = {});

  bool is_over() const { return over_; }
  Why why() const { return why_; }
  /// Attempts to read or write on the server's end.
  std::size_t operations() const { return ours_->operations(); }
  std::string transcript() const { return text(session_->transcript()); }

  SimLoop loop;
  TestSite site;
  std::shared_ptr<Registry> registry = std::make_shared<Registry>();
  H2Recorder recorder;
  Sessions sessions;
  bool secure = false;

 private:
  Task<void> drive_one(std::unique_ptr<Protocol> first, Wire wire);

  Listener listener_;
  std::unique_ptr<Session> session_;
  TaskGroup tasks_;
  MemoryStream* ours_ = nullptr;
  bool over_ = false;
  Why why_ = Why::none;
};

Task<void> say_hello(Exchange& exchange);
Task<void> echo_body(Exchange& exchange);

inline TestServer::TestServer() {
  sessions.recorder = &recorder;
  site.add("/hello", std::make_unique<Serve>(&say_hello));
  site.add("/echo", std::make_unique<Serve>(&echo_body));
}

inline TestServer::~TestServer() {
  sessions.abort();
  loop.run();
  EXPECT_EQ(tasks_.running(), 0u) << "a connection does not end";
}

inline Task<void> TestServer::drive_one(std::unique_ptr<Protocol> first, Wire wire) {
  const Closed closed = co_await drive(std::move(first), std::move(wire), *session_);
  over_ = true;
  why_ = closed.why;
}

inline std::unique_ptr<MemoryStream> TestServer::serve(std::unique_ptr<Protocol> first, MemoryFaults faults,
                                                       std::string_view early_bytes) {
  EXPECT_EQ(tasks_.running(), 0u) << "the connection before is not over";
  listener_.registry = registry;
  session_ = std::make_unique<Session>(loop, site, listener_, sessions, Peers{});
  if (secure) session_->set_secure();
  auto [ours, theirs] = MemoryStream::make_pair(loop, faults);
  if (!early_bytes.empty()) {
    (void)theirs->try_write(as_bytes(early_bytes));
    (void)Wire::try_fill(*ours);
  }
  ours_ = ours.get();
  over_ = false;
  tasks_.spawn(drive_one(std::move(first), Wire(std::move(ours))));
  return std::move(theirs);
}

inline Task<void> say_hello(Exchange& exchange) {
  (void)co_await exchange.Exchange::respond(200, "hello\n");
}

inline Task<void> echo_body(Exchange& exchange) {
  if (!co_await exchange.start(ResponseHead(200), std::nullopt)) co_return;
  while (true) {
    const Result<Bytes> bytes = co_await exchange.read();
    if (!bytes) co_return;
    if (bytes->empty()) break;
    if (!co_await exchange.write(*bytes)) co_return;
  }
  (void)co_await exchange.finish();
}

}  // namespace turnout::testing
