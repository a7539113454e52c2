// Deadline: until when something has to have happened, whatever else the server sends meanwhile. A stream's own
// deadline is moved by each of our writes, so that a server could keep a client for ever with pings.
//
//   Deadline deadline(wire, Millis(30'000));
//   deadline.arm();                        // before each read
//   deadline.restart();                    // when there was what was waited for
#pragma once

#include "transport/wire.h"

namespace turnout::client {

class Deadline {
 public:
  Deadline(Wire& wire, Millis length) noexcept : wire_(wire), length_(length) { restart(); }

  void restart() noexcept { at_ms_ = wire_.worker().now_ms() + static_cast<std::uint64_t>(length_.count()); }
  void arm() noexcept {
    const std::uint64_t now_ms = wire_.worker().now_ms();
    wire_.expires_after(at_ms_ > now_ms ? Millis(at_ms_ - now_ms) : Millis(1));
  }

 private:
  Wire& wire_;
  Millis length_;
  std::uint64_t at_ms_ = 0;
};

}  // namespace turnout::client
