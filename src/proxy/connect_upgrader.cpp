#include "proxy/connect_upgrader.h"

#include "base/ascii.h"
#include "codec/http/authority.h"
#include "proxy/proxy_failure.h"
#include "switching/session.h"

namespace turnout {

ConnectUpgrader::ConnectUpgrader(std::vector<UpstreamServer> targets, std::shared_ptr<const Connector> connector,
                                 Millis connect_timeout, const TunnelLimits& limits)
    : targets_(std::move(targets)),
      connector_(std::move(connector)),
      connect_timeout_(connect_timeout),
      limits_(limits) {}

const UpstreamServer* ConnectUpgrader::find(std::string_view authority) const noexcept {
  const auto asked = parse_authority(authority);
  if (!asked || !asked->port) return nullptr;
  std::string_view host = asked->host;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  for (const UpstreamServer& target : targets_) {
    if (target.port == *asked->port && iequals(target.host, host)) return &target;
  }
  return nullptr;
}

Task<Verdict> ConnectUpgrader::consider(const UpgradeOffer& offer, const UpgradeToken& /*token*/,
                                        Session& session) const {
  if (offer.via != UpgradeOffer::Via::h1_connect && offer.via != UpgradeOffer::Via::h2_connect) {
    co_return Decline{Why::no_such_token};
  }
  const UpstreamServer* target = find(offer.request->head.target);
  // Before anything is sent anywhere: a client may not use us to find out what listens where.
  if (target == nullptr) co_return Refuse{403, Why::target_not_listed, {}};
  auto connected = co_await connector_->connect(session.worker(), *target, {.limit = connect_timeout_});
  if (!connected) co_return refuse_with(failure_of(connected.error()));
  Accept accept;
  accept.token = "CONNECT";
  accept.successor = std::make_unique<Tunnel>(std::move(connected->wire), "CONNECT", limits_, nullptr);
  co_return accept;
}

}  // namespace turnout
