// What the evidence predicates of the catalogue share.
//
//   for (const Attempt* offer : failed_offers(facts)) if (offer->is_answer(426)) return yes(90, "...");
#pragma once

#include <fmt/core.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/printable.h"
#include "probe/cause.h"

namespace turnout::probe {

inline std::optional<Evidence> yes(int confidence, std::string text) {
  return Evidence{confidence, std::move(text)};
}

/// Without letter case.
bool mentions(std::string_view text, std::string_view part) noexcept;

/// Offers of what the person asked for that did not end well; of WebSocket where nothing was named and nothing works.
std::vector<const Attempt*> failed_offers(const Facts& facts);
/// Those that were answered by an ordinary answer.
std::vector<const Attempt*> declined_offers(const Facts& facts);
/// Every 101 to an offer.
std::vector<const Attempt*> accepted_offers(const Facts& facts);

/// The same offer with one thing changed: did it switch?
const Attempt* accepted_variation(const Facts& facts, Purpose purpose, const Attempt& offer) noexcept;

inline const Attempt* plain_of(const Facts& facts) noexcept {
  return facts.find(Purpose::plain);
}
inline bool is_gateway_error(int status) noexcept {
  return status >= 502 && status <= 504;
}

/// "400", or "400 and says 'missing upgrade'" with the beginning of its body.
std::string describe_answer(const Attempt& attempt);

}  // namespace turnout::probe
