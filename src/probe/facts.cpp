#include "probe/facts.h"

#include <algorithm>

#include "base/ascii.h"

namespace turnout::probe {

std::string_view text(Purpose purpose) noexcept {
  switch (purpose) {
    case Purpose::offer: return "offer";
    case Purpose::plain: return "plain";
    case Purpose::negotiation: return "negotiation";
    case Purpose::without_origin: return "without-origin";
    case Purpose::without_extensions: return "without-extensions";
    case Purpose::without_subprotocol: return "without-subprotocol";
    case Purpose::without_fields: return "without-fields";
    case Purpose::as_get: return "as-get";
    case Purpose::without_expect: return "without-expect";
    case Purpose::other_token: return "other-token";
    case Purpose::right_settings: return "right-settings";
    case Purpose::direct: return "direct";
    case Purpose::direct_plain: return "direct-plain";
    case Purpose::early_bytes: return "early-bytes";
    case Purpose::half_close: return "half-close";
    case Purpose::hold_silent: return "hold-silent";
    case Purpose::hold_pinging: return "hold-pinging";
    case Purpose::made_up_token: return "made-up-token";
    case Purpose::foreign_origin: return "foreign-origin";
    case Purpose::smuggled_h2c: return "smuggled-h2c";
    case Purpose::after_refusal: return "after-refusal";
    case Purpose::same_alone: return "same-alone";
    case Purpose::after_connect: return "after-connect";
    case Purpose::optimistic: return "optimistic";
  }
  return "unknown";
}

const Attempt* Facts::find(Purpose purpose, std::string_view token) const noexcept {
  const auto at = std::ranges::find_if(attempts, [&](const Attempt& one) {
    return one.ask.purpose == purpose && (token.empty() || iequals(one.ask.token, token));
  });
  return at == attempts.end() ? nullptr : &*at;
}

const Attempt* Facts::find(Purpose purpose, std::string_view token, Over over) const noexcept {
  const auto at = std::ranges::find_if(attempts, [&](const Attempt& one) {
    return one.ask.purpose == purpose && one.ask.over == over && iequals(one.ask.token, token);
  });
  return at == attempts.end() ? nullptr : &*at;
}

bool Facts::is_wanted(std::string_view token) const noexcept {
  return std::ranges::any_of(wanted.tokens, [&](const std::string& one) { return iequals(one, token); });
}

}  // namespace turnout::probe
