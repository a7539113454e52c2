// ProxyUpgrader: decides about an offer by asking an upstream server, on a connection of its own (law L2). The client's
// connection is frozen meanwhile (law L1): nothing that follows the request is read by anybody before the server's
// acceptance has come and has been found valid (law L3).
#pragma once

#include "proxy/proxy_settings.h"
#include "switching/upgrade.h"

namespace turnout {

class ProxyUpgrader final : public Upgrader {
 public:
  explicit ProxyUpgrader(std::shared_ptr<const ProxySettings> settings) : settings_(std::move(settings)) {}

  /// It is asked for every token that its route lists.
  const char* token() const noexcept override { return ""; }
  Task<Verdict> consider(const UpgradeOffer& offer, const UpgradeToken& token, Session& session) const override;

 private:
  std::shared_ptr<const ProxySettings> settings_;
};

}  // namespace turnout
