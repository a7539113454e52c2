// A protocol from outside: whoever asks for it with "Upgrade: shout" at /shout gets everything back in capitals.
#include <turnout/handler.h>
#include <turnout/protocol.h>
#include <turnout/server.h>
#include <turnout/upgrade.h>

#include <cctype>
#include <cstdio>

struct Shout final : turnout::Protocol {
  const char* name() const noexcept override { return "shout"; }
  turnout::Task<turnout::Outcome> run(turnout::Wire wire, turnout::Session& session) override {
    while (true) {
      wire.expires_after(session.limits().tunnel_idle);
      for (std::byte& b : wire.peek_mutable()) b = std::byte(std::toupper(std::to_integer<int>(b)));
      const turnout::Result<void> sent = co_await wire.write(wire.peek());
      if (!sent) co_return turnout::Closed{turnout::why_ended(sent)};
      wire.consume(wire.peek().size());
      const turnout::Result<std::size_t> more = co_await wire.fill();
      if (!more || *more == 0) co_return turnout::Closed{turnout::why_ended(more)};
    }
  }
};

struct ShoutUpgrader final : turnout::Upgrader {
  const char* token() const noexcept override { return "shout"; }
  turnout::Task<turnout::Verdict> consider(const turnout::UpgradeOffer& offer, const turnout::UpgradeToken&,
                                           turnout::Session&) const override {
    if (!offer.route->allows("shout")) co_return turnout::Decline{turnout::Why::token_not_on_route};
    co_return turnout::Accept{.token = "shout", .upgrade = "shout", .successor = std::make_unique<Shout>()};
  }
};

struct Explain final : turnout::Handler {
  turnout::Task<void> serve(turnout::Exchange& exchange) const override {
    (void)co_await exchange.respond(200, "Ask with Upgrade: shout.\n");
  }
};

int main(int argc, char** argv) {
  turnout::Config config;
  config.listeners.push_back({.address = turnout::parse_address(argc > 1 ? argv[1] : "127.0.0.1:8102").value()});
  turnout::Server server(std::move(config));
  server.add_upgrader(std::make_shared<ShoutUpgrader>());
  (void)server.add_route("/shout", std::make_unique<Explain>(), {.switch_tokens = {"shout"}});
  if (const auto started = server.start(); !started) return std::fprintf(stderr, "%s\n", started.error().c_str()), 1;
  std::fprintf(stderr, "listening on %s\n", turnout::text(server.listeners().front().address).c_str());
  server.wait();
}
