// A connection that asks for another protocol, and checks the 101.
//
//   Upgrade upgrade(run, "websocket");       // the same offer for all connections
//   class C : public UpgradeConnection { void on_switched(std::string_view rest) override { ... } ... };
#pragma once

#include <string>

#include "bench/load/connection.h"

namespace turnout::bench {

/// What is offered, and what has to come back.
struct Upgrade {
  Upgrade(const Run& run, std::string_view of, std::string_view more_fields = "");

  const std::string token;
  const bool is_websocket;
  std::string request;
  std::string accept;  // of Sec-WebSocket-Accept, where it is WebSocket
};

class UpgradeConnection : public Connection {
 public:
  UpgradeConnection(Run& run, std::size_t number, const Upgrade& upgrade)
      : Connection(run, number), upgrade_(upgrade) {}

 protected:
  /// The 101 is right; `head` is its lines. What came behind it follows in on_bytes().
  virtual void on_switched(std::string_view head) = 0;
  /// Bytes of the new protocol.
  virtual void on_bytes(std::string_view bytes) = 0;

  void on_open() override;
  void on_readable() override;
  void on_end(std::string_view how) override { run_.fail(how); }
  bool switched() const noexcept { return switched_; }
  bool is_websocket() const noexcept { return upgrade_.is_websocket; }

 private:
  void take_answer(std::string_view bytes);

  const Upgrade& upgrade_;
  std::string head_;
  bool switched_ = false;
};

}  // namespace turnout::bench
