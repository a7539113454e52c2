// MemoryConnector: backends that a test plays by hand, on pipes in memory.
//
//   MemoryConnector connector;
//   ... something connects ...; loop.run();
//   MemoryPeer& backend = *connector.accepted.back();
//   EXPECT_EQ(backend.take(), "GET / HTTP/1.1\r\n...");
//   connector.fails["b"] = UpstreamError::connection_refused;
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/connector.h"
#include "runtime/pause.h"
#include "transport/memory_stream.h"

namespace turnout {

class MemoryConnector final : public Connector {
 public:
  // Tests are the only ones who look, and a connector is const to those who use it.
  mutable std::vector<std::unique_ptr<MemoryPeer>> accepted;
  mutable std::vector<std::string> asked;      // the names of the servers, in order
  std::map<std::string, UpstreamError> fails;  // by the name of the server
  std::string alpn;
  bool hangs = false;  // every connect waits for its limit
  MemoryFaults faults;

  Task<std::expected<Connected, ConnectError>> connect(Worker& worker, const UpstreamServer& server,
                                                       ConnectHow how) const override {
    asked.push_back(server.name);
    if (hangs) {
      Pause pause(worker, how.cancellation);
      const Code code = co_await pause.wait(how.limit);
      co_return std::unexpected(
          ConnectError{code == Code::cancelled ? UpstreamError::cancelled : UpstreamError::connection_timeout, {}});
    }
    if (const auto failing = fails.find(server.name); failing != fails.end()) {
      co_return std::unexpected(ConnectError{failing->second, {}});
    }
    auto [ours, theirs] = MemoryStream::make_pair(worker, faults);
    accepted.push_back(std::make_unique<MemoryPeer>(std::move(theirs)));
    co_return Connected{Wire(std::move(ours)), alpn};
  }
};

}  // namespace turnout
