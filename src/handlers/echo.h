// Echo: sends back what it gets. The body of a POST or PUT streams back as it arrives, in every version of HTTP, and
// messages of a WebSocket come back one by one.
#pragma once

#include "switching/exchange.h"
#include "switching/message_channel.h"

namespace turnout {

class EchoMessages final : public MessageApp {
 public:
  Task<void> run(MessageChannel& channel) const override;
};

class Echo final : public Handler {
 public:
  Task<void> serve(Exchange& exchange) const override;
  const MessageApp* message_app() const noexcept override { return &messages_; }

 private:
  EchoMessages messages_;
};

}  // namespace turnout
