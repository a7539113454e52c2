// A connection that has switched, and carries one message at a time, whose echo it checks.
//
//   Tunnel tunnel(run, 0, upgrade, message, [&](Tunnel& t, std::int64_t now) { t.start(now); });
//   tunnel.open();       // run.opened() once it has switched, and one message has come back where that is wanted
#pragma once

#include <functional>

#include "bench/load/message.h"
#include "bench/load/upgrade_connection.h"

namespace turnout::bench {

class Tunnel final : public UpgradeConnection {
 public:
  using Done = std::function<void(Tunnel&, std::int64_t now)>;

  Tunnel(Run& run, std::size_t number, const Upgrade& upgrade, Message& message, Done done)
      : UpgradeConnection(run, number, upgrade), message_(message), check_(message), done_(std::move(done)) {}

  /// Sends the message that was due at this time.
  void start(std::int64_t due);
  bool is_waiting() const noexcept { return waiting_; }
  std::int64_t started_at() const noexcept { return started_at_; }

 private:
  void on_switched(std::string_view head) override;
  void on_bytes(std::string_view bytes) override;
  void on_end(std::string_view how) override;

  Message& message_;
  EchoCheck check_;
  Done done_;
  std::int64_t started_at_ = 0;
  bool waiting_ = false;
  bool proved_ = false;  // the first message has come back
};

}  // namespace turnout::bench
