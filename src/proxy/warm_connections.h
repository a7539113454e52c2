// WarmConnections: connections of one worker to the servers of one upstream, opened ahead of need, for switches: TCP
// and TLS are behind them, and no request was ever sent on them (law L2).
//
//   WarmConnections warm(worker, connector, upstream, 4);
//   if (std::optional<Wire> wire = warm.take(server)) ...        // its place is filled again in the background
//   co_await warm.stop();
//
// Each is watched: one that its server ends, or says something on, is closed. One that has waited for `age_max` is
// replaced, before servers lose patience with it. A server that takes no connection, or soon ends it, is left alone for
// longer and longer; one that is down or avoided gets none.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "proxy/connector.h"
#include "proxy/upstream.h"
#include "runtime/cancellation.h"
#include "runtime/task_group.h"

namespace turnout {

class WarmConnections {
 public:
  static constexpr Millis age_max{30'000};
  static constexpr Millis back_off_min{1'000};
  static constexpr Millis back_off_max{30'000};

  /// `count`: for each server of the upstream that a switch gets a connection of HTTP/1.1 to.
  WarmConnections(Worker& worker, std::shared_ptr<const Connector> connector, std::shared_ptr<const Upstream> upstream,
                  std::size_t count);
  ~WarmConnections();

  /// One that is still good as far as anybody here knows: its server may have ended it a moment ago.
  std::optional<Wire> take(const UpstreamServer& server);
  std::size_t ready(const UpstreamServer& server) const noexcept;

  Task<void> stop();

 private:
  class Waiting;
  class Kept;

  Worker& worker_;
  const std::shared_ptr<const Connector> connector_;
  const std::shared_ptr<const Upstream> upstream_;
  const std::size_t count_;
  std::list<Kept> servers_;
  TaskGroup opening_;
  Cancellation cancellation_;
};

}  // namespace turnout
