// The token websocket: the opening handshake (RFC 6455 section 4.2, RFC 8441 section 5), for routes whose handler talks
// in messages.
#pragma once

#include <cstdint>

#include "codec/websocket/compression_level.h"
#include "switching/upgrade.h"

namespace turnout {

struct WebSocketCompression {
  bool enabled = true;
  std::uint8_t level = websocket::compression_level_default;
};

class WebSocketUpgrader final : public Upgrader {
 public:
  explicit WebSocketUpgrader(WebSocketCompression compression = {}) noexcept : compression_(compression) {}

  const char* token() const noexcept override { return "websocket"; }
  /// So that a handshake without Connection: upgrade is told what is wrong, instead of being overlooked.
  bool takes_unnominated() const noexcept override { return true; }
  Task<Verdict> consider(const UpgradeOffer& offer, const UpgradeToken& token, Session& session) const override;

 private:
  WebSocketCompression compression_;
};

}  // namespace turnout
