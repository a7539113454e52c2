// A WebSocket of your own: what a program needs to exchange messages (RFC 6455), over TCP, TLS and HTTP/2 alike.
//
//   class Greeter final : public turnout::MessageApp {
//     turnout::Task<void> run(turnout::MessageChannel& channel) const override {
//       const auto message = co_await channel.receive();
//       if (!message || !*message) co_return;                               // an error; or the peer has closed
//       (void)co_await channel.send(turnout::MessageKind::text, turnout::as_bytes("hello"));
//     }                                                                     // returning closes with 1000
//   };
//
//   class Greetings final : public turnout::Handler {
//     turnout::Task<void> serve(turnout::Exchange& exchange) const override;             // a request without an offer
//     const turnout::MessageApp* message_app() const noexcept override { return &app_; }
//     Greeter app_;
//   };
//   server.add_route("/greet", std::make_unique<Greetings>(), {.switch_tokens = {"websocket"}});
//
// What to know about it:
// - Messages are whole, at most `message_bytes_max` bytes after decompression; longer ones end with 1009. Pings are
//   answered, and the closing handshake is done, without the app.
// - A message's bytes live until the next call on the channel. They may be given to send().
// - One receive() and one send() may be in flight. send() is back when the connection took the message.
#pragma once

#include "base/bytes.h"
#include "switching/exchange.h"
#include "switching/message_channel.h"
