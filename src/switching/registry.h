// Registry: which tokens a listener understands, and who speaks what TLS negotiates. The one place where a switch is
// decided.
//
//   auto registry = std::make_shared<Registry>();
//   registry->add(std::make_unique<WebSocketUpgrader>());
//   registry->add_protocol("h2", &make_http2);
//   Verdict verdict = co_await registry->decide(offer, session);
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "switching/upgrade.h"

namespace turnout {

class Registry {
 public:
  /// Makes a protocol; with a request, that request is answered first.
  using Factory = std::unique_ptr<Protocol> (*)(std::optional<OwnedRequest> first_request);

  void add(std::shared_ptr<const Upgrader> upgrader) { upgraders_.push_back(std::move(upgrader)); }
  void add_protocol(std::string_view alpn, Factory factory) { protocols_.push_back({alpn, factory}); }

  /// By the name that ALPN has for it (RFC 7301): "h2", "http/1.1". nullptr where it is not spoken.
  std::unique_ptr<Protocol> make_protocol(std::string_view alpn,
                                          std::optional<OwnedRequest> first_request = std::nullopt) const;

  const Upgrader* find(std::string_view token) const noexcept;

  /// What a token is called on record: as the registry has it, or the route lists it. "" where nobody knows it.
  const char* name_of(const UpgradeToken& token, const Route& route) const noexcept {
    return decider(token, route).name;
  }

  /// Whether anybody could take up one of the tokens; else there is nothing to decide.
  bool could_take(const UpgradeTokens& tokens, bool nominated, const Route& route) const noexcept;

  /// Goes through the tokens in the client's order and takes the first that can be accepted or has to be refused.
  Task<Verdict> decide(const UpgradeOffer& offer, Session& session) const;

  /// Asks one upgrader, where the limits of the route admit one more switch.
  static Task<Verdict> consider(const Upgrader& upgrader, const UpgradeOffer& offer, const UpgradeToken& token,
                                Session& session);

 private:
  /// Who decides about a token, and what it is called on record.
  struct Decider {
    const Upgrader* upgrader = nullptr;
    const char* name = "";
  };
  Decider decider(const UpgradeToken& token, const Route& route) const noexcept;

  struct Speaker {
    std::string_view alpn;
    Factory factory;
  };
  std::vector<std::shared_ptr<const Upgrader>> upgraders_;
  std::vector<Speaker> protocols_;
};

/// Asks an upgrader where the route has room for one more tunnel. What is accepted keeps its place for as long as the
/// session lasts.
Task<Verdict> consider_admitted(const Upgrader& upgrader, const UpgradeOffer& offer, const UpgradeToken& token,
                                Session& session);

}  // namespace turnout
