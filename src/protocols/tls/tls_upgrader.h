// The token TLS (RFC 2817): a cleartext connection that goes on inside TLS.
//
// The 101 names the highest version that the client listed and that is spoken here, and the handshake is capped at it.
// Where a name is also served by https, an attacker in the middle can shift the answers of that https site by
// relaying its handshake to an upgraded connection (attack class T2): docs/security.md says what is done about it.
#pragma once

#include <memory>

#include "codec/tls/context.h"
#include "switching/upgrade.h"

namespace turnout {

class TlsUpgrader final : public Upgrader {
 public:
  enum class Requests : std::uint8_t {
    options_only,  // OPTIONS * alone, whose answer tells an attacker nothing
    compatible,    // GET and POST too
  };

  /// Without a context every offer is declined: the listener does not do this.
  TlsUpgrader(std::shared_ptr<const TlsContext> context, Requests requests) noexcept
      : context_(std::move(context)), requests_(requests) {}

  const char* token() const noexcept override { return "TLS"; }
  bool is_hop_by_hop() const noexcept override { return true; }
  Task<Verdict> consider(const UpgradeOffer& offer, const UpgradeToken& token, Session& session) const override;

 private:
  std::shared_ptr<const TlsContext> context_;
  Requests requests_;
};

}  // namespace turnout
