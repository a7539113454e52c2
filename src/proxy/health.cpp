#include "proxy/health.h"

#include <algorithm>

#include "proxy/health_probe.h"
#include "runtime/pause.h"

namespace turnout {
namespace {

std::string reason_of(const ProbeResult& result) {
  if (result) return std::to_string(*result);
  std::string reason(text(result.error().error));
  if (!result.error().detail.empty()) reason.append(": ").append(result.error().detail);
  return reason;
}

}  // namespace

void HealthChecks::watch(std::shared_ptr<const Upstream> upstream) {
  if (!upstream->options().health) return;
  for (const Upstream::Server& server : upstream->servers()) tasks_.spawn(check_for_ever(upstream, server));
}

Task<void> HealthChecks::stop() {
  stopping_.cancel();
  co_await tasks_.join();
}

Task<void> HealthChecks::check_for_ever(std::shared_ptr<const Upstream> upstream, Upstream::Server server) {
  const HealthCheck& check = *upstream->options().health;
  UpstreamServerState& state = *server.state;
  Pause pause(worker_, &stopping_);
  int differing = 0;  // results in a row that say otherwise than the state
  while (true) {
    const ProbeResult result = co_await probe(worker_, connector_, *server.server, check, &stopping_);
    if (stopping_.is_cancelled() || state.health() == UpstreamServerState::Health::removed) co_return;
    const bool good = result && is_healthy(check, *result);
    differing = good == state.is_up() ? 0 : differing + 1;
    if (differing >= (good ? rises : falls)) {
      differing = 0;
      const auto health = good ? UpstreamServerState::Health::up : UpstreamServerState::Health::down;
      if (state.set_health(health)) observer_({*upstream, *server.server, good, reason_of(result)});
    }
    const bool in_doubt = differing != 0 || !state.is_up();
    const Code how = co_await pause.wait(in_doubt ? std::min(check.interval, interval_in_doubt) : check.interval);
    if (how == Code::cancelled) co_return;
  }
}

}  // namespace turnout
