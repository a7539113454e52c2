// Network: connections for attempts, in TCP or TLS, with what was found out on the way.
//
//   Network network(loop, settings);
//   std::optional<Wire> wire = co_await network.connect(attempt, {"http/1.1"});   // nothing: attempt.fault says why
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/limits.h"
#include "codec/tls/client_context.h"
#include "codec/tls/version.h"
#include "probe/facts.h"
#include "runtime/epoll_loop.h"
#include "runtime/task.h"
#include "transport/wire.h"

namespace turnout::probe {

struct Settings {
  Millis timeout{10'000};  // of each step
  TlsClientOptions tls;    // but for `alpn`
};

class Network {
 public:
  Network(EpollLoop& loop, const Settings& settings) : loop_(loop), settings_(settings) {}

  EpollLoop& loop() const noexcept { return loop_; }
  const Settings& settings() const noexcept { return settings_; }

  /// To where attempt.ask.url points.
  Task<std::optional<Wire>> connect(Attempt& attempt, std::vector<std::string> alpn);
  /// A handshake on a connection that there is already.
  Task<std::optional<Wire>> start_tls(Wire wire, Attempt& attempt, TlsFacts& facts, std::vector<std::string> alpn,
                                      TlsVersion version_max, bool insecure);

 private:
  using Addresses = std::expected<std::vector<Address>, std::string>;
  const Addresses& look_up(const client::Url& url);

  EpollLoop& loop_;
  const Settings& settings_;
  std::map<std::string, Addresses> addresses_;  // by place
};

}  // namespace turnout::probe
