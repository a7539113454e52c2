// ConnectUpgrader: CONNECT (RFC 9110 section 9.3.6), for the targets that a route lists and no others (U15). The tunnel
// begins when the connection to the target stands, never before (RFC 9931 section 8).
#pragma once

#include <memory>
#include <vector>

#include "proxy/connector.h"
#include "proxy/tunnel.h"
#include "switching/upgrade.h"

namespace turnout {

class ConnectUpgrader final : public Upgrader {
 public:
  /// Of each target host, in lower case, and port count.
  ConnectUpgrader(std::vector<UpstreamServer> targets, std::shared_ptr<const Connector> connector,
                  Millis connect_timeout, const TunnelLimits& limits);

  /// Whether an authority, as CONNECT has it, is one of the targets.
  bool serves(std::string_view authority) const noexcept { return find(authority) != nullptr; }

  const char* token() const noexcept override { return "CONNECT"; }
  Task<Verdict> consider(const UpgradeOffer& offer, const UpgradeToken& token, Session& session) const override;

 private:
  const UpstreamServer* find(std::string_view authority) const noexcept;

  std::vector<UpstreamServer> targets_;
  std::shared_ptr<const Connector> connector_;
  Millis connect_timeout_;
  TunnelLimits limits_;
};

}  // namespace turnout
