// Http2UpstreamConnection: a connection to an upstream server that speaks HTTP/2, with many requests at once.
//
//   Http2UpstreamConnection connection(std::move(wire), limits);         // cleartext, or TLS that negotiated "h2"
//   tasks.spawn(connection.run());
//   if (connection.can_open()) { auto exchange = connection.open(); ... }
//   connection.close();                                                  // run() ends with the last exchange
//
// Exchanges, and run(), may outlive it. The limits may not go away before all of them have.
#pragma once

#include <cstddef>
#include <memory>

#include "base/limits.h"
#include "proxy/upstream_exchange.h"
#include "runtime/task.h"
#include "transport/wire.h"

namespace turnout {

class Http2UpstreamLink;

class Http2UpstreamConnection {
 public:
  /// Closes itself when it had no stream for as long as `idle`.
  Http2UpstreamConnection(Wire wire, const Limits& limits, Millis idle = Millis(60'000));
  Http2UpstreamConnection(const Http2UpstreamConnection&) = delete;
  Http2UpstreamConnection& operator=(const Http2UpstreamConnection&) = delete;
  ~Http2UpstreamConnection();

  /// Speaks until the connection is over. To be called once.
  Task<void> run();

  /// The server takes another stream. False for good once either side has said GOAWAY, or the connection is over.
  bool can_open() const noexcept;
  /// Exchanges whose stream has not ended, or not begun.
  std::size_t open_streams() const noexcept;
  /// Where can_open() is false, one that is refused.
  std::unique_ptr<UpstreamExchange> open();

  /// Says GOAWAY: no new streams; it ends when the last one is done.
  void close();
  /// Breaks off, with all streams.
  void abort() noexcept;

 private:
  std::shared_ptr<Http2UpstreamLink> link_;
};

}  // namespace turnout
