// MemoryServer: the whole server on pipes in memory and virtual time, for tests that look at bytes.
//
//   MemoryServer server;
//   server.site.add("/hello", std::make_unique<Answer>("hello\n"));
//   MemoryPeer client = server.connect();
//   client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
//   server.loop.run();
//   client.take();                                // the answer
//   server.loop.advance(Millis(60'000));          // a minute passes at once
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/sim_loop.h"
#include "switching/exchange.h"
#include "switching/registry.h"
#include "switching/session.h"
#include "transport/memory_stream.h"

namespace turnout {

/// Answers 200 with a text.
class Answer final : public Handler {
 public:
  explicit Answer(std::string text) : text_(std::move(text)) {}
  Task<void> serve(Exchange& exchange) const override;

 private:
  std::string text_;
};

/// Streams the request's body back.
class EchoBody final : public Handler {
 public:
  Task<void> serve(Exchange& exchange) const override;
};

/// Answers with whatever the function does.
class Serve final : public Handler {
 public:
  explicit Serve(std::function<Task<void>(Exchange&)> function) : function_(std::move(function)) {}
  Task<void> serve(Exchange& exchange) const override { return function_(exchange); }

 private:
  std::function<Task<void>(Exchange&)> function_;
};

class TestSite final : public Site {
 public:
  TestSite();
  /// "/**" is for every path that has no route of its own.
  Route& add(const std::string& path, std::unique_ptr<Handler> handler);

  const Route& route(const RequestHead& request) const override;
  bool offers_extended_connect() const noexcept override;
  const Limits& limits() const noexcept override { return limits_; }
  const std::vector<Network>& trusted_proxies() const noexcept override { return trusted_proxies_; }

  Limits limits_;
  std::vector<Network> trusted_proxies_;

 private:
  std::vector<std::unique_ptr<Handler>> handlers_;
  std::map<std::string, Route, std::less<>> routes_;
  Route not_found_;
};

/// Keeps what was recorded, one text a record: "request GET /a 200 declined no-such-token".
class TestRecorder final : public Recorder {
 public:
  void write(const Record& record) noexcept override;
  std::vector<std::string> lines;
};

class MemoryServer {
 public:
  using First = std::function<std::unique_ptr<Protocol>()>;

  /// `first`: the protocol that a connection begins with; HTTP/1.1 where none is given.
  explicit MemoryServer(First first = {});
  ~MemoryServer();

  MemoryPeer connect(MemoryFaults faults = {});
  /// Serves on the server's end of a pipe that the test has made.
  void accept(std::unique_ptr<MemoryStream> stream);

  SimLoop loop;
  TestSite site;
  std::shared_ptr<Registry> registry = std::make_shared<Registry>();
  Sessions sessions;
  TestRecorder recorder;
  Peers peers;
  /// Of the connections that have ended, in the order of their ends.
  std::vector<std::string> transcripts;

 private:
  Task<void> serve(Wire wire);
  First first_;
  Listener listener_;
};

}  // namespace turnout
