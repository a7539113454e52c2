#include "tests/support/memory_server.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "protocols/http1/http1.h"
#include "switching/drive.h"

namespace turnout {

Task<void> Answer::serve(Exchange& exchange) const {
  (void)co_await exchange.respond(200, text_);
}

Task<void> EchoBody::serve(Exchange& exchange) const {
  (void)co_await exchange.start(ResponseHead(200), std::nullopt);
  while (true) {
    const Result<Bytes> part = co_await exchange.read();
    if (!part) co_return;
    if (part->empty()) break;
    const Result<void> sent = co_await exchange.write(*part);
    if (!sent) co_return;
  }
  (void)co_await exchange.finish();
}

TestSite::TestSite() {
  handlers_.push_back(std::make_unique<Serve>(
      [](Exchange& exchange) -> Task<void> { (void)co_await exchange.respond(404, "not found\n"); }));
  not_found_.handler = handlers_.back().get();
}

Route& TestSite::add(const std::string& path, std::unique_ptr<Handler> handler) {
  handlers_.push_back(std::move(handler));
  Route& route = routes_[path];
  route.handler = handlers_.back().get();
  return route;
}

bool TestSite::offers_extended_connect() const noexcept {
  return std::ranges::any_of(routes_, [](const auto& entry) { return !entry.second.switch_tokens.empty(); });
}

const Route& TestSite::route(const RequestHead& request) const {
  auto found = routes_.find(request.path());
  if (found == routes_.end()) found = routes_.find("/**");
  return found != routes_.end() ? found->second : not_found_;
}

void TestRecorder::write(const Record& record) noexcept {
  std::string line;
  switch (record.kind) {
    case RecordKind::request: line = "request"; break;
    case RecordKind::open: line = "open"; break;
    case RecordKind::progress: line = "progress"; break;
    case RecordKind::close: line = "close"; break;
  }
  line.append(" ").append(record.request->method).append(" ").append(record.request->target);
  line.append(" ").append(std::to_string(record.status));
  if (!record.token.empty()) line.append(" ").append(record.token);
  if (!record.outcome.empty()) line.append(" ").append(record.outcome);
  if (record.reason != Why::none) line.append(" ").append(text(record.reason));
  if (record.close_reason != Why::none) {
    line.append(" ").append(record.closed_by).append(" ").append(text(record.close_reason));
  }
  lines.push_back(std::move(line));
}

MemoryServer::MemoryServer(First first) : first_(std::move(first)) {
  if (!first_) first_ = [] { return std::make_unique<Http1>(); };
  sessions.recorder = &recorder;
  listener_.registry = registry;
  peers.remote = *parse_address("127.0.0.1:50000");
  peers.local = *parse_address("127.0.0.1:80");
}

MemoryServer::~MemoryServer() {
  sessions.abort();
  loop.advance(Millis(3'600'000));
  EXPECT_TRUE(sessions.empty()) << "a connection outlived its server: something waits for what will never come";
}

Task<void> MemoryServer::serve(Wire wire) {
  Session session(loop, site, listener_, sessions, peers);
  (void)co_await drive(first_(), std::move(wire), session);
  transcripts.push_back(text(session.transcript()));
}

MemoryPeer MemoryServer::connect(MemoryFaults faults) {
  auto pair = MemoryStream::make_pair(loop, faults);
  accept(std::move(pair.ours));
  return MemoryPeer(std::move(pair.theirs));
}

void MemoryServer::accept(std::unique_ptr<MemoryStream> stream) {
  loop.connections.spawn(serve(Wire(std::move(stream))));
  loop.run();
}

}  // namespace turnout
