// ProxyProtocol: the first protocol of a connection that a proxy passes on byte by byte: it reads the PROXY header, and
// from then on the connection is the one that the proxy accepted.
//
//   std::make_unique<ProxyProtocol>(std::make_unique<Detect>())
//
// Only trusted proxies are believed (O7). From anybody else, and where there is no header or not in time, the
// connection is over without an answer: whoever it is did not mean to speak to us.
#pragma once

#include <memory>

#include "switching/protocol.h"

namespace turnout {

class ProxyProtocol final : public Protocol {
 public:
  /// `next`: what the connection speaks behind the header.
  explicit ProxyProtocol(std::unique_ptr<Protocol> next) : next_(std::move(next)) {}

  const char* name() const noexcept override { return "proxy-protocol"; }
  Task<Outcome> run(Wire wire, Session& session) override;

 private:
  std::unique_ptr<Protocol> next_;
};

}  // namespace turnout
