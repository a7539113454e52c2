// HealthChecks: asks backends regularly how they are, and tells what is known about them when that changes.
//
//   HealthChecks checks(worker, connector, [](const HealthChange& change) { log(...); });
//   for (const auto& upstream : upstreams) checks.watch(upstream);
//   ...
//   co_await checks.stop();                // before a reload starts others, and at the end
//
// One worker does that for all. A server turns down after `falls` failures in a row, and up again after `rises` good
// answers; while its state is in doubt, or it is down, it is asked every second.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "proxy/connector.h"
#include "proxy/upstream.h"
#include "runtime/cancellation.h"
#include "runtime/task_group.h"

namespace turnout {

/// Views live for the call.
struct HealthChange {
  const Upstream& upstream;
  const UpstreamServer& server;
  bool up = false;
  std::string reason;  // "200", "connection_refused", "tls_certificate_error: certificate has expired"
};

class HealthChecks {
 public:
  static constexpr int falls = 3;
  static constexpr int rises = 2;
  static constexpr Millis interval_in_doubt{1'000};

  using Observer = std::function<void(const HealthChange&)>;

  /// All of them outlive the checks.
  HealthChecks(Worker& worker, const Connector& connector, Observer observer)
      : worker_(worker), connector_(connector), observer_(std::move(observer)) {}

  /// Nothing where the upstream has no check configured.
  void watch(std::shared_ptr<const Upstream> upstream);

  Task<void> stop();

 private:
  Task<void> check_for_ever(std::shared_ptr<const Upstream> upstream, Upstream::Server server);

  Worker& worker_;
  const Connector& connector_;
  Observer observer_;
  Cancellation stopping_;
  TaskGroup tasks_;
};

}  // namespace turnout
