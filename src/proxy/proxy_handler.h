// ProxyHandler: answers requests with what an upstream server answers.
//
//   auto settings = std::make_shared<ProxySettings>(...);
//   Route route{.handler = &proxy_handler, .switch_tokens = {"websocket"}, .upgrader = &proxy_upgrader};
//
// A request is tried again, at another server or on another connection, only where nothing of it was sent, or where its
// method may be repeated (RFC 9110 section 9.2.2) and nothing of its body has been used up.
#pragma once

#include "proxy/proxy_settings.h"
#include "switching/exchange.h"

namespace turnout {

class ProxyHandler final : public Handler {
 public:
  explicit ProxyHandler(std::shared_ptr<const ProxySettings> settings) : settings_(std::move(settings)) {}
  Task<void> serve(Exchange& exchange) const override;

 private:
  std::shared_ptr<const ProxySettings> settings_;
};

}  // namespace turnout
